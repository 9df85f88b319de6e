#!/bin/bash
# viraudit as a plugin of auditd, and at the socket of auditd's af_unix plugin, in each format that
# auditd has. Neither needs CAP_AUDIT_READ.
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
fence
stop_auditd
plugin_ended() { ! kill -0 "$pid" 2>/dev/null; }
wait_for 10 plugin_ended || fail "the plugin ends with auditd" "$pid"
equal "when auditd ends, all that it passed on is written" 200 "$(grep -c '"reason":"last' "$events")"
rm "$plugins/viraudit.conf"

# --- The socket -----------------------------------------------------------------------------------

watcher=
trap 'status=$?; [ -z "$watcher" ] || kill "$watcher" 2>/dev/null; leave $status' EXIT
for format in $formats; do
    af_unix "$format"
    PLUGINS=$plugins start_auditd RAW
    wait_for 10 connectable || { fail "$format: af_unix has its socket" "$(ls -l "$WORK")"; exit; }
    "${unprivileged[@]}" watch --json --from "$socket" --uuid "$id" </dev/null >"$WORK/watched" 2>"$WORK/watch.err" &
    watcher=$!
    n=0
    heard() {
        n=$((n + 1))
        viraudit emit stop --xml "$WORK/guest.xml" --reason "$format-$n" && [ -s "$WORK/watched" ]
    }
    if ! wait_for 10 heard; then
        fail "$format: watch hears" "$(cat "$WORK/watch.err")"
        kill "$watcher"
        wait "$watcher"
        watcher=
        stop_auditd
        rm -f "$socket"
        continue
    fi
    emits "$format: a stop" stop --xml "$WORK/guest.xml" --reason "$format"
    wait_for 10 seen "$format" "$WORK/watched" || fail "$format: watch hears the next one" "$(cat "$WORK/watched")"
    equal "$format: it comes once" 1 "$(seen "$format" "$WORK/watched")"

    # af_unix has one client at a time. audit 3.0 lets the next one wait.
    if [ -x /sbin/audisp-af_unix ]; then
        "${unprivileged[@]}" expect --from "$socket" --within 1 </dev/null >"$WORK/out" 2>"$WORK/err"
        equal "$format: a second client gets no verdict" 3 $?
        has "$format: it is told why" "auditd closed the connection \(it ended, or another program is connected\)" "$(cat "$WORK/err")"
    fi

    stop_auditd
    wait_for 10 test -s "$WORK/watch.err"
    one_line "$format: watch reports that auditd has gone" "auditd closed the connection" "$WORK/watch.err"
    rm -f "$socket"
    PLUGINS=$plugins start_auditd RAW
    : >"$WORK/watched"
    n=0
    wait_for 15 heard || fail "$format: watch connects again" "$(cat "$WORK/watch.err")"
    pass "$format: watch connects again"
    one_line "$format: and reports nothing more" "auditd closed the connection" "$WORK/watch.err"
    kill "$watcher"
    wait "$watcher"
    equal "$format: it ends well" 0 $?
    watcher=

    # The watcher's connection is closed before the next one's is accepted, and a record may be missed
    # while the next one begins.
    fence
    # shellcheck disable=SC2016 # the arguments of sh
    "${unprivileged[@]}" expect --from "$socket" --uuid "$id" "reason=$format-e" --within 5 -- \
        sh -c 'for n in 1 2 3 4 5; do "$0" emit stop --xml "$1" --reason "$2" || exit; sleep 0.2; done' \
        "$VIRAUDIT" "$WORK/guest.xml" "$format-e" </dev/null 2>"$WORK/err"
    equal "$format: expect hears it" 0 $?
    stop_auditd
    rm -f "$socket"
done
