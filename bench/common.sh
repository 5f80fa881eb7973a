# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts of this folder share: the programs they need, the link of a measurement and its
# loss, counters, and starting a command under bench_measure. Source it.
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=../tests/net/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../tests/net/lab.sh"

BENCH_DIR=$WC_ROOT/bench
BENCH_BIN_DIR=$WC_BUILD_DIR/bench
RESULTS_DIR=${BENCH_RESULTS_DIR:-$BENCH_DIR/results}
FIGURES_DIR=${BENCH_FIGURES_DIR:-$WC_ROOT/docs/figures}
MEASURE=$BENCH_BIN_DIR/bench_measure
export BENCH_DIR BENCH_BIN_DIR RESULTS_DIR FIGURES_DIR

# --- programs ------------------------------------------------------------------------------------

# Where programs of packages stand that were unpacked, not installed.
PEERS_DIR=$BENCH_BIN_DIR/peers
PATH=$PATH:$PEERS_DIR/usr/bin:$PEERS_DIR/usr/sbin:/usr/sbin:/sbin

has_program() { command -v "$1" >/dev/null; }

# quietly WHAT COMMAND...: its output only if it fails.
quietly() {
    local what=$1 log
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || { cat "$log" >&2; rm -f "$log"; fail "cannot $what"; }
    rm -f "$log"
}

# need_program PROGRAM PACKAGE: installs the package if the program is missing.
need_program() {
    has_program "$1" && return 0
    has_program apt-get || fail "$1 is missing (on Debian: package $2)"
    ((EUID == 0)) || fail "$1 is missing; run: sudo apt-get install $2"
    say "installing $2" >&2
    export DEBIAN_FRONTEND=noninteractive
    quietly "install $2" apt-get -q -y install --no-install-recommends "$2"
}

# need_unpacked PROGRAM PACKAGE: for packages that bring a service. Installed they would start it;
# all that is wanted here is the program, so the package is unpacked into the build directory.
need_unpacked() {
    has_program "$1" && return 0
    has_program apt-get || fail "$1 is missing (on Debian: package $2)"
    say "unpacking $2 into ${PEERS_DIR#"$WC_ROOT"/}" >&2
    mkdir -p "$PEERS_DIR"
    rm -f "$PEERS_DIR/$2"_*.deb
    (cd "$PEERS_DIR" && quietly "download $2" apt-get -q -o APT::Sandbox::User=root download "$2")
    quietly "unpack $2" dpkg-deb -x "$PEERS_DIR/$2"_*.deb "$PEERS_DIR"
    has_program "$1" || fail "$1 is not in package $2"
}

need_build() {
    local program
    for program in "$@"; do
        [[ -x $program ]] || fail "not built: $program (run ./dev build)"
    done
}

# --- places --------------------------------------------------------------------------------------

# Files lie in memory, so that no disk decides. make_memory_dir BYTES: `work_dir`, with that much
# room. Who has made one lends it to the scripts that it starts.
make_memory_dir() {
    if [[ -n ${BENCH_MEMORY_DIR:-} ]]; then
        TMPDIR=$BENCH_MEMORY_DIR make_work_dir
        return
    fi
    local free
    free=$(awk '/^MemAvailable:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
    (($1 < free)) || fail "this needs $(($1 >> 20)) MiB of free memory"
    make_work_dir
    mount -t tmpfs -o "huge=always,mode=700,size=$1" bench "$work_dir" ||
        fail "cannot mount a tmpfs on $work_dir"
    at_exit umount -l "$work_dir"
    export BENCH_MEMORY_DIR=$work_dir
}

# warm_file FILE BYTES: makes FILE one of BYTES zeros whose memory is there already. Those of
# earlier runs are used again.
warm_file() {
    local spare=$BENCH_MEMORY_DIR/spare
    mkdir -p "$spare"
    mv "$spare/$(basename "$(dirname "$1")")" "$1" 2>/dev/null || : >"$1"
    truncate -s "$2" "$1"
    dd if=/dev/zero of="$1" bs=1M count="$2" iflag=count_bytes conv=notrunc status=none
}

# keep_warm FILE: for the next run.
keep_warm() {
    mv "$1" "$BENCH_MEMORY_DIR/spare/$(basename "$(dirname "$1")")" 2>/dev/null || true
}

# --- links ---------------------------------------------------------------------------------------

# RATE-frames    shaped, every frame on its own: what a wire does
# RATE-offload   shaped, but segments travel together, as between virtual machines
# unshaped       as fast as the machine goes
start_link() {
    local link=$1 receivers=$2 rc=0
    case $link in
        *-frames) lab_start --receivers "$receivers" --rate "${link%-*}" || rc=$? ;;
        *-offload) lab_start --receivers "$receivers" --rate "${link%-*}" --offload || rc=$? ;;
        unshaped)
            lab_start --receivers "$receivers" --rate 10gbit --offload || rc=$?
            ((rc)) || unshape "$receivers"
            ;;
        *) fail "link '$link': RATE-frames, RATE-offload or unshaped" ;;
    esac
    ((rc != SKIP)) || skip "no lab on this machine"
    ((rc == 0)) || fail "the lab does not start"
}

# The sender keeps a queue that never fills: it is where bytes are counted.
unshape() {
    local i
    lab_exec switch tc qdisc del dev p0 root
    for ((i = 1; i <= $1; i++)); do
        lab_exec switch tc qdisc del dev "p$i" root
        lab_exec "r$i" tc qdisc del dev eth0 root
    done
    lab_exec sender tc qdisc replace dev eth0 root pfifo limit 100000
}

# link_bps LINK: bit/s of the line, 0 if it has no limit.
link_bps() {
    case $1 in
        *mbit-*) say "${1%%mbit*}000000" ;;
        *gbit-*) awk -v g="${1%%gbit*}" 'BEGIN { printf "%.0f\n", g * 1e9 }' ;;
        *) say 0 ;;
    esac
}

# Random and independent loss on the way to a receiver, of whatever the tool sends by UDP or TCP.
set_loss() {
    local host=$1 port=p${1#r} ppm
    ppm=$(LC_ALL=C awk -v p="$2" 'BEGIN { printf "%d", p * 10000 + 0.5 }')
    ((ppm > 0)) || return 0
    lab_exec switch nft -f - <<RULES || fail "no loss at $host"
table netdev loss_$port {
    chain to_host {
        type filter hook egress device "$port" priority 0;
        meta l4proto { tcp, udp } numgen random mod 1000000 < $ppm counter drop
    }
}
RULES
}

# --- counters ------------------------------------------------------------------------------------

# Bytes and frames that the sender's queue passed on, segments of a group counted one by one.
sender_counters() {
    lab_exec sender tc -s -j qdisc show dev eth0 | jq -r '.[0] | "\(.bytes) \(.packets)"'
}

# Datagrams that sockets of the receivers had no room for.
overflow_count() {
    local i sum=0
    for ((i = 1; i <= $1; i++)); do
        sum=$((sum + $(lab_exec "r$i" cat /proc/net/snmp |
            awk '$1 == "Udp:" && $2 ~ /^[0-9]/ { print $6 }')))
    done
    say "$sum"
}

# CPU seconds of the whole machine since it started, the kernel's own work included.
machine_cpu() {
    awk -v hz="$(getconf CLK_TCK)" '$1 == "cpu" {
        printf "%.2f\n", ($2 + $3 + $4 + $7 + $8) / hz }' /proc/stat
}

# --- measured commands ---------------------------------------------------------------------------

declare -A run_pid=() # by name; what they print is in $work_dir/NAME.log

# run_measured NAME HOST COMMAND...
run_measured() {
    local name=$1 host=$2 pid
    shift 2
    : >"$work_dir/$name.log"
    lab_bg pid "$host" "$MEASURE" "$work_dir/$name.result" "$work_dir/$name.log" "$@" \
        </dev/null >/dev/null 2>&1
    run_pid[$name]=$pid
}

# stamp NAME PATTERN: when the first line with PATTERN came.
stamp() { grep -m 1 -E -e "$2" "$work_dir/$1.log" | cut -d ' ' -f 1; }

has_said() { grep -q -E -e "$2" "$work_dir/$1.log"; }

# Ends what does not end by itself; asked twice, bench_measure makes it.
end_measured() {
    kill -TERM "${run_pid[$1]}" 2>/dev/null || return 0
    wait_end 5 "${run_pid[$1]}" || kill -TERM "${run_pid[$1]}"
    wait_end 5 "${run_pid[$1]}" || fail "$1 does not end"
}

result_of() { jq -r "$2" "$work_dir/$1.result" 2>/dev/null || true; }

# --- the machine ---------------------------------------------------------------------------------

# Of the installed package, or of the unpacked one.
package_version() {
    local file version
    version=$(dpkg-query -W -f='${Version}' "$1" 2>/dev/null) || version=
    for file in "$PEERS_DIR/$1"_*.deb; do
        [[ -n $version || ! -e $file ]] || version=$(dpkg-deb -f "$file" Version)
    done
    say "${version:-unknown}"
}

# What the figures depend on.
machine_json() {
    jq -n --arg kernel "$(uname -sr)" --arg date "$(date -u +%Y-%m-%d)" \
        --arg cpu "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | sort -u | paste -s)" \
        --argjson cores "$(nproc)" \
        --argjson memory_gib "$(awk '/^MemTotal:/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" \
        --arg commit "$(git -C "$WC_ROOT" rev-parse --short HEAD 2>/dev/null || say unknown)" \
        --arg udpcast "$(package_version udpcast)" --arg uftp "$(package_version uftp)" \
        --arg nginx "$(package_version nginx)" --arg curl "$(package_version curl)" \
        --arg openssl "$(package_version libssl3)" --arg isal "$(package_version libisal2)" \
        '{$date, $commit, $kernel, $cpu, $cores, $memory_gib,
            versions: {$udpcast, $uftp, $nginx, $curl, $openssl, $isal}}'
}
