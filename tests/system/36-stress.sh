#!/bin/bash
# What hurts: many threads, a frozen, a killed and a restarted auditd, signals, forks, no file
# descriptors, a full disk, SIGKILL. STRESS_RECORDS (of each of 64 threads; 200) and
# STRESS_FROZEN_SECONDS (2) make it harder.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool gcc python3

target=${CARGO_TARGET_DIR:-$ROOT/target}
(cd "$ROOT" && cargo build --quiet --release --lib </dev/null) || { fail "the library builds"; exit 1; }
gcc -O2 -Wall -Wextra -pthread -I"$ROOT/include" -o "$WORK/stress" "$HERE/stress.c" \
    -L"$target/release" -lviraudit || { fail "stress.c compiles"; exit 1; }
stress() { LD_LIBRARY_PATH=$target/release timeout 300 "$WORK/stress" "$@"; }

# figure KEY FILE
figure() { awk -v key="$1" '$1 == key { print $2 }' "$2"; }

# adds_up WHAT FILE [PREFIX]: offered = delivered + failed + dropped + queued.
adds_up() {
    local sum=0 key
    for key in delivered failed dropped queued; do sum=$((sum + $(figure "${3:-}$key" "$2"))); done
    equal "$1: the counts add up" "$(figure "${3:-}offered" "$2")" "$sum"
}

# Reads the paths /THREAD/NUMBER of the log: how many, how many twice, how many out of order.
paths() {
    grep -ao 'new-disk="/[a-z]*[0-9]*/[0-9]*"' "$LOG" | python3 -c '
import sys
seen, last, twice, disorder = set(), {}, 0, 0
for line in sys.stdin:
    _, who, number = line.strip()[:-1].split("/")
    number = int(number)
    twice += (who, number) in seen
    disorder += number < last.get(who, -1)
    seen.add((who, number))
    last[who] = number
print("records", len(seen))
print("twice", twice)
print("disorder", disorder)'
}

# --- Many threads ---------------------------------------------------------------------------------

records=${STRESS_RECORDS:-200}
start_auditd RAW
auditctl -b 65536 >/dev/null
stress threads 64 "$records" >"$WORK/threads"
fence
paths >"$WORK/paths"
adds_up "64 threads" "$WORK/threads"
equal "64 threads: all is delivered" $((64 * records)) "$(figure delivered "$WORK/threads")"
equal "64 threads: each record is in the log" $((64 * records)) "$(figure records "$WORK/paths")"
equal "64 threads: none twice" 0 "$(figure twice "$WORK/paths")"
equal "64 threads: none out of order" 0 "$(figure disorder "$WORK/paths")"

auditctl -b 64 >/dev/null
lost=$(audit_status lost)
truncate -s 0 "$LOG"
stress threads 64 100 >"$WORK/threads"
fence
paths >"$WORK/paths"
adds_up "64 threads, backlog 64" "$WORK/threads"
equal "64 threads, backlog 64: all is delivered, and in the log once, in order" "6400 6400 0 0" \
    "$(figure delivered "$WORK/threads") $(figure records "$WORK/paths") $(figure twice "$WORK/paths") $(figure disorder "$WORK/paths")"
equal "64 threads, backlog 64: the kernel loses none" 0 $(($(audit_status lost) - lost))
auditctl -b 65536 >/dev/null

# --- Signals, forks, descriptors ------------------------------------------------------------------

stress signals 5000 >"$WORK/signals"
adds_up "a signal every 100 us ($(figure signals "$WORK/signals") in all)" "$WORK/signals"
equal "signals: all is delivered" 5000 "$(figure delivered "$WORK/signals")"

stress forks 16 2000 >"$WORK/forks"
adds_up "forks amid 16 threads" "$WORK/forks"
equal "forks: all of the parent's is delivered" 32000 "$(figure delivered "$WORK/forks")"
equal "forks: each child delivers its own and ends" 0 "$(figure bad_children "$WORK/forks")"

stress descriptors >"$WORK/descriptors"
equal "no descriptor: a child's record fails with EMFILE, and the next is delivered" 0 \
    "$(figure child_status "$WORK/descriptors")"
adds_up "no descriptor" "$WORK/descriptors" child_
equal "no descriptor: opening fails with EMFILE" 1 "$(figure open_fails "$WORK/descriptors")"

stress rights >"$WORK/rights"
equal "rights: refused without CAP_AUDIT_WRITE, and delivered with it again" "EPERM 0 0 0" \
    "$(figure without "$WORK/rights") $(figure before "$WORK/rights") $(figure after "$WORK/rights") $(figure batch "$WORK/rights")"
adds_up "rights" "$WORK/rights"
equal "rights: one record failed" 1 "$(figure failed "$WORK/rights")"

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
stop_auditd

# --- auditd frozen --------------------------------------------------------------------------------

frozen() { # frozen HOW
    start_auditd RAW
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
    paths >"$WORK/paths"
    lost=$(($(audit_status lost) - lost))
    adds_up "frozen, $1" "$WORK/$1"
    echo "     | $1: $(tr '\n' ' ' <"$WORK/$1")"
    echo "     | in the log: $(tr '\n' ' ' <"$WORK/paths"); the kernel counts $lost as lost"
    stop_auditd
}

frozen queued 10000
equal "frozen, queued: nothing is dropped or fails" "10000 0 0" \
    "$(figure delivered "$WORK/queued") $(figure failed "$WORK/queued") $(figure dropped "$WORK/queued")"
equal "frozen, queued: the flush ends in time" 1 "$(figure flushed "$WORK/queued")"
equal "frozen, queued: each record is in the log, once and in order" "10000 0 0" \
    "$(figure records "$WORK/paths") $(figure twice "$WORK/paths") $(figure disorder "$WORK/paths")"
equal "frozen, queued: the kernel loses none" 0 "$lost"
frozen direct 2000

# --- A file's disk is full or read-only, its writer is killed --------------------------------------------------

if mkdir "$WORK/small" && mount -t tmpfs -o size=64k tmpfs "$WORK/small" 2>/dev/null; then
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
        viraudit emit start --xml "$ROOT/examples/guest.xml" --to "file:$WORK/small/audit.log" &&
            continue
        one_line "a full disk is said" "No space left on device" "$WORK/err"
        break
    done
    full=$(wc -l <"$WORK/small/audit.log")
    holds "a full disk leaves whole lines ($full)" test -z \
        "$(grep -v "^type=VIRT_[A-Z_]* msg=audit(.* res=success'\$" "$WORK/small/audit.log")"
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

for i in $(seq 20); do
    "$VIRAUDIT" emit start --xml "$ROOT/examples/guest.xml" --to "file:$WORK/killed.log" &
    sleep "0.00$((i % 10))"
    kill -KILL $! 2>/dev/null
    wait $! 2>/dev/null
done
viraudit emit start --xml "$ROOT/examples/guest.xml" --to "file:$WORK/killed.log"
holds "SIGKILL leaves whole lines ($(wc -l <"$WORK/killed.log"))" test -z \
    "$(grep -v "^type=VIRT_[A-Z_]* msg=audit(.* res=success'\$" "$WORK/killed.log")"
