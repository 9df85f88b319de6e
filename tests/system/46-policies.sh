#!/bin/bash
# The policies of conf/ are valid, and each gives what its task needs, and no more.
. "$(dirname "$0")/lib.sh"

# --- AppArmor -------------------------------------------------------------------------------------

# abstraction NAME CAPABILITIES-AND-PTRACE: in a profile that includes nothing else.
abstraction() {
    local profile=$WORK/apparmor/$1 rules
    {
        echo 'abi <abi/3.0>,'
        echo 'include <tunables/global>'
        echo "profile $1 /usr/bin/$1 {"
        # A profile that allows nothing at all isn't parsed.
        echo "  /usr/bin/$1 mr,"
        if [ -e "$WORK/apparmor/abstractions/$1" ]; then
            echo "  include <abstractions/$1>"
        else
            cat "$ROOT/conf/apparmor/local/$1"
        fi
        echo '}'
    } >"$profile"
    # As the file's header says; the second directory is the distribution's, for the tunables.
    local parser=(apparmor_parser -Q -K -T -I "$WORK/apparmor" -I /etc/apparmor.d)
    holds "$1: valid" "${parser[@]}" "$profile"
    rules=$("${parser[@]}" -p "$profile" 2>/dev/null |
        sed -nE 's/^ *((capability|ptrace|network|signal|mount|change_profile)\b.*),$/\1/p' | sort | paste -sd';')
    equal "$1: what it allows besides files" "$2" "$rules"
}

if ! command -v apparmor_parser >/dev/null; then
    skip "AppArmor: needs apparmor_parser, which isn't installed"
else
    mkdir -p "$WORK/apparmor/abstractions"
    cp "$ROOT"/conf/apparmor/viraudit* "$WORK/apparmor/abstractions/"
    sending="capability audit_write;network netlink raw"
    abstraction viraudit "$sending"
    abstraction viraudit-check "capability audit_control"
    abstraction viraudit-queue \
        "capability audit_control;capability sys_ptrace;ptrace (read) peer=unconfined"
    abstraction viraudit-status "capability audit_control"
    abstraction usr.sbin.libvirtd "$sending"
    equal "each abstraction is tried here" 4 "$(find "$ROOT/conf/apparmor" -name 'viraudit*' | wc -l)"
fi

# --- SELinux --------------------------------------------------------------------------------------

module=$ROOT/conf/selinux/viraudit.te
if ! command -v checkmodule >/dev/null || ! command -v semodule_package >/dev/null; then
    skip "SELinux: needs checkmodule and semodule_package, which aren't installed"
else
    holds "SELinux: valid" checkmodule -M -m -o "$WORK/viraudit.mod" "$module"
    holds "SELinux: can be packed" semodule_package -o "$WORK/viraudit.pp" -m "$WORK/viraudit.mod"
fi
equal "SELinux: a host's domains only send" "virtd_t viraudit_sender
virtqemud_t viraudit_sender" "$(sed -nE 's/^ *typeattribute ([a-z_]+) (.*);/\1 \2/p' "$module")"
equal "SELinux: a sender has one capability" "audit_write" \
    "$(sed -nE 's/^allow viraudit_sender self:capability2? (.*);/\1/p' "$module")"
