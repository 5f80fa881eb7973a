#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A site, its senders and a receiver that knows only the site, over loopback. A sender whose key is
# there but not signed is refused with the cause; one command mends it, and the receiver's command
# stays the same. A sender of another site is refused. The names of a sender outlive its key.
# shellcheck source-path=SCRIPTDIR source=transfer.sh
source "$(dirname "${BASH_SOURCE[0]}")/transfer.sh"

# A loopback of our own where that is allowed.
# shellcheck disable=SC2016
if [[ -z ${WC_LOCAL_NETWORK:-} ]] && unshare -n true 2>/dev/null; then
    export WC_LOCAL_NETWORK=1
    exec unshare -n bash -c 'ip link set lo up && exec "$0"' "${BASH_SOURCE[0]}"
fi

prepare_transfer
local_mode=1
interface=lo
random_file "$work_dir/image.img" $((2 << 20)) keys
unset WIMCAST_SITE_DIR

port=19467
address=
# The same command each time: the site's certificate, and the address without a key.
fetch_by_site() {
    start_receiver "$1" "$address" --site-key "$work_dir/site.pem" --output "$work_dir/$1/"
}
send_it() { start_sender --port $port --min-receivers 1 --max-wait 60 "$@" "$work_dir/image.img"; }
end_early() {
    kill -INT "$sender_pid"
    wait_end 15 "$sender_pid" || fail "the sender does not end on SIGINT"
}
key() { "$SENDER" key "$@" >>"$work_dir/key.err" 2>&1 || fail "key $*"; }

# refused NAME PATTERN...: with the code of a key's fault, and all of these words.
refused() {
    local name=$1 pattern
    end_of_receiver "$name" 30 77
    wait_for 10 says sender "does not trust this sender's key" || fail "the sender says nothing"
    [[ $(json_get "$work_dir/$name.json" error .hresult) == 0x80004005 ]] || fail "$name: the code"
    for pattern in "${@:2}"; do must_say "$name" "$pattern"; done
    nothing_final "$name"
    say "ok: $(grep -h -m 1 0x80004005 "$work_dir/$name.err" | cut -c 1-200)"
}

# A sender that knows no site yet; then there is one.
send_it
address=${url%#*}
key site-init
key export --output "$work_dir/site.pem"
fetch_by_site r1
refused r1 'there, but not signed by the site' 'wimcast-sender key reset' 'key sign'

# A running session ends with the key that it began with: reset does not disturb it.
start_receiver r2 "$url" --output "$work_dir/r2/"
key reset
end_of_receiver r2 60 0
end_of_sender 30 0
same "$work_dir/image.img" "$work_dir/r2/image.img"

send_it
fetch_by_site r3
end_of_receiver r3 60 0
end_of_sender 30 0
same "$work_dir/image.img" "$work_dir/r3/image.img"
says r3 'trusting' && fail "r3 trusts a key that it should know"
say "ok: after one command"

# The URL names the site's key now, and stays good after the next reset.
site_url=$url
[[ ${site_url##*:} == "$("$SENDER" key show --json | jq -r .site_key)" ]] || fail "URL: $site_url"
key reset
send_it
[[ $url == "$site_url" ]] || fail "another URL after a reset: $url"
start_receiver r4 "$site_url" --output "$work_dir/r4/"
end_of_receiver r4 60 0
end_of_sender 30 0
same "$work_dir/image.img" "$work_dir/r4/image.img"
say "ok: one URL for all keys of the site"

# A sender of another site, and one that was made out to another machine.
key site-init --state-dir "$work_dir/dp2"
key reset --state-dir "$work_dir/dp2"
send_it --state-dir "$work_dir/dp2"
fetch_by_site r5
refused r5 'signed by another site'
start_receiver r6 "$site_url" --output "$work_dir/r6/"
refused r6 'signed by another site'
end_early

address=${address/127.0.0.1/127.0.0.2}
send_it
fetch_by_site r7
refused r7 'not made out to 127.0.0.2' '127.0.0.1'
end_early

# A name that it was given is kept by the next key.
key sign --name 127.0.0.1 --name 127.0.0.2
key reset
send_it
fetch_by_site r8
end_of_receiver r8 60 0
end_of_sender 30 0
same "$work_dir/image.img" "$work_dir/r8/image.img"
say "ok: names outlive a reset"
