#!/bin/bash
# `viraudit auvirt` says what the installed auvirt says, byte for byte.
. "$(dirname "$0")/lib.sh"
need_tool python3
[ -x /usr/bin/auvirt ] || skip_all "needs auvirt (package auditd)"

if python3 "$HERE/auvirt_fuzz.py" -n 2000 -v "$VIRAUDIT" auvirt >"$WORK/fuzz" 2>&1; then
    pass "random logs and arguments: $(tail -n 1 "$WORK/fuzz")"
else
    fail "random logs and arguments: $(tail -n 1 "$WORK/fuzz")" "$(cat "$WORK/fuzz")"
fi

ln -s "$(command -v "$VIRAUDIT")" "$WORK/auvirt"
if [ "$("$WORK/auvirt" -h)" = "$(/usr/bin/auvirt -h)" ]; then
    pass "called as auvirt it is auvirt"
else
    fail "called as auvirt it is auvirt" "$("$WORK/auvirt" -h 2>&1)"
fi
