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
