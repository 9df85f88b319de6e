#!/bin/bash
# While auditd doesn't read and the kernel's backlog is full, a guest's start waits as long as a
# single record does, not once for each; status answers, and afterwards records flow again.
#
# The kernel acknowledges what it can't hand to auditd for long, and then drops some of it (into its
# own log; without audit=1 on its command line it doesn't even count them all as lost). So how many
# records of that time arrive is shown, but it is nothing that a sender could promise.
. "$(dirname "$0")/lib.sh"
need_own_audit
start_auditd

# millis COMMAND...: how long it took, in $took.
millis() {
    local began=${EPOCHREALTIME/./}
    "$@"
    local status=$?
    took=$(((${EPOCHREALTIME/./} - began) / 1000))
    return $status
}

# A quarter of a second at HZ=1000, a second at HZ=250.
auditctl --backlog_wait_time 250 >/dev/null
auditctl -b 64 >/dev/null
lost=$(audit_status lost)
guest_xml "filler-$$" "$(uuid 1)" "$WORK/filler.xml"
guest_xml "one-$$" "$(uuid 2)" "$WORK/one.xml"
guest_xml "many-$$" "$(uuid 3)" "$WORK/many.xml"
count=$(printed start --xml "$WORK/many.xml" | wc -l)

kill -STOP "$AUDITD"
# Fills auditd's socket, and then the backlog, until whoever sends has to wait.
fillers=0 took=0
while [ $took -lt 100 ] && [ $fillers -lt 200 ]; do
    millis viraudit emit start --xml "$WORK/filler.xml" || fail "emit start" "$(cat "$WORK/err")"
    fillers=$((fillers + 1))
done
if [ $took -ge 100 ]; then
    pass "the backlog is full ($((fillers * count)) records)"
else
    fail "the backlog fills up" "$(auditctl -s)"
fi
millis viraudit emit stop --xml "$WORK/one.xml"
equal "a single record is taken" 0 $?
single=$took
millis viraudit emit start --xml "$WORK/many.xml"
equal "a burst of $count records is taken" 0 $?
burst=$took
millis viraudit status --config /dev/null
answered=$? status=$took
kill -CONT "$AUDITD"
auditctl -b 8192 >/dev/null

if [ "$burst" -le $((2 * single + 500)) ]; then
    pass "the burst waits no longer than one record ($burst ms, one record $single ms)"
else
    fail "the burst waits no longer than one record" "$burst ms, one record $single ms"
fi
equal "status answers" 0 "$answered"
if [ "$status" -lt 5000 ]; then pass "in time ($status ms)"; else fail "in time" "$status ms"; fi

# The first goes behind what the kernel still has, the fence behind that.
guest_xml "after-$$" "$(uuid 4)" "$WORK/after.xml"
viraudit emit start --xml "$WORK/after.xml"
equal "afterwards a start is taken" 0 $?
fence
equal "and its records are in the log" "$count" "$(count_of "$(uuid 4)")"
echo "     in the log: $(count_of "$(uuid 1)") of $((fillers * count)) before, $(count_of "$(uuid 2)") of 1," \
    "$(count_of "$(uuid 3)") of $count; the kernel counts $(($(audit_status lost) - lost)) lost"
