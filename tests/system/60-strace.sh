#!/bin/bash
# How many system calls a guest's start takes.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool strace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

start_auditd
id=$(uuid 1)
guest_xml "traced-$$" "$id" "$WORK/guest.xml"
count=$(printed start --xml "$WORK/guest.xml" | wc -l)

strace -f -e trace=network,poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,nanosleep,clock_nanosleep \
    -o "$WORK/trace" "$VIRAUDIT" emit start --xml "$WORK/guest.xml" </dev/null >"$WORK/out" 2>"$WORK/err"
equal "emit start works when traced" 0 $?
fence
equal "all $count records are in the log" "$count" "$(count_of "$id")"

fd=$(sed -nE 's/.*socket\(AF_NETLINK, .*NETLINK_AUDIT\) = ([0-9]+)$/\1/p' "$WORK/trace")
equal "one audit socket is opened" 1 "$(printf '%s\n' "$fd" | wc -w)"
has "it is closed when another program is run" "SOCK_CLOEXEC" "$(grep NETLINK_AUDIT "$WORK/trace")"
calls=$(sed -nE "s/^[0-9]+ +((send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg))\($fd,.*/\1/p" "$WORK/trace")
# What opening does: AUDIT_GET, its answer and its ack; at most one more question.
burst=$(grep -nE "sendto\($fd,.*(AUDIT_VIRT|0x9c[4-9a-f]|nlmsg_type=250[0-9])" "$WORK/trace" | tail -n 1 | cut -d: -f 1)
behind=$(tail -n +"${burst:-1}" "$WORK/trace" | sed -nE "s/^[0-9]+ +(send|recv)[a-z]*\($fd,.*/\1/p" | paste -sd' ')
equal "the records take one call to send and one for the answer" "send recv" "$behind"
sent=$(sed -nE "${burst:-1}s/.* = ([0-9]+)\$/\1/p" "$WORK/trace")
if [ "${sent:-0}" -gt $((count * 100)) ]; then
    pass "that call carries them all ($sent bytes)"
else
    fail "that call carries them all" "$(cut -c 1-300 "$WORK/trace")"
fi
opening=$(($(printf '%s\n' "$calls" | wc -l) - 2))
if [ "$opening" -le 6 ]; then
    pass "opening takes $opening calls on the socket"
else
    fail "opening takes at most 6 calls on the socket" "$(cut -c 1-200 "$WORK/trace")"
fi
equal "nothing polls or sleeps" "" "$(grep -E ' (poll|ppoll|select|pselect6|epoll_p?wait|(clock_)?nanosleep)\(' "$WORK/trace" |
    grep -v 'poll(\[{fd=0')"
