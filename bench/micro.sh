#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The pieces of the data path one by one: one comparable line each, and results/micro.json.
# Ciphers and hashes also as they run on lesser processors: OpenSSL is told, by its capability mask,
# not to use instructions that this one has.
#
# usage: bench/micro.sh [aead|digest|fec|ring|udp ...]     default: all
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

MICRO=$BENCH_BIN_DIR/bench_micro
MICRO_UDP=$BENCH_BIN_DIR/bench_micro_udp

# OPENSSL_ia32cap(3): bits of CPUID leaf 1 (EDX, then ECX), and of leaf 7 (EBX, then ECX).
aes_1=$(((1 << 57) | (1 << 33)))                     # AES, PCLMULQDQ
aes_7=$(((1 << 41) | (1 << 42)))                     # VAES, VPCLMULQDQ
avx_1=$(((1 << 60) | (1 << 44)))                     # AVX, FMA
avx512_7=$((0xd0230000 | (1 << 33) | (1 << 38)))     # AVX-512 and its parts
avx_7=$(((1 << 5) | avx512_7))                       # AVX2 and all that follow
sha_7=$((1 << 29))

mask() { printf '~0x%x:~0x%x' "$1" "$2"; }

# with_masks BENCH
with_masks() {
    "$MICRO" "$1" "all instructions"
    OPENSSL_ia32cap=$(mask 0 "$avx512_7") "$MICRO" "$1" "no AVX-512"
    OPENSSL_ia32cap=$(mask "$aes_1" "$aes_7") "$MICRO" "$1" "no AES"
    OPENSSL_ia32cap=$(mask $((aes_1 | avx_1)) $((aes_7 | avx_7 | sha_7))) \
        "$MICRO" "$1" "no AES, AVX, SHA"
}

# --- UDP -----------------------------------------------------------------------------------------

group=239.99.1.1:9000

# udp_pair SENDER_MODE RECEIVER_MODE: the receiver's lines first.
udp_pair() {
    local pid
    lab_bg pid r1 "$MICRO_UDP" rx "$group" eth0 "$2" </dev/null >"$work_dir/rx" 2>"$work_dir/rx.err"
    wait_for 10 grep -q ready "$work_dir/rx.err" || fail "the receiver: $(<"$work_dir/rx.err")"
    wait_for 10 lab_is_member r1 "${group%:*}" || fail "the switch knows no member"
    lab_exec sender "$MICRO_UDP" tx "$group" eth0 "$1" >"$work_dir/tx"
    wait_end 20 "$pid" || fail "the receiver does not end"
    jq -c --arg mode "sent with $1" '.case = "\(.case), \($mode)"' "$work_dir/rx"
    [[ $1 != "$2" ]] || cat "$work_dir/tx"
}

udp() {
    make_memory_dir $((64 << 20))
    start_link unshaped 1
    udp_pair offload offload
    udp_pair offload plain
    udp_pair plain plain
}

# --- all -----------------------------------------------------------------------------------------

one() {
    case $1 in
        aead | digest) with_masks "$1" ;;
        fec | ring) "$MICRO" "$1" ;;
        udp) udp ;;
        *) fail "no such bench: $1" ;;
    esac
}

lines() {
    jq -r '[.bench, .case, .value, .unit] | @tsv' "$1" |
        awk -F '\t' '{ printf "%-12s %-42s %9s %s\n", $1, $2, $3, $4 }'
}

need_build "$MICRO" "$MICRO_UDP"
mkdir -p "$RESULTS_DIR"
benches=("$@")
((${#benches[@]})) || benches=(aead digest fec ring udp)
: >"$RESULTS_DIR/micro.jsonl"
for bench in "${benches[@]}"; do
    one "$bench" >"$RESULTS_DIR/micro.part"
    lines "$RESULTS_DIR/micro.part"
    cat "$RESULTS_DIR/micro.part" >>"$RESULTS_DIR/micro.jsonl"
done
rm "$RESULTS_DIR/micro.part"
machine_json | jq --slurpfile lines "$RESULTS_DIR/micro.jsonl" '{machine: ., lines: $lines}' \
    >"$RESULTS_DIR/micro.json"
