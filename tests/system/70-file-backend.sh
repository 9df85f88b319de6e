#!/bin/bash
# ausearch and auvirt read what `--to file:` writes, also when two processes write at once.
. "$(dirname "$0")/lib.sh"
need_tool ausearch

file=$WORK/made.log
SEARCH_LOG=$file
id=$(uuid 1)
name=filed-$$
guest_xml "$name" "$id" "$WORK/guest.xml"
expected=$(printed start --xml "$WORK/guest.xml" --pid 77)
emits "emit start" start --xml "$WORK/guest.xml" --pid 77 --to "file:$file"
equal "the file holds what --to stdout prints" "$expected" "$(texts <"$file")"
equal "nobody else may read it" 600 "$(stat -c %a "$file")"
count=$(wc -l <"$file")
equal "ausearch finds each record by name" "$count" "$(search --vm-name "$name" --raw | grep -ac ^type)"
equal "ausearch finds each record by UUID" "$count" "$(search -uu "$id" --raw | grep -ac ^type)"
emits "emit stop" stop --xml "$WORK/guest.xml" --pid 77 --to "file:$file"
has "auvirt shows the closed session" "^$name .* - [0-9]{2}:[0-9]{2} " "$(sessions)"

# Two at once, again and again.
rounds=25
writer() {
    local i
    for ((i = 0; i < rounds; i++)); do
        "$VIRAUDIT" emit start --xml "$WORK/$1.xml" --to "file:$file" </dev/null || return 1
    done
}
guest_xml "one-$$" "$(uuid 2)" "$WORK/one.xml"
guest_xml "two-$$" "$(uuid 3)" "$WORK/two.xml"
writer one 2>"$WORK/one.err" &
one=$!
writer two 2>"$WORK/two.err" &
two=$!
wait $one && wait $two
equal "two writers at once succeed" 0 $?
equal "without a word" "" "$(cat "$WORK/one.err" "$WORK/two.err")"
equal "each line is whole" 0 "$(grep -acvE "^type=VIRT_[A-Z_]+ msg=audit\([0-9]+\.[0-9]{3}:[0-9]+\): pid=[0-9]+ .* msg='virt=.* res=(success|failed)'\$" "$file")"
equal "none is lost" $((count + 1 + 2 * rounds * count)) "$(wc -l <"$file")"
equal "each has a serial number of its own" "" "$(sed -E 's/.*:([0-9]+)\).*/\1/' "$file" | sort | uniq -d)"
equal "a guest's records stay together and in order" "$rounds" \
    "$(sed -nE 's/.* vm="([^"]*)".*/\1/p' "$file" | uniq -c | awk -v n="$count" '$2 == "one-'$$'" { s += $1 } END { print s / n }')"
equal "ausearch finds each" $((rounds * count)) "$(search --vm-name "two-$$" --raw | grep -ac ^type)"
equal "auvirt finds each start" "$rounds" "$(sessions --vm "one-$$" | grep -c "^one-")"
