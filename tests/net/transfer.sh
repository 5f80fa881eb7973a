# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One sender and its receivers, in a lab or (local_mode=1) on this host: start them, wait for what
# they say, check what they did. Source it. Output of NAME is in $work_dir/NAME.{json,err}, what it
# received in $work_dir/NAME/.
# shellcheck source-path=SCRIPTDIR source=lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

local_mode=
interface=eth0
sender_name=sender # of its output
sender_pid=
url=
declare -A receiver_pid=()
wrapper=() # what both programs are started by

# Keys and other state of the programs stay in this run's folder.
prepare_transfer() {
    [[ -x $SENDER && -x $RECEIVER ]] || fail "not built: $SENDER, $RECEIVER"
    make_work_dir
    export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/home/state
    mkdir -p "$HOME"
    at_exit show_output_if_failed
}

# require_lab OPTIONS...: starts the lab, or leaves the test as skipped.
require_lab() {
    local rc=0
    lab_start "$@" || rc=$?
    ((rc != SKIP)) || skip "no lab on this machine"
    ((rc == 0)) || fail "the lab does not start"
}

show_output_if_failed() {
    local rc=$? file
    ((exit_rc != 0 && exit_rc != SKIP)) || return "$rc"
    for file in "$work_dir"/*.err "$work_dir"/*.json; do
        [[ -s $file ]] || continue
        say "--- ${file##*/}" >&2
        tail -n 12 "$file" | cut -c 1-400 >&2
    done
}

# run_bg VAR HOST COMMAND...
run_bg() {
    if [[ -n $local_mode ]]; then
        local -n run_bg_ret=$1
        shift 2
        setpriv --pdeathsig KILL env --default-signal=INT,QUIT "$@" &
        # shellcheck disable=SC2034
        run_bg_ret=$!
        at_exit kill_quietly $!
    else
        lab_bg "$@"
    fi
}

# Waits for it, so that the shell has nothing to say about it later.
kill_quietly() {
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# start_sender ARGUMENTS...: sets `url`.
start_sender() {
    run_sender sender "$@" 2>"$work_dir/$sender_name.err"
}

# run_sender HOST ARGUMENTS...: the same, stderr as it is.
run_sender() {
    local events=$work_dir/$sender_name.json
    : >"$events"
    run_bg sender_pid "$1" "${wrapper[@]}" "$SENDER" send --json --interface "$interface" "${@:2}" \
        </dev/null >"$events"
    wait_for 60 sender_is_up "$events" || fail "the sender does not say where its session is"
    url=$(json_get "$events" session .url)
    [[ $url == wimcast://* ]] || fail "no URL in the sender's session event: '$url'"
}

sender_is_up() { has_event "$1" session || ! is_alive "$sender_pid"; }

# start_receiver NAME [ARGUMENTS...]: NAME is a host, or a host and a suffix: r1-again.
start_receiver() {
    local name=$1 pid
    shift
    mkdir -p "$work_dir/$name"
    run_bg pid "${name%%-*}" "${wrapper[@]}" "$RECEIVER" fetch --json \
        --interface "$interface" --name "$name" "$@" \
        </dev/null >"$work_dir/$name.json" 2>"$work_dir/$name.err"
    receiver_pid[$name]=$pid
}

# fetch_into NAME [ARGUMENTS...]: the usual receiver.
fetch_into() { start_receiver "$1" "$url" --output "$work_dir/$1/" "${@:2}"; }

# end_of_sender SECONDS EXIT_CODE
end_of_sender() {
    wait_end "$1" "$sender_pid" || fail "the sender has not ended after $1 s"
    [[ $ended_rc == "$2" ]] || fail "the sender ended with $ended_rc, expected $2"
}

# end_of_receiver NAME SECONDS EXIT_CODE
end_of_receiver() {
    wait_end "$2" "${receiver_pid[$1]}" || fail "$1 has not ended after $2 s"
    [[ $ended_rc == "$3" ]] || fail "$1 ended with $ended_rc, expected $3"
}

# wait_ready NAME: until multicast reaches it.
is_ready() { has_event "$work_dir/$1.json" ready; }
wait_ready() { wait_for 30 is_ready "$1" || fail "$1 does not get ready"; }

# same FILE_OR_FOLDER RECEIVED: content, byte by byte, and nothing more nor less.
same() { diff -r -q "$1" "$2" >&2 || fail "$2 differs from $1"; }

# number NAME FIELD LOW HIGH: a number of a summary lies between two others.
number() {
    local value
    value=$(json_get "$work_dir/$1.json" summary "$2")
    [[ -n $value ]] || fail "$1: the summary has no $2"
    awk -v v="$value" -v l="$3" -v h="$4" 'BEGIN { exit !(v + 0 >= l && v + 0 <= h) }' ||
        fail "$1: $2 is $value, expected $3 to $4"
}

# says NAME PATTERN: in its messages or events, whatever the case.
says() { grep -q -i -E -e "$2" "$work_dir/$1.err" "$work_dir/$1.json"; }

must_say() {
    says "$1" "$2" || fail "$1 says nothing like: $2"
}

# Bytes that have come from the sender into the switch since `mark_wire`.
wire_mark=0
mark_wire() { wire_mark=$(lab_port_bytes sender rx); }
wire_passed() { (($(lab_port_bytes sender rx) - wire_mark >= $1)); }

# wait_wire BYTES: until that much of the transfer has left the sender.
wait_wire() { wait_for 60 wire_passed "$1" || fail "the sender sends too little"; }

# Nothing of the package is there under its final name.
nothing_final() {
    local found
    found=$(find "$work_dir/$1" -type f ! -name '*.part' ! -name '*.part.journal')
    [[ -z $found ]] || fail "$1: under a final name: $found"
}
