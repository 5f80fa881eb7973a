#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Is the lab what it says it is? Snooping, loss, shaping, IPv6, source-specific groups; and does it
# leave nothing behind, whichever way it ends?
# shellcheck source-path=SCRIPTDIR source=lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

make_work_dir

# listen HOST GROUP [SOURCE]: starts a receiver and waits until it has joined.
declare -A listeners=()
listen() {
    local host=$1 group=$2 pid
    lab_bg pid "$host" "$MCPROBE" recv "$group" 9000 eth0 "$count" 1500 "${@:3}" \
        >"$work_dir/$host.out" </dev/null
    listeners[$host]=$pid
    wait_for 5 grep -q ready "$work_dir/$host.out" || fail "$host: the probe does not start"
    [[ ${3:-} == - ]] || wait_for 5 lab_is_member "$host" "$group" ||
        fail "$host: the switch does not know it as a member of $group"
}

send() { lab_exec sender "$MCPROBE" send "$1" 9000 eth0 "$count" 1472; }

# result HOST FIELD: what the listener says once nothing more comes.
result() {
    local pid=${listeners[$1]}
    wait_for 8 has_ended "$pid" || fail "$1: the probe does not end"
    sed -n "s/.*$2=\([0-9.]*\).*/\1/p" "$work_dir/$1.out"
}

# result_of_nothing HOST: for one that should have got nothing, when the others have all.
result_of_nothing() {
    kill -TERM "${listeners[$1]}"
    result "$1" received
}

# between LOW HIGH VALUE WHAT
between() {
    awk -v l="$1" -v h="$2" -v v="$3" 'BEGIN { exit !(v != "" && v + 0 >= l && v + 0 <= h) }' ||
        fail "$4: $3, expected $1 to $2"
    say "ok: $4: $3 ($1 to $2)"
}

members_only() {
    count=2000
    listen r1 "$1" && listen r2 "$1" && listen r3 "$1" -
    send "$1"
    between "$count" "$count" "$(result r1 received)" "$1: member r1"
    between "$count" "$count" "$(result r2 received)" "$1: member r2"
    between 0 0 "$(result_of_nothing r3)" "$1: r3, not a member"
    between 0 200000 $(($(lab_port_bytes r3 tx) - r3_before)) "$1: bytes that the port of r3 sent"
}

with_loss() {
    count=20000
    lab_loss r1 5
    listen r1 239.99.1.2
    listen r2 239.99.1.2
    send 239.99.1.2
    between 18700 19300 "$(result r1 received)" "r1 at 5 % loss"
    between "$count" "$count" "$(result r2 received)" "r2 without"
    between 700 1300 "$(lab_lost r1)" "dropped on the way to r1"
    lab_loss r1 0
    count=2000
    listen r1 239.99.1.2
    send 239.99.1.2
    between "$count" "$count" "$(result r1 received)" "r1 after the loss"
}

# 100 Mbit/s carries 95.7 Mbit/s of 1472-byte datagrams.
with_rate() {
    count=16000
    listen r1 239.99.1.3
    send 239.99.1.3
    local bytes seconds rate
    bytes=$(result r1 bytes)
    seconds=$(result r1 seconds)
    rate=$(awk -v b="$bytes" -v s="$seconds" 'BEGIN { printf "%.1f", b * 8 / s / 1e6 }')
    between 80 98 "$rate" "Mbit/s through a link of 100"
}

with_link_down() {
    count=100
    lab_link_down r2
    wait_for 5 lab_exec r2 bash -c 'ip link show eth0 | grep -q NO-CARRIER' || fail "r2: still up"
    ! lab_exec r2 timeout 1 bash -c 'echo >/dev/tcp/10.99.0.10/9' 2>&1 | grep -q refused ||
        fail "r2: reaches the sender over a link that is down"
    lab_link_up r2
    wait_for 5 lab_exec r2 bash -c 'timeout 1 bash -c "echo >/dev/tcp/10.99.0.10/9" 2>&1 |
        grep -q refused' || fail "r2: does not reach the sender again"
    say "ok: link down and up"
}

lab_rc=0
lab_start --receivers 3 --rate 100mbit || lab_rc=$?
((lab_rc != SKIP)) || skip "no lab on this machine"
((lab_rc == 0)) || fail "the lab does not start"

r3_before=$(lab_port_bytes r3 tx)
members_only 239.99.1.1
members_only ff15::99:1
count=2000
listen r1 232.99.1.1 10.99.0.10
listen r2 232.99.1.1 10.99.0.77
send 232.99.1.1
between "$count" "$count" "$(result r1 received)" "232.99.1.1: joined from the sender"
between 0 0 "$(result_of_nothing r2)" "232.99.1.1: joined from somebody else"
with_loss
with_rate
with_link_down

# --- what is left --------------------------------------------------------------------------------

# A second lab beside the first, ended in different ways; a process inside ignores signals.
traces() {
    ls -d "${TMPDIR:-/tmp}/wimcast-lab.$1".* 2>/dev/null
    pgrep -a -f "^lab-trace-$1 "
}

leaves_nothing() {
    local signal=$1 pid inside
    # shellcheck disable=SC2016
    setsid env --default-signal=INT "$WC_ROOT/tests/net/lab.sh" --receivers 2 -- bash -c '
        exec 3>"$1"
        "$LAB" exec r1 bash -c "trap \"\" INT TERM HUP; exec -a lab-trace-$PPID sleep 1000" &
        "$LAB" exec r2 "$MCPROBE" recv 239.1.2.3 9000 eth0 1 1000 &
        echo $PPID >&3
        [[ $2 == EXIT ]] || wait' - "$work_dir/second" "$signal" >/dev/null 2>&1 &
    pid=$!
    wait_for 20 test -s "$work_dir/second" || fail "the second lab does not start"
    inside=$(<"$work_dir/second")
    [[ $inside == "$pid" ]] || fail "second lab: pid $pid, but its child says $inside"
    [[ $signal == EXIT ]] || wait_for 5 traces "$pid" || fail "second lab: no trace of it"
    [[ $signal == EXIT ]] || kill "-$signal" "$pid"
    wait_for 10 has_ended "$pid" || fail "SIG$signal: the lab does not end"
    wait_for 5 no_traces "$pid" || fail "SIG$signal: left behind: $(traces "$pid")"
    rm -f "$work_dir/second"
    say "ok: nothing left after $signal"
}

no_traces() { ! traces "$1"; }

for signal in EXIT INT TERM HUP; do
    leaves_nothing "$signal"
done

hosts=$(cat "$LAB_DIR"/pid.*)
lab_stop
lab_stop
lab_hosts_gone "$hosts" || fail "hosts are left after lab_stop"
[[ -z $(traces $$) ]] || fail "left behind: $(traces $$)"
say "ok: nothing left after lab_stop, twice"
