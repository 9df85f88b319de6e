#!/bin/bash
# What README.md and docs/*.md show for root is what happens: their commands are taken out of the
# pages and run here, in a mount namespace in which /usr, /etc and /var may be changed.
. "$(dirname "$0")/lib.sh"
need_own_audit
need_tool python3 setpriv unshare make

# In the namespace: what is written below these goes to a file system in memory, and with it away.
overlays() {
    local directory
    mount -t tmpfs none "$1" || return
    for directory in usr etc var; do
        mkdir -p "$1/$directory/upper" "$1/$directory/work"
        mount -t overlay overlay "/$directory" \
            -o "lowerdir=/$directory,upperdir=$1/$directory/upper,workdir=$1/$directory/work" || return
    done
}

mkdir "$WORK/overlays"
export -f overlays
# shellcheck disable=SC2016 # the inner shell expands it
why=$(unshare -m --propagation private bash -c 'overlays "$1"' bash "$WORK/overlays" 2>&1) ||
    skip_all "needs overlays in a mount namespace: $why"

start_auditd ENRICHED
run=
leave() {
    if [ -n "$run" ]; then
        kill "$run" 2>/dev/null
        wait "$run"
    fi
    # Rules that a page adds, should it not have come to their removal.
    auditctl -D -k virt-cli >/dev/null 2>&1
    auditctl -D -k virt-config >/dev/null 2>&1
    stop_auditd
    exit "$1"
}

export LOG
# In the background, so that a signal ends the wait at once.
# shellcheck disable=SC2016 # the inner shell expands them
unshare -m --propagation private bash -c '
    overlays "$1" && mkdir -p /etc/audit && cp "${LOG%/log/*}/auditd.conf" /etc/audit/ &&
        exec "$2" --as-root' bash "$WORK/overlays" "$ROOT/tests/docs/run" &
run=$!
wait "$run"
status=$?
run=
exit "$status"
