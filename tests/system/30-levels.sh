#!/bin/bash
# What --level 0, 1 and 2 do with auditing on and off.
. "$(dirname "$0")/lib.sh"
need_own_audit
start_auditd

n=0
# level LEVEL STATUS STDERR RECORDS: STDERR is a pattern, empty for silence.
level() {
    local level=$1 status=$2 said=$3 records=$4 id
    n=$((n + 1))
    id=$(uuid $n)
    guest_xml "level-$$" "$id" "$WORK/guest.xml"
    local what="auditing $state, level $level"
    viraudit emit stop --xml "$WORK/guest.xml" --level "$level"
    equal "$what: exit status $status" "$status" $?
    if [ -n "$said" ]; then
        one_line "$what: one line says why" "$said" "$WORK/err"
    else
        equal "$what: it says nothing" "" "$(cat "$WORK/err")"
    fi
    wanted="$wanted$id $records
"
}

wanted=
state=off
audit_off
level 0 0 "" 0
level 1 0 "auditing is off" 0
level 2 3 "auditing is off" 0
level 3 3 "auditing is off" 0
equal "auditing is still off" 0 "$(audit_status enabled)"

state=on
audit_on
level 0 0 "" 0
level 1 0 "" 1
level 2 0 "" 1
level 3 0 "" 1
equal "auditing is still on" 1 "$(audit_status enabled)"

fence
while read -r id records; do
    [ -z "$id" ] || equal "records in the log of ${id##*-}" "$records" "$(count_of "$id")"
done <<<"$wanted"
# A question that was asked on the way must not show as a record.
equal "the log holds no other record of a guest" 3 "$(grep -ac '^type=VIRT_' "$LOG")"
