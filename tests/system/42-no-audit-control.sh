#!/bin/bash
# CAP_AUDIT_WRITE without CAP_AUDIT_CONTROL: records are sent, but whether auditing is on can't be
# asked for.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool setpriv
start_auditd

n=0
# emit LEVEL STATUS STDERR RECORDS
emit() {
    local level=$1 status=$2 said=$3 records=$4 id what
    n=$((n + 1))
    id=$(uuid $n)
    what="auditing $state, level $level"
    guest_xml "asked-$$" "$id" "$WORK/guest.xml"
    timeout 60 setpriv --bounding-set=-audit_control --inh-caps=-audit_control \
        "$VIRAUDIT" emit stop --xml "$WORK/guest.xml" --level "$level" \
        </dev/null >"$WORK/out" 2>"$WORK/err"
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
state=on
emit 0 0 "" 0
emit 1 0 "" 1
emit 2 0 "CAP_AUDIT_CONTROL" 1
state=off
audit_off
emit 1 0 "auditing is off" 0
emit 2 3 "auditing is off" 0

audit_on
fence
while read -r id records; do
    [ -z "$id" ] || equal "records in the log of ${id##*-}" "$records" "$(count_of "$id")"
done <<<"$wanted"
equal "the log holds no other record of a guest" 2 "$(grep -ac '^type=VIRT_' "$LOG")"
