#!/bin/bash
# No record is longer than what the kernel and auditd keep: none loses its end.
. "$(dirname "$0")/lib.sh"
need_own_audit

repeat() { printf "%$2s" '' | tr ' ' "$1"; }
limit=8560

for format in RAW ENRICHED; do
    start_auditd "$format"

    # Two paths that take 16 KiB in hex.
    id=$(uuid 1)
    args=(disk --virt kvm --name "long-$$" --uuid "$id" --reason update
        --old "/old $(repeat x 4086)" --new "/new $(repeat y 4086)")
    emits "$format: emit two paths of 4 KiB with blanks" "${args[@]}"
    fence
    text=$(lines_of "$id" | texts | cut -d' ' -f 2-)
    has "$format: the record ends with its result" "terminal=\? res=success\$" "$text"
    has "$format: it names what was shortened" " truncated=old-disk,new-disk exe=\"" "$text"
    has "$format: each path keeps its beginning" " old-disk=2F6F6C6420(78)+ new-disk=2F6E657720(79)+ " "$text"
    if [ "${#text}" -le $limit ] && [ "${#text}" -gt $((limit - 10)) ]; then
        pass "$format: nothing that fits is given away (${#text} bytes)"
    else
        fail "$format: nothing that fits is given away" "${#text} bytes"
    fi
    equal "$format: ausearch finds it as a success" 1 \
        "$(search -uu "$id" -sv yes --raw | grep -ac "uuid=$id")"
    id=$(uuid 2)
    args=(disk --virt kvm --name "long-$$" --uuid "$id" --reason attach --new "/$(repeat a 60000)")
    emits "$format: emit a path of 60,000 bytes" "${args[@]}"
    fence
    has "$format: it ends with its result too" " truncated=new-disk exe=.* res=success\$" \
        "$(lines_of "$id" | texts)"

    # As long as can be, to the byte.
    id=$(uuid 3)
    args=(disk --virt kvm --name "full-$$" --uuid "$id" --reason attach --new)
    short=$(printed "${args[@]}" / | cut -d' ' -f 2-)
    fitting=/$(repeat b $((limit - ${#short})))
    emits "$format: emit a text of exactly $limit bytes" "${args[@]}" "$fitting"
    fence
    text=$(lines_of "$id" | texts | cut -d' ' -f 2-)
    equal "$format: the log has all $limit" $limit "${#text}"
    has "$format: whole" " new-disk=\"/b+\" exe=.* res=success\$" "$text"
    equal "$format: with the whole path" ${#fitting} \
        "$(printf '%s' "$text" | sed -E 's/.* new-disk="([^"]*)".*/\1/' | wc -c)"
    equal "$format: ausearch finds it by UUID" 1 "$(search -uu "$id" --raw | grep -ac "uuid=$id")"

    id=$(uuid 4)
    args=(disk --virt kvm --name "full-$$" --uuid "$id" --reason attach --new)
    emits "$format: emit a text of one byte more" "${args[@]}" "${fitting}c"
    fence
    text=$(lines_of "$id" | texts | cut -d' ' -f 2-)
    has "$format: its value is shortened" " truncated=new-disk exe=.* res=success\$" "$text"
    [ "${#text}" -le $limit ] || fail "$format: it is $limit bytes at most" "${#text}"
    stop_auditd
done
