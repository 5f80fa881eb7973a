#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-sender check` on a machine of our own: a namespace with a real packet filter, real
# interfaces, and every fault that needs them. A healthy machine has no finding at all.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

if [[ -z ${WC_CHECK_NETWORK:-} ]]; then
    ((EUID == 0)) || skip "network namespaces need root"
    command -v nft >/dev/null || skip "nft is not installed"
    unshare -n nft list ruleset >/dev/null 2>&1 || skip "no packet filter in a namespace here"
    unshare -n ip link add eth0 type veth peer name eth9 2>/dev/null || skip "no veth here"
    export WC_CHECK_NETWORK=1
    exec unshare -n -m -- "${BASH_SOURCE[0]}"
fi
mount -t sysfs sysfs /sys 2>/dev/null || true

prepare_transfer
local_mode=1
unset WIMCAST_SITE_DIR
ip link set lo up
sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
    net.ipv6.conf.default.disable_ipv6=1 2>/dev/null || true
ip link add eth0 type veth peer name eth9
ip address add 10.99.0.10/24 dev eth0
ip link set eth9 up
ip link set eth0 up
"$SENDER" key site-init >/dev/null
"$SENDER" key init --name 10.99.0.10 >/dev/null

# look NAME EXIT_CODE [ARGUMENT...]
look() {
    local rc=0
    "${as[@]}" "$SENDER" check --json "${@:3}" >"$work_dir/$1.json" 2>"$work_dir/$1.err" || rc=$?
    [[ $rc == "$2" ]] || fail "$1: exit code $rc, expected $2"
}
as=()

count_of() { json_get "$work_dir/$1.json" summary .findings; }

# healthy NAME [ARGUMENT...]: nothing to say.
healthy() {
    look "$1" 0 "${@:2}"
    [[ $(count_of "$1") == 0 ]] || fail "$1: $(head -n 1 "$work_dir/$1.json")"
}

# has NAME ID SEVERITY HRESULT [PATTERN]: this finding, with these words.
has() {
    local found
    found=$(jq -c --arg id "$2" 'select(.event == "finding" and .id == $id)' "$work_dir/$1.json")
    [[ $(jq -r .severity <<<"$found") == "$3" ]] || fail "$1: no $3 $2"
    [[ $(jq -r '.hresult // "none"' <<<"$found") == "$4" ]] || fail "$1: the code of $2: $found"
    grep -q -E -e "${5:-.}" <<<"$found" || fail "$1: $2 does not say $5: $found"
}

# rules TEXT: the whole packet filter.
rules() { nft -f - <<<"flush ruleset
$1" || fail "nft"; }

healthy plain
healthy named --interface 10.99.0.10 --port 9467 --mcast-data-address 239.1.2.3:9468

# --- the packet filter ----------------------------------------------------------------------------
# As OPERATIONS.md has it.
sender_table() {
    say "table inet wimcast_sender {
        chain input {
            type filter hook input priority filter; policy drop;
            iif lo accept
            ct state established,related accept
            meta l4proto { igmp, icmp, ipv6-icmp } accept
            $1
        }
    }"
}
rules "$(sender_table 'tcp dport 9467 accept')"
healthy as_documented
rules "$(sender_table 'ip saddr 10.99.0.0/24 tcp dport 9467 accept')"
healthy subnet
rules "$(sender_table 'iifname "eth*" tcp dport { 22, 9460-9480 } counter accept')"
healthy interval
rules "$(sender_table 'tcp dport vmap { 22 : accept, 9467 : accept }')"
healthy verdict_map
rules "table inet t {
    set ports { type inet_service; flags interval; elements = { 9000-9500 } }
    chain services {
        tcp dport @ports accept comment \"ours\"
        tcp dport 22 return
    }
    chain input {
        type filter hook input priority 0; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
        iifname lo accept
        meta l4proto igmp accept
        jump services
        reject
    }
}"
healthy jump_and_set

rules "$(sender_table 'tcp dport 22 accept')"
look closed 78
has closed check.firewall-in error 0x80072EFE 'policy of table inet wimcast_sender, chain input'
has closed check.firewall-in error 0x80072EFE \
    'nft insert rule inet wimcast_sender input tcp dport 9467 accept; to keep it after a reboot'
# The fix is what it says.
eval "$(jq -r 'select(.id == "check.firewall-in").fix' "$work_dir/closed.json" |
    grep -o 'nft insert rule .* accept')"
healthy mended
rules "$(sender_table 'tcp dport 9467 accept')"
look other_port 78 --port 9470
has other_port check.firewall-in error 0x80072EFE 'TCP port 9470'
rules "$(sender_table 'ip saddr 10.98.0.0/24 tcp dport 9467 accept')"
look other_subnet 78
has other_subnet check.firewall-in error 0x80072EFE
rules "$(sender_table 'tcp dport 9467 limit rate 5/second accept')"
look limited 0
has limited check.firewall-unsure notice none 'may drop'
rules "table inet t { flags dormant
    chain input { type filter hook input priority 0; policy drop; }
}"
look dormant 0
has dormant check.firewall-unsure notice none 'may drop'
rules "table inet t {
    chain raw { type filter hook prerouting priority raw; tcp dport 9467 notrack; }
    chain input { type filter hook input priority filter; policy drop
        meta l4proto { igmp, icmp } accept
        ct state established,related,untracked accept
    }
}"
look untracked 0
has untracked check.firewall-unsure notice none 'may drop'
rules "table inet t {
    chain raw { type filter hook prerouting priority raw; udp dport 53 notrack; }
    chain input { type filter hook input priority filter; policy drop
        meta l4proto { igmp, icmp } accept
        ct state established,related,untracked accept
    }
}"
look tracked 78 # what is untracked there is something else
has tracked check.firewall-in error 0x80072EFE
rules "table inet t { chain output { type filter hook output priority 0; policy drop
    oif lo accept
    tcp sport 22 accept
    icmp type echo-reply accept
    ct state established accept
    meta l4proto { igmp, tcp } accept
    udp dport 9468 accept
}
}"
look other_header 0
has other_header check.firewall-announce warning 0x800705B4 'drops announcements'
[[ $(count_of other_header) == 1 ]] || fail "other_header: more than that"
rules "table inet t { chain input { type filter hook input priority 0
    tcp dport 9467 drop
}
}"
look rule_drops 78
has rule_drops check.firewall-in error 0x80072EFE 'rule with handle [0-9]+ of table inet t'
rules "table inet t { chain input { type filter hook input priority 0; policy drop
    tcp dport 9467 accept
}
}"
look no_igmp 0
has no_igmp check.firewall-igmp notice 0x800705B4
rules "table ip t { chain output { type filter hook output priority 0
    meta l4proto udp drop
}
}"
look no_data 78
has no_data check.firewall-out error 0x800705B4 'rule with handle'
has no_data check.firewall-announce warning 0x800705B4
chmod 0755 "$work_dir" "$work_dir/home"
chown -R nobody "$WIMCAST_STATE_DIR"
as=(setpriv --reuid nobody --regid nogroup --clear-groups)
look no_data_unseen 78
has no_data_unseen check.firewall-unread notice none 'only root'
has no_data_unseen check.firewall-out error 0x800705B4 'kernel refused a datagram'
as=()
look no_data_for_nobody 78 --user nobody
has no_data_for_nobody check.firewall-out error 0x800705B4 'rule with handle'
chown -R root "$WIMCAST_STATE_DIR"
rules "table ip t { chain out { type filter hook postrouting priority 0; policy drop
    ip daddr 239.255.0.0/16 accept
}
}"
look behind 78
has behind check.firewall-out error 0x800705B4 'policy of table ip t, chain out'
rules "table netdev t { chain e { type filter hook egress device eth0 priority 0
    udp dport 9466 drop
}
}"
look egress 0
has egress check.firewall-announce warning 0x800705B4
rules ''
healthy open_again
say "ok: the packet filter"

# --- interfaces -----------------------------------------------------------------------------------
ip link set eth0 multicast off
look no_multicast 78 --interface eth0
has no_multicast check.interface-no-multicast error 0x800704CF 'multicast on'
look none 78
has none check.interface-none error 0x800704CF
ip link set eth0 multicast on
ip link set eth9 down
look no_carrier 78 --interface eth0
has no_carrier check.interface-down error 0x800704CF
ip link set eth9 up
ip link add eth1 type veth peer name eth8
ip link set eth1 up
ip link set eth8 up
look no_address 78 --interface eth1
has no_address check.interface-no-address error 0x800704CF 'IPv4'
ip address add 10.98.0.10/24 dev eth1
look several 64
has several check.interface-several error 0x800704CF 'eth0 \(10.99.0.10\), eth1 \(10.98.0.10\)'
look unknown 64 --interface eth7
has unknown check.interface-unknown error 0x80070002 'eth1'
look elsewhere 78 --interface eth1
has elsewhere key.wrong-name error 0x80004005 '10.98.0.10'
ip link delete eth1
healthy one_again
say "ok: interfaces"

# --- the port -------------------------------------------------------------------------------------
random_file "$work_dir/image.img" $((1 << 20)) check
interface=eth0
start_sender --port 9467 --no-announce "$work_dir/image.img"
look taken 69 --port 9467
has taken check.port-taken error 0x80072740 'Address already in use'
look moved 0
has moved check.port-taken warning 0x80072740 '9468'
kill -INT "$sender_pid"
wait_end 15 "$sender_pid" || fail "the sender does not end"
healthy free_again
say "ok: the port"


# --- this machine ---------------------------------------------------------------------------------
command -v faketime >/dev/null || fail "needs faketime"
export DONT_FAKE_MONOTONIC=1
as=(faketime '2001-02-03 04:05:06')
look clock 78
has clock check.clock error 0x80004005 '2001-02-03'
as=(bash -c 'ulimit -n 100; exec "$@"' limited)
look few_files 0
has few_files check.open-files warning none '100'
# What root may do everywhere: state of its own, and not root.
chmod 755 "$work_dir"
mkdir -m 700 "$work_dir/nobody"
cp -r "$WIMCAST_STATE_DIR/." "$work_dir/nobody"
chown -R 65533:65533 "$work_dir/nobody"
as=(env WIMCAST_STATE_DIR="$work_dir/nobody" HOME="$work_dir/nobody"
    setpriv --reuid 65533 --regid 65533 --clear-groups)
look forbidden 77 --port 80
has forbidden check.port-forbidden error 0x80070005 '80'
has forbidden check.firewall-unread notice none 'root'
if (($(</proc/sys/net/core/wmem_max) < 1 << 20)); then
    has forbidden check.send-buffer notice none 'wmem_max'
fi
as=()
say "ok: this machine"

# --- packages, and who may read them --------------------------------------------------------------
image=$work_dir/image.img
publish() { "$SENDER" publish "$image" --id "$1" "${@:2}" >/dev/null || fail "publish $*"; }
account() { WIMCAST_PASSWORD=correct-horse "$SENDER" account "$@" >/dev/null || fail "account $*"; }
ip link set eth9 up
look no_package 66 none-such
has no_package package.unknown error 0x80070002 'none-such'
publish img
healthy published
healthy published_alone img
cp -p "$image" "$work_dir/copy"
touch -d 'now - 1 day' "$image"
look changed 65 img
has changed content.changed error 0x80091007 'image.img'
look changed_among_all 65
cp -p "$work_dir/copy" "$image"
healthy as_before img
: >"$image"
look emptied 65 img
has emptied content.empty error 0x800705B4
rm "$image"
look removed 66 img
has removed content.missing error 0x80070002 'image.img'
cp -p "$work_dir/copy" "$image"
chmod 600 "$image"
chown -R nobody "$WIMCAST_STATE_DIR"
look unreadable 77 img --user nobody
has unreadable content.unreadable error 0x80070005 'image.img'
chown -R root "$WIMCAST_STATE_DIR"
"$SENDER" key reset --name 10.99.0.10 >/dev/null
look other_key 78 img
has other_key key.manifest-other-key error 0x80004005 'packages sign'
look signed 0 img --fix
[[ $(json_get "$work_dir/signed.json" fix .done) == true ]] || fail "--fix does not sign"
[[ $(count_of signed) == 0 ]] || fail "--fix does not look again"
healthy signed_again

publish img --read accounts
look no_accounts 78
has no_accounts check.no-accounts error 0x80070005 'account add'
account add lab
look anonymous 0 img
has anonymous check.anonymous-unneeded warning 0x80070005 'account anonymous refuse'
publish img --read accounts --only-multicast
look fatal 78 img
has fatal check.anonymous-unneeded error 0x80070005 'empty download'
account anonymous refuse
healthy refused
publish img --read lab,carol
look unknown_reader 0 img
has unknown_reader check.reader-unknown warning 0x80070005 'carol'
publish img --read carol
look nobody_reads 78 img
has nobody_reads check.reader-unknown error 0x80070005 'carol'
publish img --read lab
healthy lab img
printf '{' >"$WIMCAST_STATE_DIR/accounts.json"
look broken_accounts 78
has broken_accounts check.accounts error 0x80070005 'accounts.json'
rm "$WIMCAST_STATE_DIR/accounts.json"
publish img --read everyone --also-unicast
say "ok: packages and accounts"

# --- IPv6 -----------------------------------------------------------------------------------------
v6=(--interface eth0 --mcast-data-address '[ff15::8000:1]:9468')
look without_v6 78 "${v6[@]}"
has without_v6 check.interface-no-address error 0x800704CF 'IPv6'
if sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=0 2>/dev/null &&
    ip -6 address add fd99::10/64 dev eth0 nodad 2>/dev/null; then
    "$SENDER" key sign --name 10.99.0.10 --name fd99::10 >/dev/null
    rules "$(sender_table 'ip6 saddr fd99::/64 tcp dport 9467 accept')"
    healthy v6 "${v6[@]}"
    rules "table ip6 t {
        chain out {
            type filter hook output priority 0
            ip6 daddr ff15::/16 drop
        }
    }"
    look no_v6_data 78 "${v6[@]}"
    has no_v6_data check.firewall-out error 0x800705B4 'table ip6 t, chain out drops it'
    healthy v4_beside --interface eth0
    say "ok: IPv6"
fi
