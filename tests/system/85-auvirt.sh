#!/bin/bash
# `viraudit auvirt` says what the installed auvirt says, byte for byte; where audit has none any more
# (audit 4), what auvirt 3.0.9 said when it was recorded.
. "$(dirname "$0")/lib.sh"
need_tool python3

ln -s "$(command -v "$VIRAUDIT")" "$WORK/auvirt"
if [ ! -x /usr/bin/auvirt ]; then
    for program in "$VIRAUDIT auvirt" "$WORK/auvirt"; do
        # shellcheck disable=SC2086 # words
        if python3 "$HERE/auvirt_fuzz.py" replay "$ROOT/auvirt/tests/golden/auvirt.jsonl" $program >"$WORK/replay" 2>&1; then
            pass "what auvirt 3.0.9 said, ${program##*/}: $(tail -n 1 "$WORK/replay")"
        else
            fail "what auvirt 3.0.9 said, ${program##*/}: $(tail -n 1 "$WORK/replay")" "$(cat "$WORK/replay")"
        fi
    done
    exit
fi
if python3 "$HERE/auvirt_fuzz.py" -n 2000 -v "$VIRAUDIT" auvirt >"$WORK/fuzz" 2>&1; then
    pass "random logs and arguments: $(tail -n 1 "$WORK/fuzz")"
else
    fail "random logs and arguments: $(tail -n 1 "$WORK/fuzz")" "$(cat "$WORK/fuzz")"
fi

if [ "$("$WORK/auvirt" -h)" = "$(/usr/bin/auvirt -h)" ]; then
    pass "called as auvirt it is auvirt"
else
    fail "called as auvirt it is auvirt" "$("$WORK/auvirt" -h 2>&1)"
fi
