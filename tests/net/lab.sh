#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A network in a box: one switch, one sender host and N receiver hosts, all in network namespaces of
# this machine; no hardware, and nothing is changed outside of the namespaces.
#
#   source tests/net/lab.sh            in a test (it brings lib.sh along)
#     lab_start [options]              77: this machine does not allow it, the reason is printed
#       --receivers N                  hosts r1..rN (default 5)
#       --rate R                       all links, both ways, for example 200mbit (default 1gbit)
#       --offload                      GSO/GRO on (fast); default off: every frame on its own
#     lab_exec HOST COMMAND...         run inside sender, r1.. or switch
#     lab_bg VAR HOST COMMAND...       the same in the background; VAR gets the pid of COMMAND
#     lab_loss HOST PERCENT            random loss of UDP on the way to HOST, any time; 0 ends it
#     lab_lost HOST                    datagrams dropped by it so far
#     lab_rate HOST R                  reshape one link
#     lab_link_down HOST, lab_link_up HOST
#     lab_port_bytes HOST rx|tx        bytes that the switch port got from HOST (rx) or sent to it
#     lab_is_member HOST GROUP         does the switch's table list that port for the group?
#     lab_address HOST, lab_address6 HOST
#     lab_stop                         ends what runs inside, removes all; happens at exit anyway
#
#   tests/net/lab.sh [options] [-- COMMAND...]     by hand: a shell (or COMMAND) in a running lab
#     inside: $LAB exec r1 COMMAND...; $LAB loss r1 1.5; $LAB link_down r1; and so on
#
# How. Each host is a process that sleeps in its own network (and mount) namespace. Hosts and what
# lab_bg started in them die with the script, so even SIGKILL leaves no more than a small folder in
# /tmp. Nothing has a name outside: any number of labs run side by side. The switch is a Linux
# bridge with IGMP and MLD snooping and a querier; without one it would flood. The intervals are
# short (query 2 s, response 1 s, membership 5 s), so that tests see in seconds what takes minutes
# in the field. Links are shaped at both ends by tbf with `overhead 24` (preamble, FCS, gap: what
# Ethernet really takes). Everybody is on 10.99.0.0/24 and fd99::/64: sender .10, receivers .101
# and up, switch .254.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LAB_DIR=${LAB_DIR:-} # pid.HOST files and settings of the running lab
lab_owned=           # set in the shell that started it

lab_pid() { cat "$LAB_DIR/pid.$1" 2>/dev/null || { say "lab: no host $1" >&2; return 1; }; }

lab_port() { if [[ $1 == sender ]]; then say p0; else say "p${1#r}"; fi; }

lab_address() {
    case $1 in
        switch) say 10.99.0.254 ;;
        sender) say 10.99.0.10 ;;
        *) say "10.99.0.$((100 + ${1#r}))" ;;
    esac
}

lab_address6() {
    case $1 in
        switch) say fd99::fe ;;
        sender) say fd99::10 ;;
        *) say "fd99::1:${1#r}" ;;
    esac
}

# A mount namespace is for /sys only, which shows the devices of the namespace that mounted it; in
# a plain chroot it is not allowed, and we go on without.
lab_namespaces=(-n -m)
lab_choose_namespaces() { unshare "${lab_namespaces[@]}" true 2>/dev/null || lab_namespaces=(-n); }

lab_exec() {
    local pid
    pid=$(lab_pid "$1") || return 1
    shift
    nsenter -t "$pid" "${lab_namespaces[@]}" --wd="$PWD" -- "$@"
}

# setpriv, env and nsenter become the command (no fork), so the pid is the command's own. A shell
# lets what it starts in the background ignore SIGINT; env undoes that.
lab_bg() {
    local -n lab_bg_ret=$1
    local lab_bg_host
    lab_bg_host=$(lab_pid "$2") || return 1
    shift 2
    setpriv --pdeathsig KILL env --default-signal=INT,QUIT \
        nsenter -t "$lab_bg_host" "${lab_namespaces[@]}" --wd="$PWD" -- "$@" &
    # shellcheck disable=SC2034
    lab_bg_ret=$!
}

# --- what this machine allows --------------------------------------------------------------------

# Says what is missing, and returns 77, or returns 0.
lab_probe() {
    local tool reason
    for tool in ip bridge tc nft ethtool nsenter unshare setpriv; do
        command -v "$tool" >/dev/null || { say "lab: $tool is not installed"; return "$SKIP"; }
    done
    if ((EUID != 0)); then
        say "lab: network namespaces need root"
        return "$SKIP"
    fi
    # shellcheck disable=SC2016
    reason=$(unshare -n bash -c '
        try() { "$@" >/dev/null 2>&1 || { echo "lab: not allowed here: $*"; exit 1; }; }
        try ip link add br0 type bridge mcast_snooping 1 mcast_querier 1
        try ip link add p0 type veth peer name eth0
        try tc qdisc replace dev p0 root tbf rate 1gbit burst 128kb limit 1mb overhead 24
        try nft "table netdev t {
            chain c {
                type filter hook egress device p0 priority 0
                meta l4proto udp numgen random mod 100000 < 1 counter drop
            }
        }"
    ' 2>&1) && return 0
    say "${reason:-lab: network namespaces are not allowed here}"
    return "$SKIP"
}

# --- building ------------------------------------------------------------------------------------

# A sleeping process in new namespaces. It dies with us, and with it all that it holds.
lab_add_host() {
    local name=$1 pid
    # shellcheck disable=SC2016
    unshare "${lab_namespaces[@]}" setpriv --pdeathsig KILL bash -c '
        [[ $1 != *-m* ]] || mount -t sysfs sysfs /sys 2>/dev/null
        : >"$0"
        exec sleep infinity' "$LAB_DIR/up.$name" "${lab_namespaces[*]}" \
        </dev/null >"$LAB_DIR/log.$name" 2>&1 &
    pid=$!
    disown "$pid"
    say "$pid" >"$LAB_DIR/pid.$name"
    wait_for 10 test -e "$LAB_DIR/up.$name" || { cat "$LAB_DIR/log.$name" >&2; return 1; }
    lab_exec "$name" sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 \
        net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 2>/dev/null || true
    lab_exec "$name" ip link set lo up
}

lab_make_switch() {
    lab_add_host switch || return 1
    lab_in switch "
        ip link add br0 address 02:99:00:00:00:fe type bridge stp_state 0 forward_delay 0 \
            mcast_snooping 1 mcast_query_use_ifaddr 1 mcast_igmp_version 3 mcast_mld_version 2 \
            mcast_query_response_interval 100 mcast_query_interval 200 \
            mcast_membership_interval 500 mcast_querier_interval 600 \
            mcast_startup_query_interval 50 mcast_startup_query_count 3
        ip address add $(lab_address switch)/24 broadcast 10.99.0.255 dev br0
        ip -6 address add $(lab_address6 switch)/64 dev br0 nodad
        ip link set br0 up
        ip link set br0 type bridge mcast_querier 1"
}

# Every frame for itself. A host's interface may put together again what it received, as cards and
# their drivers do (gro on); a switch never does.
lab_offloads_off() {
    ethtool -K "$1" gso off tso off tx-udp-segmentation off tx off rx off gro "$2"
}

# Queue: hosts hold more than any socket may have in flight, a switch port about a megabyte.
lab_shape() {
    local device=$1 rate=$2 queue=$3 burst=128kb
    if [[ $rate =~ ^([0-9]+)mbit$ ]] && ((BASH_REMATCH[1] <= 200)) && ! lab_has offload; then
        burst=16kb
    fi
    tc qdisc replace dev "$device" root tbf rate "$rate" burst "$burst" limit "$queue" overhead 24
}

lab_has() { [[ -e $LAB_DIR/has.$1 ]]; }

# lab_in HOST SCRIPT: runs it there, up to the first command that fails.
lab_in() {
    lab_exec "$1" bash -c "set -e
        $(declare -f say lab_has lab_shape lab_offloads_off)
        ${*:2}"
}

lab_plug() {
    local name=$1 rate=$2 port
    port=$(lab_port "$name")
    lab_add_host "$name" || return 1
    lab_in switch "
        ip link add $port type veth peer name eth0 netns $(lab_pid "$name")
        ip link set $port master br0 up
        lab_has offload || lab_offloads_off $port off
        lab_shape $port $rate 1mb" || return 1
    lab_in "$name" "lab_has offload || lab_offloads_off eth0 on
        ip address add $(lab_address "$name")/24 broadcast 10.99.0.255 dev eth0
        ip -6 address add $(lab_address6 "$name")/64 dev eth0 nodad
        ip link set eth0 up
        ip route add 224.0.0.0/4 dev eth0
        ip -6 route replace multicast ff00::/8 dev eth0 table local
        lab_shape eth0 $rate 16mb"
}

lab_start() {
    local receivers=5 rate=1gbit offload='' i
    while (($#)); do
        case $1 in
            --receivers) receivers=$2; shift 2 ;;
            --rate) rate=$2; shift 2 ;;
            --offload) offload=1; shift ;;
            *) say "lab: unknown option $1" >&2; return 64 ;;
        esac
    done
    ((receivers >= 1 && receivers <= 100)) || { say "lab: 1 to 100 receivers" >&2; return 64; }
    lab_probe || return
    lab_choose_namespaces
    lab_stop
    LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/wimcast-lab.$$.XXXXXX")
    export LAB_DIR
    lab_owned=1
    at_exit lab_stop
    [[ -z $offload ]] || : >"$LAB_DIR/has.offload"
    lab_make_switch && lab_plug sender "$rate" || return 1
    for ((i = 1; i <= receivers; i++)); do
        lab_plug "r$i" "$rate" || return 1
    done
    # Until one response interval after the first query the bridge floods, because there may be
    # members it has not heard of. Nothing shows when that ends, so this one wait is by the clock.
    sleep 1.5
    for ((i = 1; i <= receivers; i++)); do
        wait_for 10 lab_reaches "r$i" || { say "lab: the sender does not reach r$i" >&2; return 1; }
    done
}

# Does r1 answer the sender? A datagram to the discard port makes the kernel ask for its address.
lab_reaches() {
    lab_exec sender bash -c "echo >/dev/udp/$(lab_address "$1")/9
        ip neigh show $(lab_address "$1") | grep -q lladdr"
}

# --- faults and looks ----------------------------------------------------------------------------

# Replaced as one transaction: no datagram passes between the old rule and the new one.
lab_loss() {
    local port ppm rule
    port=$(lab_port "$1")
    ppm=$(LC_ALL=C awk -v p="$2" 'BEGIN { printf "%d", p * 10000 + 0.5 }')
    rule="meta l4proto udp numgen random mod 1000000 <= $((ppm - 1)) counter name lost drop"
    ((ppm > 0)) || rule=
    lab_exec switch nft -f - <<EOF
add table netdev loss_$port
delete table netdev loss_$port
table netdev loss_$port {
    counter lost { }
    chain to_host {
        type filter hook egress device "$port" priority 0;
        $rule
    }
}
EOF
}

lab_lost() {
    lab_exec switch nft -j list counters table netdev "loss_$(lab_port "$1")" |
        jq '[.nftables[].counter? | select(. != null).packets] | add // 0'
}

lab_rate() {
    lab_in switch "lab_shape $(lab_port "$1") $2 1mb"
    lab_in "$1" "lab_shape eth0 $2 16mb"
}

lab_link_down() { lab_exec switch ip link set "$(lab_port "$1")" down; }
lab_link_up() { lab_exec switch ip link set "$(lab_port "$1")" up; }

lab_port_bytes() {
    lab_exec switch ip -j -s link show dev "$(lab_port "$1")" | jq ".[0].stats64.$2.bytes"
}

lab_is_member() {
    lab_exec switch bridge mdb show dev br0 |
        grep -q -E "port $(lab_port "$1") grp ${2//./\\.}( |\$)"
}

# --- the end -------------------------------------------------------------------------------------

# Pids of all processes in the lab's namespaces, the sleeping hosts included.
lab_processes() {
    local file inodes=" " link
    for file in "$LAB_DIR"/pid.*; do
        inodes+="$(readlink "/proc/$(<"$file")/ns/net" 2>/dev/null) "
    done
    for link in /proc/[0-9]*/ns/net; do
        [[ $inodes == *" $(readlink "$link" 2>/dev/null || say none) "* ]] || continue
        file=${link#/proc/}
        say "${file%%/*}"
    done
}

lab_is_empty() { [[ -z $(lab_processes) ]]; }

# Every process in there was started through this lab: nobody else has a way in. The namespaces,
# and with them links, bridge and rules, go when the last process has gone.
lab_stop() {
    local pid hosts
    [[ -n $lab_owned && -n $LAB_DIR && -d $LAB_DIR ]] || return 0
    # A namespace is known by its host process, so the hosts go last; what forks during one sweep is
    # caught by the next.
    hosts=" $(cat "$LAB_DIR"/pid.* | tr '\n' ' ')"
    for _ in 1 2 3; do
        for pid in $(lab_processes); do
            [[ $hosts == *" $pid "* ]] || lab_kill "$pid"
        done
    done
    for pid in $hosts; do
        kill -KILL "$pid" 2>/dev/null
    done
    wait_for 10 lab_hosts_gone "$hosts"
    rm -rf "$LAB_DIR"
    LAB_DIR=
    lab_owned=
}

# `wait` takes the shell's own note about a killed child.
lab_kill() {
    kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

lab_hosts_gone() {
    local pid
    for pid in $1; do
        [[ ! -e /proc/$pid ]] || return 1
    done
}

# --- by hand -------------------------------------------------------------------------------------

lab_main() {
    local options=()
    if [[ -n ${LAB:-} ]]; then
        lab_choose_namespaces
        "lab_$1" "${@:2}"
        return
    fi
    while (($#)) && [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    (($# == 0)) || shift
    lab_start "${options[@]}" || exit
    LAB=$(readlink -f "${BASH_SOURCE[0]}")
    export LAB
    # In the background and waited for, so that a signal to us is acted on at once.
    if (($#)); then
        "$@" <&0 &
        wait $!
    else
        # shellcheck disable=SC2016
        say 'a lab is running; try: $LAB exec r1 ip address; exit to end it'
        bash -i
    fi
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || lab_main "$@"
