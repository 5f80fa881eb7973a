# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What every script in tests/net shares: cleaning up on every way out, waiting for conditions with a
# deadline (never sleep and hope), failing with a reason, reading JSON events. Source it.
set -euo pipefail

WC_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WC_BUILD_DIR=${WC_BUILD_DIR:-$WC_ROOT/build}
WC_BIN_DIR=${WC_BIN_DIR:-$WC_BUILD_DIR/bin}
SENDER=$WC_BIN_DIR/wimcast-sender
RECEIVER=$WC_BIN_DIR/wimcast-receiver
MCPROBE=$WC_BUILD_DIR/tests/mcprobe
export WC_ROOT WC_BUILD_DIR WC_BIN_DIR SENDER RECEIVER MCPROBE

SKIP=77 # what ctest takes for "skipped"
export SKIP

# --- leaving -------------------------------------------------------------------------------------

exit_commands=()
export exit_rc=0 # for them to see
exit_owner=$BASHPID

# at_exit COMMAND...: run at exit, whatever the reason, last registered first.
at_exit() { exit_commands+=("$(printf '%q ' "$@")"); }

run_exit_commands() {
    local rc=$? i
    ((BASHPID == exit_owner)) || return 0
    exit_rc=$rc
    trap '' INT TERM HUP PIPE
    set +e
    for ((i = ${#exit_commands[@]} - 1; i >= 0; i--)); do
        eval "${exit_commands[i]}"
    done
    exit_commands=()
    exit "$rc"
}
trap run_exit_commands EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 141' PIPE

# --- saying --------------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }

# fail REASON: ends the test.
fail() {
    say "FAIL: $*" >&2
    exit 1
}

skip() {
    say "SKIP: $*"
    exit "$SKIP"
}

# --- waiting -------------------------------------------------------------------------------------

# Of the clock that nobody sets.
now_ms() {
    local uptime
    read -r uptime _ </proc/uptime
    say $((10#${uptime/./} * 10))
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds; returns 1 when the time is over.
wait_for() {
    local deadline_ms=$(($(now_ms) + $1 * 1000))
    shift
    until "$@" >/dev/null 2>&1; do
        (($(now_ms) < deadline_ms)) || return 1
        sleep 0.05
    done
}

is_alive() { [[ -e /proc/$1 && $(process_state "$1") != Z ]]; }

process_state() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null; }

has_ended() { ! is_alive "$1"; }

# wait_end SECONDS PID: waits for a child of this shell, sets `ended_rc`; 1 when the time is over.
export ended_rc=
wait_end() {
    wait_for "$1" has_ended "$2" || return 1
    ended_rc=0
    wait "$2" 2>/dev/null || ended_rc=$?
}

# --- files ---------------------------------------------------------------------------------------

work_dir= # a directory of this run, gone at exit
make_work_dir() {
    [[ -n $work_dir ]] && return 0
    work_dir=$(mktemp -d "${TMPDIR:-/tmp}/wimcast-test.XXXXXX")
    at_exit rm -rf "$work_dir"
}

sha256() { sha256sum -- "$1" | cut -d' ' -f1; }

# random_file PATH BYTES SEED: the same bytes for the same seed, and quick.
random_file() {
    openssl enc -aes-128-ctr -nosalt -pass "pass:$3" -pbkdf2 -iter 1 -in /dev/zero 2>/dev/null |
        head -c "$2" >"$1" || [[ $(stat -c %s "$1") == "$2" ]]
}

# --- JSON events ---------------------------------------------------------------------------------

# json_get FILE EVENT FIELD: of the last such event; empty if there is none.
json_get() {
    jq -rR --arg event "$2" "fromjson? | select(.event == \$event) | $3 // empty" "$1" | tail -n 1
}

has_event() { [[ -n $(jq -cR --arg event "$2" 'fromjson? | select(.event == $event)' "$1") ]]; }

# --- WIMs ----------------------------------------------------------------------------------------

# wim COMMAND...: wimlib-imagex, quietly; what it said is in wim.log.
wim() { wimlib-imagex "$@" >wim.log 2>&1 || fail "wimlib-imagex $*: $(tail -n 3 wim.log)"; }

# flip FILE OFFSET [XOR]: one byte.
flip() {
    local byte
    byte=$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tu1)
    printf '%b' "\\x$(printf %02x $((byte ^ ${3:-0x41})))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
