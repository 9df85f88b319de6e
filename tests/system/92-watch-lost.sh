#!/bin/bash
# Records that come faster than watch reads them: it says how many the kernel could not keep for it,
# to the record, and goes on.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool setpriv

disks=2000
start_auditd RAW
auditctl -b 65536 >/dev/null
many=$(uuid 1) after=$(uuid 2)
guest_xml "many-$$" "$many" "$WORK/one.xml"
guest_xml "after-$$" "$after" "$WORK/after.xml"
for n in $(seq $disks); do
    echo "<disk type='file' device='disk'><source file='/images/$n'/><target dev='sd$n'/></disk>"
done >"$WORK/disks"
sed "/<devices>/r $WORK/disks" "$WORK/one.xml" >"$WORK/many.xml"
sent=$(printed start --xml "$WORK/many.xml" | wc -l)
[ "$sent" -gt $disks ] || fail "the guest has its disks" "$sent records"

# Without CAP_NET_ADMIN it gets a buffer that is soon full.
setpriv --bounding-set=-net_admin --inh-caps=-net_admin \
    "$VIRAUDIT" watch --json </dev/null >"$WORK/watched" 2>"$WORK/watch.err" &
watcher=$!
trap 'status=$?; kill -CONT $watcher 2>/dev/null; kill $watcher 2>/dev/null; leave $status' EXIT

# The number of its records that the kernel dropped: the socket's line, found by its inode, once it is
# in the group.
drops() {
    local link
    for link in /proc/$watcher/fd/*; do
        link=$(readlink "$link")
        case $link in
            socket:*) awk -v inode="${link//[^0-9]/}" '$NF == inode && $4 !~ /^0*$/ { print $9 }' /proc/net/netlink ;;
        esac
    done
}
listens() { [ "$(drops)" = 0 ]; }
wait_for 10 listens || { fail "watch listens" "$(cat "$WORK/watch.err")"; exit 1; }

kill -STOP $watcher
# How soon it is full depends on net.core.rmem_max.
bursts=0
while [ "$(drops)" = 0 ] && [ $bursts -lt 100 ]; do
    viraudit emit start --xml "$WORK/many.xml" || fail "emit start" "$(cat "$WORK/err")"
    bursts=$((bursts + 1))
    fence
done
lost=$(drops)
if [ "$lost" -gt 0 ]; then
    pass "the buffer overflows while watch doesn't read"
else
    fail "the buffer overflows while watch doesn't read" "none of $((bursts * sent)) was dropped"
fi
kill -CONT $watcher
wait_for 10 grep -q lost "$WORK/watch.err" || fail "watch says that records were lost"
one_line "it says how many were lost" "$lost records were lost" "$WORK/watch.err"
# Until it has read what the buffer held, the kernel keeps nothing more for it. The last fence is
# among what was lost.
shown() { grep -c "$many" "$WORK/watched"; }
drained() { [ "$(shown)" = $((bursts * sent + 1 - lost)) ]; }
wait_for 20 drained
equal "what was shown and what was lost is what was sent" $((bursts * sent + 1)) $(($(shown) + lost))
emits "a record afterwards" stop --xml "$WORK/after.xml" --reason destroyed
wait_for 10 grep -q "$after" "$WORK/watched" || fail "watch goes on" "$(tail -n 3 "$WORK/watched")"
has "watch goes on" '"kind":"stop"' "$(grep "$after" "$WORK/watched")"
equal "nothing more was lost" "$lost" "$(drops)"
one_line "and nothing more is said" "$lost records were lost" "$WORK/watch.err"

kill -TERM $watcher
wait $watcher
equal "it ends well" 0 $?
echo "     $((bursts * sent)) sent, $(shown) shown, $lost lost"
