#!/bin/bash
# A program that auditd starts renames the log: report and verify find all of it, and watch and expect
# follow it. It is started for space_left_action, as auditd 4.2.1 refuses one in max_log_file_action.
# In a mount namespace, for a small file system and a configuration of auditd's own.
[ "${1:-}" = unshared ] || [ "$(id -u)" != 0 ] || exec unshare --mount bash "$0" unshared
. "$(dirname "$0")/lib.sh"
need_own_audit

mount -t tmpfs -o size=16m,mode=711 tmpfs "$WORK"
# What auditd.conf(5) says such a program must do. While there is a file `hold`, it takes its time.
cat >"$WORK/rename" <<END
#!/bin/sh
cd $WORK/auditd.*/log && touch $WORK/runs || exit
while [ -e $WORK/hold ]; do sleep 0.02; done
until name=audit.log.\$(date +%Y-%m-%d_%H%M%S) && [ ! -e \$name ]; do sleep 0.1; done
mv audit.log \$name
rm $WORK/ballast $WORK/runs
kill -USR2 \$(auditctl -s | sed -n 's/^pid //p')
END
chmod 755 "$WORK/rename"
SETTINGS="space_left = 4
space_left_action = exec $WORK/rename" start_auditd ENRICHED
mount --bind "$(dirname "$LOG")/../auditd.conf" /etc/audit/auditd.conf
logs=$(dirname "$LOG")

# renamed N: the program has renamed N logs. started N: auditd has started it for the Nth time.
renamed() { [ "$(find "$logs" -name 'audit.log.*' | wc -l)" = "$1" ]; }
started() { [ -e "$WORK/runs" ] || renamed "$1"; }
resumed() { renamed "$1" && [ -s "$LOG" ] && [ ! -e "$WORK/runs" ]; }
shrink() {
    local n=0
    fallocate -l 13M "$WORK/ballast"
    # auditd looks at the space now and then. A message that it doesn't write would be a gap.
    until [ $n = 10 ]; do
        n=$((n + 1))
        auditctl -m "full-$1-$n" >/dev/null 2>&1
        ! wait_for 1 started "$1" || return
    done
    fail "auditd starts the program" "$(ls -l "$logs")"
    exit 1
}
written() { grep -rqaF "$1" "$logs"; }

ids=()
for n in 1 2 3; do
    ids[n]=$(uuid "$n")
    guest_xml "renamed$n-$$" "${ids[n]}" "$WORK/guest$n.xml"
done
"$VIRAUDIT" watch --json --from "$LOG" --ready-fd 3 3>"$WORK/ready" </dev/null >"$WORK/watched" 2>"$WORK/watch.err" &
watcher=$!
"$VIRAUDIT" expect --from "$LOG" --within 60 --uuid "${ids[1]}" op=start --then --uuid "${ids[1]}" op=stop \
    --then --uuid "${ids[2]}" op=stop </dev/null >"$WORK/expected" 2>"$WORK/expect.err" &
expecting=$!
trap 'status=$?; rm -f "$WORK/hold"; kill $watcher $expecting 2>/dev/null; leave $status' EXIT
listen() { [ -s "$WORK/ready" ] && [ -s "$WORK/expected" ]; }
wait_for 10 listen || fail "watch and expect listen" "$(cat "$WORK/watch.err" "$WORK/expect.err")"

# --- Two guests, and a renaming in the middle of each ---------------------------------------------

for n in 1 2; do
    emits "guest $n starts" start --xml "$WORK/guest$n.xml" --pid 4711
    fence
    shrink $n
    holds "guest $n: the program renames the log, and auditd begins another" wait_for 15 resumed $n
    emits "guest $n stops afterwards" stop --xml "$WORK/guest$n.xml" --reason destroyed
    fence
done
wait $expecting
equal "expect follows the log" 0 $?
equal "and reports nothing" "" "$(cat "$WORK/expect.err")"
shown() { grep -q "\"kind\":\"stop\".*${ids[2]}" "$WORK/watched"; }
wait_for 10 shown || fail "watch shows the last stop" "$(tail -n 3 "$WORK/watched")"
equal "watch reports nothing" "" "$(cat "$WORK/watch.err")"

viraudit report --format json --all-events
equal "report without FILE ends well" 0 $?
equal "and reports nothing" "" "$(cat "$WORK/err")"
cp "$WORK/out" "$WORK/report"
proofs() { grep "$1" "$2" | grep -v '"kind":"session"' | grep -o '"proof":\["[^]]*\]'; }
for n in 1 2; do
    has "guest $n: one session, from one file into the next" '^1$' \
        "$(grep "\"kind\":\"session\".*${ids[n]}" "$WORK/report" | grep -c '"state":"stopped"')"
    logged=$(cat "$logs"/audit.log.* "$LOG" | grep -a "uuid=${ids[n]}" | sed 's/.*audit(\([^)]*\)).*/"proof":["\1"]/')
    equal "guest $n: report shows each record of the log once, in order" "$logged" "$(proofs "${ids[n]}" "$WORK/report")"
    equal "guest $n: watch, too" "$logged" "$(proofs "${ids[n]}" "$WORK/watched")"
done
viraudit verify
equal "verify finds nothing wrong" 0 $?

# --- While the program runs -----------------------------------------------------------------------

touch "$WORK/hold"
shrink 3
emits "a record while the program runs" stop --xml "$WORK/guest3.xml" --reason meanwhile
viraudit status
equal "status only knows that records reach auditd" 0 $?
rm "$WORK/hold"
wait_for 15 resumed 3 || fail "the third renaming" "$(ls -l "$logs")"
fence
viraudit verify
status=$?
# It takes records from the kernel all the time, and writes none before it is told to go on.
if written reason=meanwhile; then
    equal "auditd has written it afterwards, and verify finds nothing wrong" 0 $status
else
    equal "auditd has lost it, and verify finds that it is missing" 1 $status
    has "as a gap" ': gap: ' "$(cat "$WORK/out")"
fi
