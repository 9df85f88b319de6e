#!/bin/bash
# In a user namespace of its own the program may send nothing, and says so.
. "$(dirname "$0")/lib.sh"
need_tool unshare
unshare -Ur true 2>/dev/null || skip_all "this user may not make user namespaces"

guest_xml "ns-$$" "$(uuid 1)" "$WORK/guest.xml"
emit() {
    timeout 60 unshare -Ur "$VIRAUDIT" emit start --xml "$WORK/guest.xml" "$@" \
        </dev/null >"$WORK/out" 2>"$WORK/err"
}

emit
equal "emit fails with status 3" 3 $?
one_line "and says why in one line" "namespace" "$WORK/err"
equal "and prints no records instead" "" "$(cat "$WORK/out")"

emit --to stdout
equal "--to stdout works there" 0 $?
