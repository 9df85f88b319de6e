#!/bin/bash
# Without CAP_AUDIT_WRITE nothing can be sent, and that is said in one line.
. "$(dirname "$0")/lib.sh"

id=$(uuid 1)
guest_xml "bare-$$" "$id" "$WORK/guest.xml"
without=()
if [ "$(id -u)" = 0 ]; then
    need_tool setpriv
    without=(setpriv --bounding-set=-audit_write --inh-caps=-audit_write)
fi
emit() { timeout 60 "${without[@]}" "$VIRAUDIT" emit "$@" </dev/null >"$WORK/out" 2>"$WORK/err"; }

emit start --xml "$WORK/guest.xml"
equal "emit start fails with status 3" 3 $?
one_line "and says in one line what it lacks" "CAP_AUDIT_WRITE" "$WORK/err"
equal "and prints no records instead" "" "$(cat "$WORK/out")"

emit vcpu --virt kvm --name "bare-$$" --uuid "$id" --reason update --old 1 --new 2
equal "emit vcpu fails with status 3" 3 $?
one_line "and says in one line what it lacks" "CAP_AUDIT_WRITE" "$WORK/err"

emit start --xml "$WORK/guest.xml" --to stdout
equal "--to stdout needs no rights" 0 $?
emit start --xml "$WORK/guest.xml" --to "file:$WORK/made.log"
equal "--to file: needs no rights" 0 $?

for level in 1 2; do
    emit stop --xml "$WORK/guest.xml" --level $level
    equal "level $level: exit status 3" 3 $?
    if [ "$(wc -l <"$WORK/err")" = 1 ]; then
        pass "level $level: one line"
    else
        fail "level $level: one line" "$(cat "$WORK/err")"
    fi
done
emit stop --xml "$WORK/guest.xml" --level 0
equal "level 0 sends nothing, and needs no rights" 0 $?
equal "and says nothing" "" "$(cat "$WORK/err")"
