#!/bin/bash
# A guest's start and stop reach the kernel, auditd's log, ausearch and auvirt.
. "$(dirname "$0")/lib.sh"
need_own_audit

name=web-$$
id=$(uuid 1)
xml=$WORK/guest.xml
guest_xml "$name" "$id" "$xml"

for format in RAW ENRICHED; do
    start_auditd "$format"
    expected=$(printed start --xml "$xml" --pid 4242 --reason booted)
    before=$(date +%s)
    emits "$format: emit start" start --xml "$xml" --pid 4242 --reason booted
    after=$(date +%s)
    fence
    equal "$format: the log holds what --to stdout prints, in its order" \
        "$expected" "$(lines_of "$id" | texts)"
    count=$(printf '%s\n' "$expected" | wc -l)
    [ "$count" -ge 10 ] || fail "$format: the example has many records" "$expected"
    equal "$format: the record of the start comes last" "VIRT_CONTROL" \
        "$(lines_of "$id" | types | tail -n 1)"

    for type in VIRT_CONTROL VIRT_RESOURCE VIRT_MACHINE_ID; do
        equal "$format: ausearch -m $type finds each" \
            "$(lines_of "$id" | grep -ac "^type=$type ")" \
            "$(search -m $type --raw | grep -ac "uuid=$id")"
    done
    equal "$format: ausearch --vm-name finds each record" "$count" \
        "$(search --vm-name "$name" --raw | grep -ac "uuid=$id")"
    equal "$format: ausearch -uu finds each record" "$count" \
        "$(search -uu "$id" --raw | grep -ac "uuid=$id")"
    search --vm-name "no-$name" >/dev/null
    equal "$format: ausearch finds nothing for another name" "<no matches>" "$(cat "$WORK/ausearch.err")"

    stamp=$(lines_of "$id" | tail -n 1 | sed -E 's/.*audit\(([0-9]+)\..*/\1/')
    if [ "$stamp" -ge "$before" ] && [ "$stamp" -le "$after" ]; then
        pass "$format: the record's time is that of the start"
    else
        fail "$format: the record's time is that of the start" "$before <= $stamp <= $after"
    fi
    has "$format: auvirt shows the open session" \
        "^$name +	root +	$(date -d "@$stamp" '+%a %b %e %H:%M') *\$" "$(sessions --vm "$name")"

    emits "$format: emit stop" stop --xml "$xml" --pid 4242 --reason shutdown
    fence
    end=$(lines_of "$id" | tail -n 1 | sed -E 's/.*audit\(([0-9]+)\..*/\1/')
    shown=$(sessions --vm "$name" --proof)
    has "$format: auvirt shows the closed session" \
        "^$name +	root +	$(date -d "@$stamp" '+%a %b %e %H:%M') - $(date -d "@$end" '+%H:%M') " "$shown"
    serials=$(lines_of "$id" | grep -a ' op=' | sed -E 's/.*audit\([0-9.]*:([0-9]+)\).*/\1/' | paste -sd,)
    has "$format: auvirt's proof is the records of its start and its stop" "Proof:$serials\$" \
        "$(printf '%s' "$shown" | tr -d ' ')"
    has "$format: auvirt counts one start" "guest starts: +1\$" "$(sessions --vm "$name" --summary)"
    has "$format: auvirt counts one stop" "guest stops: +1\$" "$(sessions --vm "$name" --summary)"
    stop_auditd
done

start_auditd
emits "emit start --failed" start --xml "$xml" --reason booted --failed
fence
has "a start that failed says so in its own record" "op=start .* res=failed\$" "$(lines_of "$id" | texts)"
equal "and only there" 1 "$(lines_of "$id" | grep -ac 'res=failed')"
has "auvirt shows that it failed" "^$name .* - failed *\$" "$(sessions --vm "$name")"
