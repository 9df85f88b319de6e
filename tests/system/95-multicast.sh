#!/bin/bash
# Without auditd: who listens on the kernel's multicast group hears each record.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool python3

id=$(uuid 1)
guest_xml "heard-$$" "$id" "$WORK/guest.xml"
expected=$(printed start --xml "$WORK/guest.xml")
audit_on
mark=done-$$
python3 "$HERE/listen.py" "$mark" </dev/null >"$WORK/heard" 2>"$WORK/listen.err" &
listener=$!
trap 'status=$?; kill $listener 2>/dev/null; leave $status' EXIT
wait_for 10 grep -q '^ready$' "$WORK/heard" || { fail "the listener listens" "$(cat "$WORK/listen.err")"; exit 1; }
emits "emit start without auditd" start --xml "$WORK/guest.xml"
auditctl -m "$mark" >/dev/null
wait $listener
equal "the listener hears everything" 0 $?
equal "each record, in order, with its whole text" "$expected" "$(lines_of "$id" "$WORK/heard" | texts)"

# The kernel doesn't tell listeners in other network namespaces, so watch says it.
viraudit watch --timeout 1
equal "watch in the host's network namespace waits in silence" "" "$(cat "$WORK/err")"
timeout 60 unshare -n "$VIRAUDIT" watch --timeout 1 </dev/null >"$WORK/out" 2>"$WORK/err"
equal "in one of its own it ends as without an event" 1 $?
has "and says that nothing will come" "^viraudit: no records will arrive: .* only in the host's network namespace" "$(cat "$WORK/err")"
