#!/bin/bash
# `viraudit status` agrees with the kernel, and asking leaves no record.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool python3 setpriv unshare

echo 'audit_level = 1' >"$WORK/level1.conf"
echo 'audit_level = 0' >"$WORK/level0.conf"
conf=$WORK/level1.conf

# status WHAT VERDICT DELIVERED EXIT [COMMAND...]
status() {
    local what=$1 verdict=$2 delivered=$3 code=$4
    shift 4
    timeout 60 "$@" "$VIRAUDIT" status --json --config "$conf" </dev/null >"$WORK/out" 2>"$WORK/err"
    equal "$what: exit status $code" "$code" $?
    equal "$what: $verdict" "$verdict $delivered" "$(python3 -c 'import json, sys
found = json.load(sys.stdin)
print(found["verdict"], str(found["delivered"]).lower())
if found["verdict"] not in ("ok", "no-auditd"):
    assert found["cure"], "it names no cure"' <"$WORK/out" 2>&1)"
    equal "$what: nothing on stderr" "" "$(cat "$WORK/err")"
}

no_write=(setpriv --bounding-set=-audit_write --inh-caps=-audit_write)
no_control=(setpriv --bounding-set=-audit_control --inh-caps=-audit_control)

audit_off
status "auditing off" off false 3
status "auditing off, without CAP_AUDIT_CONTROL" off false 3 "${no_control[@]}"
audit_on
status "auditing on, no auditd" no-auditd true 0

start_auditd
status "auditd runs" ok true 0
status "auditd runs, without CAP_AUDIT_CONTROL" ok true 0 "${no_control[@]}"
status "without CAP_AUDIT_WRITE" refused false 3 "${no_write[@]}"
if unshare -Ur true 2>/dev/null; then
    status "in a user namespace" refused false 3 unshare -Ur
else
    skip "in a user namespace: none can be made"
fi
conf=$WORK/level0.conf
status "audit_level 0" level-0 false 3
conf=$WORK/level1.conf

kill -STOP "$AUDITD"
status "auditd is stopped" ok true 0
has "and that is said" "is stopped" "$(cat "$WORK/out")"
kill -CONT "$AUDITD"
fence
equal "asking left no record" 0 "$(grep -ac '^type=VIRT_' "$LOG")"
