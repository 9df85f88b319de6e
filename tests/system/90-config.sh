#!/bin/bash
# `viraudit config check` reads the host's own libvirtd.conf as the installed libvirt does.
. "$(dirname "$0")/lib.sh"
need_tool python3
conf=/etc/libvirt/libvirtd.conf
[ -r "$conf" ] || skip_all "needs libvirt, whose $conf isn't here"
python3 "$HERE/libvirt_config.py" "$conf" >"$WORK/libvirt" 2>"$WORK/libvirt.err" ||
    skip_all "libvirt.so.0 can't be asked: $(tail -n 1 "$WORK/libvirt.err")"

# The shipped file, and that file with settings at its end.
cp "$conf" "$WORK/shipped.conf"
for level in 0 1 2; do
    { cat "$conf"; printf 'audit_level = %s\naudit_logging = %s\n' "$level" $((level % 2)); } >"$WORK/level$level.conf"
done
for file in "$WORK"/*.conf; do
    what=$(basename "$file" .conf)
    python3 "$HERE/libvirt_config.py" "$file" >"$WORK/libvirt" 2>&1
    viraudit config check "$file" --json
    equal "$what: config check succeeds" 0 $?
    equal "$what: it reads what libvirt reads" "$(cat "$WORK/libvirt")" \
        "$(python3 -c 'import json, sys
found = json.load(sys.stdin)
print(int(found["audit_level"]), int(found["audit_logging"]))' <"$WORK/out" 2>&1)"
done
