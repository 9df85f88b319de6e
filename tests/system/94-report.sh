#!/bin/bash
# A guest's start and stop through the real kernel and auditd: report, watch and auvirt tell the
# same story, and verify finds nothing wrong with the log.
. "$(dirname "$0")/lib.sh"
need_own_audit

start_auditd ENRICHED
id=$(uuid 1)
guest_xml "told-$$" "$id" "$WORK/guest.xml"
count=$(printed start --xml "$WORK/guest.xml" | wc -l)

"$VIRAUDIT" watch --json --count $((count + 1)) --timeout 30 </dev/null >"$WORK/watched" 2>"$WORK/watch.err" &
watcher=$!
listens() { grep -q . /proc/$watcher/net/netlink && ls -l /proc/$watcher/fd | grep -q socket; }
wait_for 10 listens || fail "watch listens" "$(cat "$WORK/watch.err")"
emits "the guest starts" start --xml "$WORK/guest.xml" --pid 4711
emits "the guest stops" stop --xml "$WORK/guest.xml" --reason destroyed
fence
wait $watcher
equal "watch ends after its count" 0 $?

viraudit report "$LOG" --uuid "${id^^}" --format json
equal "report ends well" 0 $?
cp "$WORK/out" "$WORK/session"
equal "one session" 1 "$(wc -l <"$WORK/session")"
has "it is stopped, with both reasons" '"state":"stopped","reason":"booted","stop_reason":"destroyed","pid":4711' "$(cat "$WORK/session")"
has "the user has a name" '"user":"root"' "$(cat "$WORK/session")"

viraudit report "$LOG" --uuid "$id" --format json --all-events
# What precedes the start has no session yet while it is watched. Only watch has a record's own text.
same() {
    grep "$id" "$1" | grep -v '"kind":"session"' |
        sed 's/,"session":"[^"]*"//; s/,"virt":"[^"]*","exe":.*,"text":.*}$/}/' | sort
}
equal "watch and report show the same events" "$(same "$WORK/out")" "$(same "$WORK/watched")"

sessions --uuid "$id" --proof >"$WORK/auvirt"
serials=$(sed -n 's/ *Proof: *//p' "$WORK/auvirt" | tr -d ' ')
proof=$(sed -E 's/.*"proof":\[([^]]*)\].*/\1/; s/"[0-9.]*:([0-9]+)"/\1/g' "$WORK/session")
equal "auvirt has the same proof" "$serials" "$proof"

viraudit verify "$LOG"
equal "verify finds nothing in auditd's log" 0 $?
[ -s "$WORK/out" ] && grep -a "findings" "$WORK/out" >/dev/null || fail "verify says what it looked at" "$(cat "$WORK/out")"

# One event less, other than the last: a gap.
grep -av "$(grep -a "uuid=$id" "$LOG" | sed -n '3s/.*audit(\([^)]*\)).*/\1/p')" "$LOG" >"$WORK/less.log"
viraudit verify "$WORK/less.log"
equal "verify misses a record that was taken out" 1 $?
has "and says so" ': gap: ' "$(cat "$WORK/out")"
grep -a type=VIRT_ "$WORK/less.log" >"$WORK/filtered.log"
viraudit verify "$WORK/filtered.log"
equal "but not in a log that was filtered" 0 $?

viraudit watch --timeout 1
equal "watch without anything to hear" 1 $?
setpriv --bounding-set=-audit_read --inh-caps=-audit_read "$VIRAUDIT" watch --timeout 1 >/dev/null 2>"$WORK/err" </dev/null
equal "watch without CAP_AUDIT_READ" 3 $?
one_line "it says what it needs" "CAP_AUDIT_READ" "$WORK/err"

audit_off
viraudit watch --timeout 1
equal "watch while auditing is off" 1 $?
one_line "it says so" "auditing is off" "$WORK/err"
audit_on
