#!/bin/bash
# What hurts: many threads, a frozen, a killed and a restarted auditd, signals, forks, no file
# descriptors, a full disk, SIGKILL. STRESS_RECORDS (of each of 64 threads; 200) and
# STRESS_FROZEN_SECONDS (2) make it harder.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool python3

target=${CARGO_TARGET_DIR:-$ROOT/target}
if [ -z "${VIRAUDIT_BUILT:-}" ]; then
    need_tool cargo gcc make
    "$HERE/build" || { fail "the library and stress.c compile"; exit 1; }
fi
stress() { LD_LIBRARY_PATH=$target/release timeout 300 "$target/system/stress" "$@"; }
# To be killed: without anything around it.
stress_file() { LD_LIBRARY_PATH=$target/release exec "$target/system/stress" file "$@"; }

# figure KEY FILE
figure() { awk -v key="$1" '$1 == key { print $2 }' "$2"; }

# adds_up WHAT FILE [PREFIX]: offered = delivered + failed + dropped + queued.
adds_up() {
    local sum=0 key
    for key in delivered failed dropped queued; do sum=$((sum + $(figure "${3:-}$key" "$2"))); done
    equal "$1: the counts add up" "$(figure "${3:-}offered" "$2")" "$sum"
}

# in_log WHAT EXPECTED: each of so many records is in the log, whole, once and in order.
in_log() {
    "$HERE/whole.py" "$LOG" >"$WORK/whole"
    equal "$1: each record is in the log, whole, once and in order" \
        "$2 records, 0 broken, 0 twice, 0 disorder, 0 missing, 0 unended" \
        "$(awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $2, $1 }' "$WORK/whole")"
}

# --- Many threads ---------------------------------------------------------------------------------

records=${STRESS_RECORDS:-200}
start_auditd RAW
auditctl -b 65536 >/dev/null
stress threads 64 "$records" >"$WORK/threads"
fence
adds_up "64 threads" "$WORK/threads"
equal "64 threads: all is delivered" $((64 * records)) "$(figure delivered "$WORK/threads")"
in_log "64 threads" $((64 * records))

auditctl -b 64 >/dev/null
lost=$(audit_status lost)
truncate -s 0 "$LOG"
stress threads 64 100 >"$WORK/threads"
fence
adds_up "64 threads, backlog 64" "$WORK/threads"
equal "64 threads, backlog 64: all is delivered" 6400 "$(figure delivered "$WORK/threads")"
in_log "64 threads, backlog 64" 6400
equal "64 threads, backlog 64: the kernel loses none" 0 $(($(audit_status lost) - lost))
auditctl -b 65536 >/dev/null

# --- Signals, forks, descriptors ------------------------------------------------------------------

# logged MODE ARGUMENTS...: stress alone in the log; what it prints is in $WORK/MODE.
logged() {
    truncate -s 0 "$LOG"
    stress "$@" >"$WORK/$1"
    fence
}

logged signals 5000
rings=$(figure signals "$WORK/signals")
adds_up "a signal every 100 us ($rings in all)" "$WORK/signals"
holds "signals: they come amid the records" test "$rings" -ge 10
equal "signals: all is delivered" 5000 "$(figure delivered "$WORK/signals")"
in_log "signals" 5000

logged forks 16 2000
adds_up "forks amid 16 threads" "$WORK/forks"
equal "forks: all of the parent's is delivered" 32000 "$(figure delivered "$WORK/forks")"
equal "forks: each child delivers its own and ends" "20 0" \
    "$(figure children "$WORK/forks") $(figure bad_children "$WORK/forks")"
in_log "forks" $((32000 + 20 * 10))

logged descriptors
equal "no descriptor: a child's record fails with EMFILE, and the next is delivered" 0 \
    "$(figure child_status "$WORK/descriptors")"
adds_up "no descriptor" "$WORK/descriptors" child_
equal "no descriptor: opening fails with EMFILE" 1 "$(figure open_fails "$WORK/descriptors")"
in_log "no descriptor" 2

logged rights
equal "rights: refused without CAP_AUDIT_WRITE, and delivered with it again" "EPERM 0 0 0" \
    "$(figure without "$WORK/rights") $(figure before "$WORK/rights") $(figure after "$WORK/rights") $(figure batch "$WORK/rights")"
adds_up "rights" "$WORK/rights"
equal "rights: one record failed" 1 "$(figure failed "$WORK/rights")"
in_log "rights" 4

# --- auditd killed and restarted under load -------------------------------------------------------

stress threads 8 5000 >"$WORK/killed" &
load=$!
kill -KILL "$AUDITD"
wait "$AUDITD" 2>/dev/null
AUDITD=
start_auditd RAW
wait "$load"
adds_up "auditd killed and restarted under load" "$WORK/killed"
equal "killed: the kernel takes every record" 40000 "$(figure delivered "$WORK/killed")"
fence
stop_auditd

# --- auditd frozen --------------------------------------------------------------------------------

frozen() { # frozen HOW
    start_auditd RAW
    # What the kernel still held of an earlier auditd's comes first.
    fence
    truncate -s 0 "$LOG"
    auditctl -b 64 >/dev/null
    # Longer than auditd is frozen: a sender whose wait ends has its record dropped, and acked.
    auditctl --backlog_wait_time 15000 >/dev/null
    lost=$(audit_status lost)
    kill -STOP "$AUDITD"
    stress paced "$2" "$1" >"$WORK/$1" &
    load=$!
    sleep "${STRESS_FROZEN_SECONDS:-2}"
    kill -CONT "$AUDITD"
    wait "$load"
    fence
    lost=$(($(audit_status lost) - lost))
    adds_up "frozen, $1" "$WORK/$1"
    echo "     | $1: $(tr '\n' ' ' <"$WORK/$1")"
}

frozen queued 10000
equal "frozen, queued: nothing is dropped or fails" "10000 0 0" \
    "$(figure delivered "$WORK/queued") $(figure failed "$WORK/queued") $(figure dropped "$WORK/queued")"
equal "frozen, queued: the flush ends in time" 1 "$(figure flushed "$WORK/queued")"
in_log "frozen, queued" 10000
equal "frozen, queued: the kernel loses none" 0 "$lost"
stop_auditd

# The kernel drops some while auditd doesn't read, acked or not: what is in the log is in order.
frozen direct 2000
equal "frozen, direct: the kernel takes every record" "2000 0 0" \
    "$(figure delivered "$WORK/direct") $(figure failed "$WORK/direct") $(figure dropped "$WORK/direct")"
"$HERE/whole.py" "$LOG" >"$WORK/whole"
echo "     | in the log: $(tr '\n' ' ' <"$WORK/whole"); the kernel counts $lost as lost"
equal "frozen, direct: what is in the log is whole, once and in order" "0 0 0 0" \
    "$(figure broken "$WORK/whole") $(figure twice "$WORK/whole") $(figure disorder "$WORK/whole") $(figure unended "$WORK/whole")"
holds "frozen, direct: the log goes on with the last record" grep -aq 'new-disk="/p/1999" .*res=success'"'" "$LOG"
stop_auditd

# --- A file's disk is full or read-only, its writer is killed --------------------------------------------------

if mkdir "$WORK/small" && mount -t tmpfs -o size=64k tmpfs "$WORK/small" 2>/dev/null; then
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
        viraudit emit start --xml "$ROOT/examples/guest.xml" --to "file:$WORK/small/audit.log" &&
            continue
        one_line "a full disk is said" "No space left on device" "$WORK/err"
        break
    done
    full=$(wc -l <"$WORK/small/audit.log")
    "$HERE/whole.py" "$WORK/small/audit.log" --file >"$WORK/whole"
    equal "a full disk leaves whole lines ($full)" "0 0 0" \
        "$(figure broken "$WORK/whole") $(figure unended "$WORK/whole") $(figure jumps "$WORK/whole")"
    rm -f "$WORK/small/audit.log"
    mount -o remount,ro "$WORK/small"
    viraudit emit start --xml "$ROOT/examples/guest.xml" --to "file:$WORK/small/audit.log"
    equal "a read-only directory: exit status" 3 $?
    one_line "a read-only directory is said" "Read-only file system" "$WORK/err"
    equal "a read-only directory: no file" "" "$(ls "$WORK/small")"
    umount "$WORK/small"
else
    skip "a full disk: can't mount a tmpfs"
fi

# SIGKILL amid the records of 20 writers, one after the other. The library hands a burst over in one
# call; the kernel may end that at the end of a page. Such a cut record stays, by itself.
killed=$WORK/killed.log
: >"$killed"
grown() { [ "$(stat -c %s "$killed")" -gt $((size + 100000)) ]; }
cuts=0 elsewhere=
for i in $(seq 20); do
    size=$(stat -c %s "$killed")
    stress_file "$killed" "w$i" &
    writer=$!
    wait_for 20 grown || fail "SIGKILL: writer $i writes"
    kill -KILL "$writer"
    wait "$writer" 2>/dev/null
    [ -n "$(tail -c 1 "$killed")" ] || continue
    cuts=$((cuts + 1))
    size=$(stat -c %s "$killed")
    [ $((size % $(getconf PAGESIZE))) = 0 ] || elsewhere="$elsewhere $size"
done
viraudit emit start --xml "$ROOT/examples/guest.xml" --to "file:$killed"
"$HERE/whole.py" "$killed" --file >"$WORK/whole"
echo "     | $cuts of 20 writers had a record cut; $(tr '\n' ' ' <"$WORK/whole")"
equal "SIGKILL: only the kernel cuts a record, at a page's end" "" "$elsewhere"
holds "SIGKILL: at most one record of each writer is cut" test "$(figure cut "$WORK/whole")" -le "$cuts"
equal "SIGKILL: every other is whole, once and in order" "0 0 0 0 0 0" \
    "$(for key in broken twice disorder missing unended jumps; do figure $key "$WORK/whole"; done | paste -sd ' ')"
