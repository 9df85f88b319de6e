# shellcheck shell=bash
# What the commands of the pages find: stand-ins for what a test machine lacks or shouldn't do
# twice, and what a page takes for granted. Sourced by the shell that runs a page's commands, in a
# copy of the source tree; $SOURCE is the tree itself.

# --- Stand-ins ------------------------------------------------------------------------------------

# What is built in the source tree needn't be built again in its copy.
cargo() { (cd "$SOURCE" && command cargo "$@"); }
make() { command make -C "$SOURCE" "$@"; }
git() { command git -c safe.directory="$SOURCE" -C "$SOURCE" "$@"; }

# 47-docs is root already.
sudo() { "$@"; }

# A test machine needn't have a syslog.
logger() { printf '%s\n' "$*" >>logged; }
is_logged() { grep -q "records about guests get lost" logged; }

# --- Files that pages take for granted ------------------------------------------------------------

the_pages_guest() { cp examples/guest.xml guest.xml; }

a_log_of_two_sessions() {
    viraudit emit start --xml examples/guest.xml --pid 4711 --to file:audit.log &&
        viraudit emit stop --xml examples/guest.xml --pid 4711 --reason destroyed --to file:audit.log &&
        viraudit emit start --xml examples/guest.xml --pid 4711 --to file:audit.log
}

a_copy_to_compile_with() {
    make install-dev PREFIX="$HOME/viraudit" SYSCONFDIR="$HOME/viraudit/etc" || return
    export PKG_CONFIG_PATH=$HOME/viraudit/lib/pkgconfig LD_LIBRARY_PATH=$HOME/viraudit/lib
    cp examples/c/guest.c daemon.c
}

in_a_repository() { git rev-parse HEAD; }

# --- For root: 47-docs has an auditd, whose log is $LOG, and its own /usr, /etc and /var -----------

# within SECONDS COMMAND...: looks again and again until the command succeeds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -le "$deadline" ] || return 1
        # Only so as not to spin; the look above decides.
        sleep 0.02
    done
}

starts() { [ "$(grep -ac 'op=start' "$LOG")" -ge "$1" ]; }
records_arrive() { within 15 starts 1; }

# auditd's log, without the first record of a guest's disks.
a_log_with_a_gap() {
    local before
    before=$(grep -ac 'op=start' "$LOG")
    viraudit emit start --xml examples/guest.xml --pid 4711 && within 15 starts $((before + 1)) || return
    awk 'taken || !/resrc=disk/ { print; next } { taken = 1 }' "$LOG" >audit.log
}

is_installed() { ldconfig -p | grep -q 'libviraudit\.so\.0 ' && /usr/local/bin/viraudit --version; }
is_preloadable() { [ -z "$(LD_PRELOAD=libviraudit.so.0:libviraudit_preload.so true 2>&1)" ]; }

# is_a_rule KEY: the rule is loaded; it goes again.
is_a_rule() { auditctl -l | grep -Eq "(-k |key=)$1\$" && auditctl -D -k "$1"; }

# Without a daemon of libvirt's and its settings, as in a container that has only the tool.
daemons=(libvirtd virtqemud virtlxcd)
no_libvirt() {
    local daemon
    rm -f /etc/libvirt/libvirtd.conf
    for daemon in "${daemons[@]}"; do ln -s /dev/null "/etc/systemd/system/$daemon.service" || return; done
}
libvirt_is_back() { (cd /etc/systemd/system && rm "${daemons[@]/%/.service}"); }

# A container without CAP_AUDIT_WRITE, whose seccomp profile hides auditing.
without_auditing() {
    unshare -fpn --mount-proc setpriv --bounding-set=-audit_write,-audit_control \
        --inh-caps=-audit_write,-audit_control python3 "$SOURCE/tests/docs/hide_auditing.py" "$@"
}

# One that can be started; pidof would name the host's, too.
a_libvirtd_of_our_own() {
    command -v libvirtd virsh && compgen -G '/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so' &&
        ! pidof libvirtd
}

libvirtd_as_the_drop_in_says() {
    local preload
    preload=$(sed -n 's/^Environment=LD_PRELOAD=//p' /etc/systemd/system/libvirtd.service.d/viraudit.conf)
    python3 "$SOURCE/tests/system/libvirtd_alone.py" "$preload" "$PWD/libvirtd-ready" &
    libvirtd=$!
    trap 'kill "$libvirtd"; wait "$libvirtd"' EXIT
    within 60 test -e libvirtd-ready
}
