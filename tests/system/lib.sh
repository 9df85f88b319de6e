# What every system test starts with: sourced by NN-name.sh, never run by itself.
# shellcheck shell=bash

# A test that is started by hand gets its surroundings from the runner.
if [ -z "${VIRAUDIT_SYSTEM_TESTS:-}" ]; then
    exec "$(dirname "${BASH_SOURCE[0]}")/run" "$(basename "$0")"
fi

set -u
# Bytes are bytes, and the tools' dates are the same everywhere.
export LC_ALL=C TZ=UTC

TEST=$(basename "$0")
TEST=${TEST%.*}
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
WORK=$(mktemp -d "$VIRAUDIT_SYSTEM_TESTS/$TEST.XXXXXX")
AUDITD=
LOG=

trap 'leave $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

leave() {
    stop_auditd
    exit "$1"
}

# --- What a test says -----------------------------------------------------------------------------

pass() { echo "PASS $TEST: $1"; }
skip() { echo "SKIP $TEST: $1"; }
skip_all() { skip "$1"; exit 0; }

# fail WHAT [DETAIL]: goes on with the test.
fail() {
    echo "FAIL $TEST: $1"
    if [ -n "${2:-}" ]; then
        printf '%s\n' "$2" | cut -c 1-400 | head -n 40 | sed 's/^/     | /'
    fi
}

# equal WHAT EXPECTED ACTUAL
equal() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^</expected:/; s/^>/got:     /')"
    fi
}

# holds WHAT COMMAND...: passes when the command succeeds; its output tells why not.
holds() {
    local what=$1 out
    shift
    if out=$("$@" 2>&1); then pass "$what"; else fail "$what" "$* -> $?"$'\n'"$out"; fi
}

# has WHAT PATTERN TEXT: an extended regular expression, somewhere in the text.
has() {
    if printf '%s\n' "$3" | grep -aEq -e "$2"; then pass "$1"; else fail "$1" "no /$2/ in:"$'\n'"$3"; fi
}

# --- What a test needs ----------------------------------------------------------------------------

need_root() { [ "$(id -u)" = 0 ] || skip_all "needs root: $1"; }

need_tool() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip_all "needs $tool, which isn't installed"
    done
}

# The kernel's audit settings can be changed, and nobody else listens.
need_own_audit() {
    need_root "it changes the kernel's audit settings"
    need_tool auditctl auditd ausearch
    local enabled pid
    enabled=$(audit_status enabled) || skip_all "this kernel has no audit support"
    [ "$enabled" != 2 ] || skip_all "the kernel's audit settings are locked until the next boot"
    pid=${VIRAUDIT_SYSTEM_FOREIGN:-$(audit_status pid)}
    [ "$pid" = 0 ] || skip_all "another auditd runs here (pid $pid), and it is left in peace"
}

# --- Waiting --------------------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: looks again and again until the command succeeds. An emulated machine
# gets VIRAUDIT_EMULATED times as long.
wait_for() {
    local deadline=$((SECONDS + $1 * ${VIRAUDIT_EMULATED:-1}))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -le "$deadline" ] || return 1
        # Only so as not to spin; the look above decides.
        sleep 0.02
    done
}

# --- The kernel -----------------------------------------------------------------------------------

# audit_status KEY: enabled, pid, lost, backlog, ...
audit_status() {
    local value
    value=$(auditctl -s 2>/dev/null | awk -v key="$1" '$1 == key { print $2 }')
    [ -n "$value" ] && echo "$value"
}

audit_on() { auditctl -e 1 >/dev/null; }
audit_off() { auditctl -e 0 >/dev/null; }

# --- auditd ---------------------------------------------------------------------------------------

# start_auditd [RAW|ENRICHED [FLUSH]]: an auditd of our own, with nothing of the host's
# configuration; its log is $LOG, its process $AUDITD. Auditing is on afterwards. PLUGINS is the directory
# of its plugins' files, if it has any; SETTINGS are further lines of its configuration.
start_auditd() {
    local dir
    dir=$(mktemp -d "$WORK/auditd.XXXXXX")
    mkdir -m 700 "$dir/log" "$dir/plugins.d"
    [ -z "${PLUGINS:-}" ] || install -m 640 "$PLUGINS"/* "$dir/plugins.d"
    LOG=$dir/log/audit.log
    # It refuses a configuration that others may write, and any that isn't root's.
    (
        umask 077
        sed "s|@DIR@|$dir|; s|@FORMAT@|${1:-RAW}|; s|@FLUSH@|${2:-NONE}|" "$HERE/auditd.conf" \
            >"$dir/auditd.conf"
        printf '%s\n' "${SETTINGS:-}" >>"$dir/auditd.conf"
    )
    # Not -f: that writes no log. With -n it stays our child.
    auditd -n -c "$dir" -s enable </dev/null >"$dir/out" 2>&1 &
    AUDITD=$!
    if ! wait_for 15 auditd_listens; then
        fail "auditd starts" "$(cat "$dir/out")"
        exit 1
    fi
}

auditd_listens() { [ "$(audit_status pid)" = "$AUDITD" ] && [ -s "$LOG" ]; }
auditd_gone() { [ "$(audit_status pid)" = 0 ]; }

stop_auditd() {
    [ -n "$AUDITD" ] || return 0
    local pid=$AUDITD
    AUDITD=
    # One that is stopped by a signal doesn't hear the next.
    kill -CONT "$pid" 2>/dev/null
    kill -TERM "$pid" 2>/dev/null
    wait "$pid"
    wait_for 10 auditd_gone || fail "auditd leaves" "$(auditctl -s)"
}

# Returns once everything that was sent before is in the log: a message of another program's,
# behind it in the kernel's queue, has arrived.
fences=0
fence() {
    fences=$((fences + 1))
    local mark="fence-$$-$fences"
    auditctl -m "$mark" >/dev/null 2>&1
    wait_for 15 grep -aq "$mark" "$LOG" && return
    fail "the log goes on" "$mark isn't in it after 15 s; $(auditctl -s | tr '\n' ' ')"
    exit 1
}

# --- Lines of a log -------------------------------------------------------------------------------

# lines_of UUID [FILE]: the guest's lines.
lines_of() { grep -a "uuid=$1" "${2:-$LOG}"; }
count_of() { grep -ac "uuid=$1" "${2:-$LOG}"; }

# Lines on standard input -> `TYPE TEXT`, the text being what the program sent.
texts() { sed -E "s/^.*type=([^ ]*) msg=audit\([^)]*\): [^']*msg='/\1 /; s/'(\x1d.*)?\$//"; }

# Lines on standard input -> their types.
types() { sed -E 's/^.*type=([^ ]*) msg=audit.*/\1/'; }

# uuid N: a UUID that no other test uses.
uuid() { printf '%08x-%04x-4000-8000-%012x' "$$" "$((10#${TEST%%-*}))" "$1"; }

# --- The tools ------------------------------------------------------------------------------------

# The program under test, away from any terminal, so that `terminal=` is the same everywhere; what
# it prints goes to $WORK/out and $WORK/err, and its exit status is kept.
viraudit() {
    timeout 60 "$VIRAUDIT" "$@" </dev/null >"$WORK/out" 2>"$WORK/err"
}

# emits WHAT ARGUMENTS...: `viraudit emit ARGUMENTS` succeeds without a word on stderr.
emits() {
    local what=$1 status
    shift
    viraudit emit "$@"
    status=$?
    if [ "$status" = 0 ] && [ ! -s "$WORK/err" ]; then
        pass "$what"
    else
        fail "$what" "viraudit emit $* -> $status"$'\n'"$(cat "$WORK/err")"
    fi
}

# printed ARGUMENTS...: `TYPE TEXT` of what `viraudit emit ARGUMENTS --to stdout` prints.
printed() {
    viraudit emit "$@" --to stdout || { cat "$WORK/err"; return 1; }
    texts <"$WORK/out"
}

# guest_xml NAME UUID FILE: the example guest, under another name.
guest_xml() {
    sed -e "0,/<name>/s|<name>[^<]*</name>|<name>$1</name>|" \
        -e "0,/<uuid>/s|<uuid>[^<]*</uuid>|<uuid>$2</uuid>|" "$ROOT/examples/guest.xml" >"$3"
}

search() { ausearch -if "${SEARCH_LOG:-$LOG}" "$@" </dev/null 2>"$WORK/ausearch.err"; }
# auvirt itself, or ours where audit has none any more (audit 4): 85-auvirt holds it against audit 3's.
auvirt() { if [ -x /usr/bin/auvirt ]; then /usr/bin/auvirt "$@"; else "$VIRAUDIT" auvirt "$@"; fi; }
sessions() { auvirt --file "${SEARCH_LOG:-$LOG}" "$@" </dev/null; }

# one_line WHAT PATTERN FILE: the file is one line, `viraudit: ...`, that matches the pattern.
one_line() {
    if [ "$(wc -l <"$3")" = 1 ] && grep -Eq "^viraudit: .*($2)" "$3"; then
        pass "$1"
    else
        fail "$1" "expected one line 'viraudit: ... $2', got:"$'\n'"$(cat "$3")"
    fi
}

# --- A table of levels ----------------------------------------------------------------------------

# Each line of such a table is a guest of its own, which ends with --level LEVEL.
LEVELS=0
WANTED=

# at_level STATE LEVEL STATUS STDERR RECORDS [WRAPPER...]: the exit status, what is said (STDERR is a
# pattern, empty for silence), and how many records are to be in the log, which levels_logged looks at.
at_level() {
    local what="auditing $1, level $2" level=$2 status=$3 said=$4 records=$5 id
    shift 5
    LEVELS=$((LEVELS + 1))
    id=$(uuid $LEVELS)
    guest_xml "level-$$" "$id" "$WORK/guest.xml"
    timeout 60 "$@" "$VIRAUDIT" emit stop --xml "$WORK/guest.xml" --level "$level" \
        </dev/null >"$WORK/out" 2>"$WORK/err"
    equal "$what: exit status $status" "$status" $?
    if [ -n "$said" ]; then
        one_line "$what: one line says why" "$said" "$WORK/err"
    else
        equal "$what: it says nothing" "" "$(cat "$WORK/err")"
    fi
    WANTED="$WANTED$id $records
"
}

# levels_logged COUNT: the log has each line's records, and no other: a question that was asked on the
# way must not show as a record.
levels_logged() {
    local id records
    fence
    while read -r id records; do
        [ -z "$id" ] || equal "records in the log of ${id##*-}" "$records" "$(count_of "$id")"
    done <<<"$WANTED"
    equal "the log holds no other record of a guest" "$1" "$(grep -ac '^type=VIRT_' "$LOG")"
}
