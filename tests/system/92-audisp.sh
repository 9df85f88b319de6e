#!/bin/bash
# viraudit as a plugin of auditd, and at the socket of auditd's af_unix plugin, in each format that
# auditd has, with records as the kernel has them and enriched. Neither needs CAP_AUDIT_READ.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool setpriv

id=$(uuid 1)
guest_xml "plugged-$$" "$id" "$WORK/guest.xml"
plugins=$WORK/plugins
events=$WORK/events.json
socket=$WORK/events.sock
mkdir "$plugins"

# auditd takes only programs of root's that others can't change.
install -m 755 "$VIRAUDIT" "$WORK/viraudit"
sed "s|^active = .*|active = yes|; s|/usr/bin/viraudit|$WORK/viraudit|; s|/var/log/audit/viraudit.json|$events|" \
    "$ROOT/conf/plugins.d/viraudit.conf" >"$plugins/viraudit.conf"

# Since audit 3.1 af_unix is a program of its own. At first it passes on lines only; later its arguments
# have the format, too.
path=builtin_af_unix type=builtin formats="string binary" in_args=
if [ -x /sbin/audisp-af_unix ]; then
    path=/sbin/audisp-af_unix type=always
    if grep -q '^args = .* string' /etc/audit/plugins.d/af_unix.conf; then in_args=yes; else formats=string; fi
fi

# af_unix FORMAT
af_unix() {
    local format=${in_args:+$1} input=$1
    # Then it gets the binary format, whatever it passes on.
    [ -z "$in_args" ] || input=binary
    rm -f "$socket"
    printf '%s\n' "active = yes" "direction = out" "path = $path" "type = $type" \
        "args = 0640 $socket $format" "format = $input" >"$plugins/af_unix.conf"
}

# Without CAP_AUDIT_READ.
unprivileged=(setpriv --bounding-set=-audit_read --inh-caps=-audit_read "$VIRAUDIT")
seen() { grep -c "\"uuid\":\"$id\".*\"reason\":\"$1\"" "$2" 2>/dev/null; }
plugin_pid() {
    local child
    for child in $(cat /proc/"$AUDITD"/task/*/children); do
        [ "$(readlink "/proc/$child/exe")" != "$WORK/viraudit" ] || echo "$child"
    done
}
connectable() { [ -S "$socket" ]; }

chmod 750 "$plugins"
af_unix string
PLUGINS=$plugins start_auditd ENRICHED
chmod 711 "$WORK"

# --- The plugin -----------------------------------------------------------------------------------

emits "a stop" stop --xml "$WORK/guest.xml" --reason first
wait_for 15 seen first "$events" || fail "the plugin writes it" "$(cat "$events"; ls -l "$plugins")"
equal "the plugin writes it once" 1 "$(seen first "$events")"
has "with the program's text" '"kind":"stop".*"virt":"kvm","exe":"[^"]*viraudit","text":"virt=kvm op=stop reason=first vm=' \
    "$(grep "$id" "$events")"
has "in a file that only root reads" "600 " "$(stat -c '%a %n' "$events")"

pid=$(plugin_pid)
has "auditd's child is the plugin" "^[0-9]+$" "$pid"
mv "$events" "$events.1"
kill -HUP "$AUDITD"
# Until the plugin has opened the file, events go to the old one.
n=0
again() {
    n=$((n + 1))
    viraudit emit stop --xml "$WORK/guest.xml" --reason "again$n" && [ "$(grep -c again "$events" 2>/dev/null)" -gt 0 ]
}
wait_for 15 again || fail "auditd's SIGHUP opens the file again" "$(ls -l "$WORK")"
fence
# Audit 4.2 starts the plugin anew.
pid=$(plugin_pid)
has "and one plugin runs" "^[0-9]+$" "$pid"
equal "and loses nothing" "$n" "$(cat "$events.1" "$events" | grep -c again)"

for n in $(seq 200); do echo "reason=last$n"; done | xargs -I{} -P 1 sh -c \
    '"$0" emit stop --xml "$1" --reason "${2#*=}" </dev/null' "$VIRAUDIT" "$WORK/guest.xml" {}
for n in $(seq 12); do
    fence
    viraudit emit stop --xml "$WORK/guest.xml" --reason "alone$n"
done
fence
stop_auditd
plugin_ended() { ! kill -0 "$pid" 2>/dev/null; }
wait_for 10 plugin_ended || fail "the plugin ends with auditd" "$pid"
equal "when auditd ends, all that it passed on is written" 200 "$(grep -c '"reason":"last' "$events")"
equal "also what came by itself" 12 "$(grep -c '"reason":"alone' "$events")"
rm "$plugins/viraudit.conf"

# --- The socket -----------------------------------------------------------------------------------

watcher=
trap 'status=$?; [ -z "$watcher" ] || kill "$watcher" 2>/dev/null; leave $status' EXIT
# Returns the watcher's exit status.
end_watcher() {
    local pid=$watcher
    watcher=
    kill "$pid"
    wait "$pid"
}

# The watcher's connection is closed before the next one's is accepted, and a record may be missed while
# the next one begins.
expects() {
    fence
    # shellcheck disable=SC2016 # the arguments of sh
    "${unprivileged[@]}" expect --from "$socket" --uuid "$id" "reason=$1-e" --within 5 "${@:2}" -- \
        sh -c 'for n in $(seq "$3"); do "$0" emit stop --xml "$1" --reason "$2" || exit; sleep 0.2; done' \
        "$VIRAUDIT" "$WORK/guest.xml" "$1-e" $((missing > 0 ? 15 : 5)) </dev/null 2>"$WORK/err"
}

# look: how many of twelve records, each sent after the one before is in the log, arrive at the socket
# without their ends ($cut), and how many not at all ($missing).
look() {
    local client n line arrived
    cut=0 missing=0
    : >"$WORK/arrived"
    python3 "$HERE/af_unix.py" "$socket" </dev/null >"$WORK/arrived" 2>"$WORK/err" &
    client=$!
    hears() { viraudit emit stop --xml "$WORK/guest.xml" --reason first && [ -s "$WORK/arrived" ]; }
    wait_for 10 hears || fail "$what: a client hears anything" "$(cat "$WORK/err")"
    for n in $(seq 12); do
        viraudit emit stop --xml "$WORK/guest.xml" --reason "look$n"
        fence
    done
    ended() { viraudit emit stop --xml "$WORK/guest.xml" --reason end && ! kill -0 $client 2>/dev/null; }
    wait_for 10 ended || kill $client
    wait $client || fail "$what: a client hears the end" "$(cat "$WORK/err")"
    for n in $(seq 12); do
        line=$(grep -aF "reason=look$n " "$LOG")
        arrived=$(grep -aF "reason=look$n " "$WORK/arrived")
        if [ -z "$arrived" ]; then
            missing=$((missing + 1))
        elif [ -n "${line##*"$arrived"}" ]; then
            cut=$((cut + 1))
        fi
    done
    echo "     $what: of 12 records, $cut arrive without their ends, $missing not at all"
}
says_cut() { grep -q "can't be used: cut or malformed" "$WORK/watch.err"; }

# with_whole_records WHAT FORMAT LOG: a watcher has heard a first record.
with_whole_records() {
    local what=$1 format=$2
    if [ $missing = 0 ]; then
        emits "$what: a stop" stop --xml "$WORK/guest.xml" --reason "$format"
        wait_for 10 seen "$format" "$WORK/watched" || fail "$what: watch hears the next one" "$(cat "$WORK/watched")"
        equal "$what: it comes once" 1 "$(seen "$format" "$WORK/watched")"
    fi

    # af_unix has one client at a time. audit 3.0 lets the next one wait.
    if [ -x /sbin/audisp-af_unix ]; then
        "${unprivileged[@]}" expect --from "$socket" --within 1 </dev/null >"$WORK/out" 2>"$WORK/err"
        equal "$what: a second client gets no verdict" 3 $?
        has "$what: it is told why" "auditd closed the connection \(it ended, or another program is connected\)" "$(cat "$WORK/err")"
    fi

    stop_auditd
    wait_for 10 test -s "$WORK/watch.err"
    one_line "$what: watch reports that auditd has gone" "auditd closed the connection" "$WORK/watch.err"
    rm -f "$socket"
    PLUGINS=$plugins start_auditd "$3"
    : >"$WORK/watched"
    n=0
    wait_for 15 heard || fail "$what: watch connects again" "$(cat "$WORK/watch.err")"
    pass "$what: watch connects again"
    one_line "$what: and reports nothing more" "auditd closed the connection" "$WORK/watch.err"
    end_watcher
    equal "$what: it ends well" 0 $?
    expects "$format"
    equal "$what: expect hears it" 0 $?
}

for log in RAW ENRICHED; do
    for format in $formats; do
        what="$format, $log"
        af_unix "$format"
        PLUGINS=$plugins start_auditd "$log"
        wait_for 10 connectable || { fail "$what: af_unix has its socket" "$(ls -l "$WORK")"; exit; }
        # auditd 4.2.1 leaves out the last bytes of records that aren't enriched, and with them their result,
        # and loses about every second record that comes by itself.
        look
        [ $missing = 0 ] || skip "$what: auditd loses records at this socket"
        "${unprivileged[@]}" watch --json --from "$socket" --uuid "$id" </dev/null >"$WORK/watched" 2>"$WORK/watch.err" &
        watcher=$!
        n=0
        heard() {
            n=$((n + 1))
            viraudit emit stop --xml "$WORK/guest.xml" --reason "$format-$n" && { [ -s "$WORK/watched" ] || says_cut; }
        }
        if ! wait_for 10 heard; then
            fail "$what: watch hears" "$(cat "$WORK/watch.err")"
            end_watcher
        elif [ $cut = 0 ]; then
            with_whole_records "$what" "$format" "$log"
        else
            skip "$what: auditd cuts records at this socket"
            end_watcher
            equal "$what: watch ends well" 0 $?
            holds "$what: watch reports records that are cut" says_cut
            equal "$what: and shows none" "" "$(cat "$WORK/watched")"
            # expect looks at what there is of a record.
            expects "$format"
            equal "$what: expect hears what is there" 0 $?
            expects "$format" res=success
            equal "$what: what isn't there is uncertain" 3 $?
            expects "$format" --absent
            equal "$what: also what must not come" 1 $?
        fi
        stop_auditd
        rm -f "$socket"
    done
done
