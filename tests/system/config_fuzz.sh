#!/bin/sh
# Compares our reading of fresh configuration files with that of the installed libvirt.
#
#     tests/system/config_fuzz.sh [--root RELEASE] [COUNT [SEED]]
#
# Makes COUNT files (2,000 unless told), the same ones for the same SEED (the time unless told), and
# says how many were compared and which of them are read differently. Needs libvirt.so.0 and
# python3, no rights and no daemon; without the library it says so and succeeds. With --root, libvirt is
# that of a clean root (tests/roots/make), and has to be there.
set -eu
cd "$(dirname "$0")/../.."
enter=
if [ "${1:-}" = --root ]; then
    enter="tests/roots/enter $2"
    shift 2
fi
count=${1:-2000}
seed=${2:-$(date +%s)}
oracle=tests/system/config_oracle.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 $oracle generate "$seed" "$count" >"$work/files"
status=0
$enter python3 $oracle ask <"$work/files" >"$work/verdicts" || status=$?
if [ $status -eq 77 ]; then
    echo "config_fuzz: skipped: libvirt.so.0 is not installed"
    [ -z "$enter" ] || exit 1
    [ -z "${VIRAUDIT_SKIPS:-}" ] || echo "config_fuzz: libvirt.so.0 is not installed" >>"$VIRAUDIT_SKIPS"
    exit 0
elif [ $status -ne 0 ]; then
    echo "config_fuzz: the oracle failed with status $status" >&2
    exit 1
fi
echo "config_fuzz: seed $seed: $(wc -l <"$work/verdicts") files," \
    "$(grep -c '"line": null' "$work/verdicts" || :) that libvirt can parse," \
    "$(grep -c '"ok": true' "$work/verdicts" || :) that it accepts," \
    "$(grep -c '"signal"' "$work/verdicts" || :) that it crashed on"
VIRAUDIT_CONFIG_VERDICTS=$work/verdicts \
    cargo test --quiet --test config_oracle fresh_files_read_as_in_libvirt -- --ignored --nocapture
