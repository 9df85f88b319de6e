#!/bin/bash
# expect hears each record that begins after its sign, and says when it may have missed some.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool setpriv

# By hand: VIRAUDIT_EXPECT_RUNS=1000 tests/system/run 91-expect
runs=${VIRAUDIT_EXPECT_RUNS:-50}
audit_on
auditctl -b 65536 >/dev/null
id=$(uuid 1)
guest_xml "expected-$$" "$id" "$WORK/guest.xml"
emit=("$VIRAUDIT" emit stop --xml "$WORK/guest.xml" --reason)

# Emits in the instant after the sign.
heard=0
for n in $(seq "$runs"); do
    exec {sign}< <("$VIRAUDIT" expect --uuid "$id" "reason=r$n" --within 20 2>>"$WORK/err"; echo "ended $?")
    read -r -u "$sign" first
    "${emit[@]}" "r$n" || fail "emit" "$n"
    read -r -u "$sign" last
    exec {sign}<&-
    [ "$first $last" = "ready ended 0" ] && heard=$((heard + 1))
done
equal "a record after the ready line is heard, each of $runs times" "$runs" "$heard"

heard=0
for n in $(seq "$runs"); do
    "$VIRAUDIT" expect --uuid "$id" "reason=c$n" --within 20 -- "${emit[@]}" "c$n" 2>>"$WORK/err" && heard=$((heard + 1))
done
equal "a record of a command is heard, each of $runs times" "$runs" "$heard"
equal "and nothing is said" "" "$(cat "$WORK/err")"

"$VIRAUDIT" expect --uuid "$id" reason=other --within 1 -- "${emit[@]}" shutdown 2>"$WORK/err"
equal "another record gives status 1" 1 $?
has "and is shown with its difference" 'its reason is "shutdown", not "other"' "$(cat "$WORK/err")"

# A thousand of a thousand records, in one run.
"$VIRAUDIT" expect --uuid "$id" --count 1000 --within 30 --json -- \
    bash -c 'for n in $(seq 1000); do "$@" "m$n" || exit; done' - "${emit[@]}" >"$WORK/out" 2>"$WORK/err"
equal "1,000 of 1,000 records are heard" 0 $?
equal "none is heard twice" 1000 "$(grep -o '"reason":"m[0-9]*"' "$WORK/out" | sort -u | wc -l)"

# Losses: the buffer is small without CAP_NET_ADMIN, and expect doesn't read while it is stopped.
for n in $(seq 2000); do
    echo "<disk type='file' device='disk'><source file='/images/$n'/><target dev='sd$n'/></disk>"
done >"$WORK/disks"
sed "/<devices>/r $WORK/disks" "$WORK/guest.xml" >"$WORK/many.xml"
# The kernel passes records on later than it takes them, so the drops of the socket are awaited.
overrun() {
    setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$VIRAUDIT" expect "$@" --within 2 -- \
        bash -c 'kill -STOP $PPID
            dropped() { awk '\''$2 == 9 && $9 > 0 { found = 1 } END { exit !found }'\'' /proc/net/netlink; }
            for n in {1..60}; do "$@"; ! dropped || break; done
            kill -CONT $PPID' - \
        "$VIRAUDIT" emit start --xml "$WORK/many.xml" >"$WORK/out" 2>"$WORK/err"
}
overrun vm=nobody
equal "a missing record is uncertain after a loss" 3 $?
has "it says how many were lost" "[0-9]+ records were lost: they arrived faster than they were read; the verdict is uncertain" "$(cat "$WORK/err")"
overrun --absent vm=nobody
equal "and so is an absence" 3 $?
overrun --uuid "$id"
equal "but not a record that came" 0 $?
has "the loss is reported then, too" "records were lost, but not those that were expected" "$(cat "$WORK/err")"
overrun --absent --uuid "$id"
equal "nor one that must not come" 1 $?

# Where nothing can be heard, there is no verdict.
setpriv --bounding-set=-audit_read --inh-caps=-audit_read "$VIRAUDIT" expect --within 0 2>"$WORK/err" </dev/null
equal "without CAP_AUDIT_READ it is not permitted" 3 $?
has "and it says so" "not permitted; run as root, or grant CAP_AUDIT_READ" "$(cat "$WORK/err")"
unshare -n "$VIRAUDIT" expect --absent --within 0 >"$WORK/out" 2>"$WORK/err" </dev/null
equal "in another network namespace an absence is uncertain" 3 $?
audit_off
"$VIRAUDIT" expect --absent --within 0 >"$WORK/out" 2>"$WORK/err" </dev/null
equal "and with auditing off" 3 $?
has "it says so" "auditing is off" "$(cat "$WORK/err")"
audit_on
if unshare -Ur true 2>/dev/null; then
    cure=$(unshare -Ur "$VIRAUDIT" status --json | sed 's/.*"cure":"\([^"]*\)".*/\1/' | cut -c 1-40)
    for command in "expect --within 0" "watch --timeout 0.1"; do
        # shellcheck disable=SC2086 # two or three words
        unshare -Ur "$VIRAUDIT" $command 2>"$WORK/err" </dev/null
        equal "in another user namespace $command is not permitted" 3 $?
        has "and it says what status says" "$cure" "$(cat "$WORK/err")"
    done
fi
