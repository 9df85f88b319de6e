#!/bin/bash
# No name of a guest can break a line, add a field or hide the result.
. "$(dirname "$0")/lib.sh"
need_own_audit
start_auditd ENRICHED

try() {
    local what=$1 name=$2 id lines
    id=$(uuid "$3")
    local args=(disk --virt kvm --name "$name" --uuid "$id" --reason attach --new "/images/$name")
    emits "$what: emit" "${args[@]}"
    fence
    lines=$(lines_of "$id")
    equal "$what: one record is one line" 1 "$(printf '%s\n' "$lines" | wc -l)"
    equal "$what: the line is what --to stdout prints" "$(printed "${args[@]}")" \
        "$(printf '%s\n' "$lines" | texts)"
    has "$what: it ends with its true result" " res=success\$" "$(printf '%s\n' "$lines" | texts)"
    equal "$what: it has one result" 1 "$(printf '%s\n' "$lines" | texts | grep -o ' res=' | wc -l)"
    equal "$what: ausearch takes it for one success" 1 \
        "$(search -uu "$id" -sv yes --raw | grep -ac "uuid=$id")"
    equal "$what: and for no failure" 0 "$(search -uu "$id" -sv no --raw | grep -ac "uuid=$id")"
    # Bytes below 32 are shown as \ooo.
    equal "$what: ausearch -i shows the name" "vm=$4" \
        "$(search -uu "$id" -i | sed -nE "s/.* (vm=.*) uuid=$id .*/\\1/p")"
}

try newline $'web\ntype=VIRT_CONTROL msg=audit(1.1:1): res=failed' 1 \
    'web\012type=VIRT_CONTROL msg=audit(1.1:1): res=failed'
try blank "web res=failed" 2 "web res=failed"
try 'double quote' 'web" res=failed uuid="' 3 'web" res=failed uuid="'
try 'single quote' "it's" 4 "it's"
try 'end of msg' "web'" 5 "web'"
try 'not UTF-8' $'caf\xe9' 6 $'caf\xe9'
try 'UTF-8' 'café' 7 'café'
try 'separator' $'web\x1dUID="nobody"' 8 'web\035UID="nobody"'
try 'hex by chance' 'deadbeef' 9 'deadbeef'
