#!/bin/bash
# `viraudit config check` reads the host's own libvirtd.conf as the installed libvirt does.
. "$(dirname "$0")/lib.sh"
need_tool python3
conf=/etc/libvirt/libvirtd.conf
[ -r "$conf" ] || skip_all "needs libvirt, whose $conf isn't here"

# libvirt FILE: what libvirt makes of it; a missing setting has its default.
libvirt() {
    python3 -c 'import json, sys
print(json.dumps({"text": open(sys.argv[1], encoding="latin-1").read()}))' "$1" |
        python3 "$HERE/config_oracle.py" ask |
        python3 -c 'import json, sys
found = json.load(sys.stdin)
assert found["ok"]
print(1 if found["level"] is None else found["level"], int(found["logging"] or 0))'
}
libvirt "$conf" >/dev/null 2>"$WORK/libvirt.err" ||
    skip_all "libvirt can't be asked: $(head -n 1 "$WORK/libvirt.err")"

# The shipped file, and that file with settings at its end.
cp "$conf" "$WORK/shipped.conf"
for level in 0 1 2; do
    { cat "$conf"; printf 'audit_level = %s\naudit_logging = %s\n' "$level" $((level % 2)); } >"$WORK/level$level.conf"
done
for file in "$WORK"/*.conf; do
    what=$(basename "$file" .conf)
    viraudit config check "$file" --json
    equal "$what: config check succeeds" 0 $?
    equal "$what: it reads what libvirt reads" "$(libvirt "$file" 2>&1)" \
        "$(python3 -c 'import json, sys
found = json.load(sys.stdin)
print(int(found["audit_level"]), int(found["audit_logging"]))' <"$WORK/out" 2>&1)"
done

# --- A daemon's own verdict -----------------------------------------------------------------------

[ "$(id -u)" = 0 ] || skip_all "a daemon is started as root only"
need_tool libvirtd script unshare

# In its own namespaces, so that nothing of the host's is touched, and nothing of it is left.
# shellcheck disable=SC2016 # expanded by the inner shell
alone=(unshare --mount --pid --fork --kill-child --net
    sh -c 'mount -t tmpfs none /run && mkdir /run/libvirt && exec "$@"' -)
# The daemon makes its socket once it has taken all of its settings.
takes() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    "${alone[@]}" sh -c 'timeout 20 libvirtd -f "$0" & for _ in $(seq 200); do
        [ -S /run/libvirt/libvirt-sock-ro ] && exit 0
        kill -0 $! 2>/dev/null || exit 1
        sleep 0.1
    done; exit 2' "$1" </dev/null >"$WORK/daemon.out" 2>&1
}
while IFS= read -r text; do
    printf '%b\n' "$text" >"$WORK/value.conf"
    takes "$WORK/value.conf"
    expected=$?
    viraudit config check "$WORK/value.conf"
    found=$?
    [ "$found" = 2 ] && found=1
    equal "libvirtd's verdict on $text" "$expected" "$found"
done <<'END'
audit_level = 1
tcp_port = 16509
tcp_port = "16509"
max_clients = -1
max_clients = 0
max_clients = 0\nmax_anonymous_clients = 0
max_workers = 0
log_level = "1"
log_level = 9
host_uuid = "00000000-0000-0000-0000-000000000000"
host_uuid = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab"
host_uuid_source = "dice"
auth_unix_rw = "dice"
unix_sock_rw_perms = "0999"
access_drivers = "polkit"
tcp_min_ssf = 1
keepalive_interval = -1
keepalive_interval = 2147483648
keepalive_required = "x"
unknown_key = "x"
END

# --- A daemon that runs ---------------------------------------------------------------------------

printf 'audit_level = 0\n' >"$WORK/running.conf"
"${alone[@]}" libvirtd -f "$WORK/running.conf" </dev/null >"$WORK/daemon.out" 2>&1 &
daemon=$!
# Newer versions of unshare leave SIGTERM to the child.
trap 'status=$?; kill -KILL "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; leave $status' EXIT
# state: what status says of it: its level, whether viraudit is preloaded, whether the file is newer.
state() {
    "$VIRAUDIT" status --json 2>/dev/null | python3 -c 'import json, sys
for found in json.load(sys.stdin)["daemons"]:
    if found["file"] == sys.argv[1]:
        daemon = found["daemon"]
        print(found["audit_level"], daemon["name"], daemon["state"], daemon["preloaded"], daemon["stale"])
' "$WORK/running.conf"
}
runs() { [ -n "$(state)" ]; }
holds "a libvirtd that runs is found, with the file of its option -f" wait_for 30 runs
equal "status shows its level and that it is as the file says" "0 libvirtd running False False" "$(state)"
# A change within half a second of the start may have been before it.
changed() {
    viraudit config unset audit_level "$WORK/running.conf"
    viraudit config set audit_level=2 "$WORK/running.conf"
    [ "$(state)" = "2 libvirtd running False True" ]
}
holds "after a change of the file, its daemon is stale" wait_for 10 changed
has "status says to restart it" "changed after libvirtd started: restart libvirtd" "$("$VIRAUDIT" status)"

# --- On a terminal --------------------------------------------------------------------------------

mkdir "$WORK/etc"
# shellcheck disable=SC2016 # expanded by the inner shell
named=$(unshare --mount sh -c 'mount --bind "$0" /etc/libvirt &&
    script -qec "\"$1\" config set --daemon virtlxcd audit_level=2" /dev/null' "$WORK/etc" "$VIRAUDIT" </dev/null | tr -d '\r')
equal "on a terminal, the file is named before it is written" \
    "viraudit: changing /etc/libvirt/virtlxcd.conf
/etc/libvirt/virtlxcd.conf: audit_level: not set (1) -> 2" "$named"
equal "the file is written" "audit_level = 2" "$(cat "$WORK/etc/virtlxcd.conf")"
