#!/bin/bash
# `viraudit status` agrees with the kernel, and asking leaves no record.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool python3 setpriv unshare

echo 'audit_level = 1' >"$WORK/level1.conf"
echo 'audit_level = 0' >"$WORK/level0.conf"
conf=$WORK/level1.conf
before=$(auditctl -l)

# The rules that this test has added, each removed again by its own words.
rules=()
# shellcheck disable=SC2329 # called by the trap
remove_rules() {
    local rule
    for rule in "${rules[@]}"; do
        # shellcheck disable=SC2086 # words
        auditctl -d $rule >/dev/null 2>&1
    done
    rules=()
}
trap 'status=$?; remove_rules; leave $status' EXIT

# status WHAT VERDICT DELIVERED EXIT [COMMAND...]; more arguments for it are in $options
options=()
status() {
    local what=$1 verdict=$2 delivered=$3 code=$4
    shift 4
    timeout 60 "$@" "$VIRAUDIT" status --json --config "$conf" "${options[@]}" </dev/null >"$WORK/out" 2>"$WORK/err"
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
options=(--require-auditd)
status "auditing on, an auditd required" no-auditd false 3
options=()

start_auditd
status "auditd runs" ok true 0
status "auditd runs, without CAP_AUDIT_CONTROL" ok true 0 "${no_control[@]}"
options=(--require-auditd)
status "auditd runs, and is required" ok true 0
status "auditd required, without CAP_AUDIT_CONTROL" auditd-unknown false 3 "${no_control[@]}"
options=()
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

# --- Rules ----------------------------------------------------------------------------------------

# found EXPRESSION: of the last status.
found() { python3 -c "import json, sys
kernel = json.load(open('$WORK/out'))['kernel']
print($1)"; }

case $before in
    'No rules' | *"-a never,task"*) ;;
    *) skip_all "the host has rules, and they may drop records" ;;
esac

status "no rules" ok true 0
equal "no rules: none drops records" "[]" "$(found 'kernel["rules"]')"
status "rules that may not be read" ok true 0 "${no_control[@]}"
equal "rules that may not be read: not checked" \
    "None reading it needs CAP_AUDIT_CONTROL" "$(found 'kernel["rules"], kernel["rules_error"]')"

# rule WHAT EXPECTED DELIVERED RULE...: what status says of each rule, `types: rule` where it drops
# for certain and `types? rule` where it may, in the words of `auditctl -l`; and whether the kernel
# then keeps a VIRT_CONTROL record.
record=0
rule() {
    local what=$1 expected=$2 delivered=$3 rule shown guest verdict=excluded code=3
    shift 3
    for rule; do
        # shellcheck disable=SC2086 # words
        auditctl -a $rule >"$WORK/auditctl" 2>&1 || { fail "$what: added" "$(cat "$WORK/auditctl")"; return; }
        rules+=("$rule")
    done
    case $expected in *:*) ;; *) verdict=ok code=0 ;; esac
    status "$what" "$verdict" "$([ "$code" = 0 ] && echo true || echo false)" "$code"
    shown=$(found '"\n".join(",".join(r["types"]) + (": " if r["certain"] else "? ") + r["rule"] for r in kernel["rules"])')
    equal "$what: the rule, as auditctl prints it" \
        "${expected:+$expected $(auditctl -l | tail -n 1)}" "$shown"

    record=$((record + 1))
    guest=$(uuid "$record")
    emits "$what: a record is sent" stop --virt kvm --name web1 --uuid "$guest" --reason shutdown
    fence
    equal "$what: the kernel keeps it: $delivered" "$delivered" \
        "$([ "$(grep -ac "^type=VIRT_CONTROL .*$guest" "$LOG")" = 1 ] && echo true || echo false)"

    if [ -n "$shown" ] && [ $# = 1 ]; then
        timeout 60 "$VIRAUDIT" status --json --config "$conf" >"$WORK/out"
        holds "$what: it is removed as status says" sh -c "$(found 'kernel["rules"][0]["removal"]')"
        rules=()
    fi
    remove_rules
    equal "$what: no rule is left" "$before" "$(auditctl -l)"
}

all=VIRT_CONTROL,VIRT_RESOURCE,VIRT_MACHINE_ID,VIRT_INTEGRITY_CHECK,VIRT_CREATE,VIRT_DESTROY,VIRT_MIGRATE_IN,VIRT_MIGRATE_OUT
rule "a type, by name" VIRT_CONTROL: false "always,exclude -F msgtype=VIRT_CONTROL"
rule "a type, by number" VIRT_CONTROL: false "always,exclude -F msgtype=2500"
rule "a range of types" "$all:" false "always,exclude -F msgtype>=2450 -F msgtype<=2600"
rule "all but a type" "${all#*,}:" true "always,exclude -F msgtype>=2500 -F msgtype!=VIRT_CONTROL"
rule "another type of ours" VIRT_MACHINE_ID: true "always,exclude -F msgtype=VIRT_MACHINE_ID"
rule "never, in the exclude list" VIRT_CONTROL: false "never,exclude -F msgtype=VIRT_CONTROL"
rule "never, in the user list" VIRT_CONTROL: false "never,user -F msgtype=VIRT_CONTROL"
rule "a type and a process" "VIRT_CONTROL?" true "always,exclude -F msgtype=VIRT_CONTROL -F pid=1"
rule "a user" "$all?" true "never,user -F uid=4711"
rule "this user" "$all?" false "never,user -F uid=0 -F msgtype>=2500"
rule "a login" "$all?" true "always,exclude -F auid=4711"
rule "a program" "VIRT_CONTROL?" false "always,exclude -F exe=$VIRAUDIT -F msgtype=VIRT_CONTROL"
rule "a type of another program's" "" true "always,exclude -F msgtype=USER_LOGIN"
rule "always, in the user list" "" true "always,user -F msgtype=VIRT_CONTROL"
rule "always before never" "" true \
    "always,user -F msgtype=VIRT_CONTROL" "never,user -F msgtype=VIRT_CONTROL"

status "after all rules" ok true 0
if [ -r /proc/config.gz ]; then
    hz=$(zcat /proc/config.gz | sed -n 's/^CONFIG_HZ=//p')
    equal "the wait is in seconds" "$hz $(audit_status backlog_wait_time)" \
        "$(found 'kernel["hz"], round(kernel["backlog_wait_seconds"] * kernel["hz"])')"
else
    skip "the wait is in seconds: this kernel doesn't have its configuration in /proc"
fi
