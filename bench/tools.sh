# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tools that are compared, each started the way that suits it best (the reasons are in
# bench/README.md). Source it. For a TOOL there is
#     need_TOOL          sees to it that its programs are there
#     start_TOOL         starts all, as measured commands `sender` and r1, r2 ..
#     TOOL_begin         prints when it began to send, with all receivers there
#     TOOL_is_over       has it ended, well or not?
#     end_TOOL           ends what does not end by itself
# They use: source_file, receivers, link_rate (bit/s, 0 = none), loss (percent), work_dir. What rN
# receives is the file $work_dir/rN/image.
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../tests/net source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

export TOOLS=(wimcast udpcast uftp uftp-gcm https)

source_file=
receivers=1
link_rate=0

each_receiver() {
    local i
    for ((i = 1; i <= receivers; i++)); do
        "$@" "r$i" || return
    done
}

one_has_ended() { [[ -e $work_dir/$1.result ]]; }

# percent_of_link P: bit/s
percent_of_link() { awk -v r="$link_rate" -v p="$1" 'BEGIN { printf "%.0f\n", r * p / 100 }'; }

# Receivers write over memory that is there.
warm_env=(env "LD_PRELOAD=$BENCH_BIN_DIR/bench_keep_pages.so")

# --- wimcast -------------------------------------------------------------------------------------

need_wimcast() { need_build "$SENDER" "$RECEIVER"; }

start_wimcast() {
    local url options
    read -r -a options <<<"${WIMCAST_SEND_OPTIONS:-}"
    export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/home/state
    mkdir -p "$HOME"
    run_measured sender sender "$SENDER" send --json --interface eth0 --no-announce \
        --min-receivers "$receivers" --max-wait 30 "${options[@]}" "$source_file"
    wait_for 60 has_said sender '"event": ?"session"' || return 1
    url=$(sed -n 's/^[^ ]* //p' "$work_dir/sender.log" |
        jq -rR 'fromjson? | select(.event == "session").url' | head -n 1)
    each_receiver start_wimcast_receiver "$url"
}

start_wimcast_receiver() {
    run_measured "$2" "$2" "${warm_env[@]}" "$RECEIVER" fetch --json --interface eth0 \
        --name "$2" "$1" --output "$work_dir/$2/image"
}

wimcast_begin() { stamp sender '"phase": ?"streaming"'; }
wimcast_is_over() { one_has_ended sender && each_receiver one_has_ended; }
end_wimcast() { :; }

# --- udpcast -------------------------------------------------------------------------------------

need_udpcast() { need_program udp-sender udpcast; }

udpcast_preloads=("$BENCH_BIN_DIR"/bench_{big_buffers,keep_pages}.so)
udpcast_env=(env "LD_PRELOAD=${udpcast_preloads[*]}")

start_udpcast() {
    local options
    read -r -a options <<<"${UDPCAST_OPTIONS:-}"
    run_measured sender sender "${udpcast_env[@]}" udp-sender --file "$source_file" \
        --interface eth0 --nokbd --no-progress --full-duplex --min-receivers "$receivers" \
        --max-wait 30 --min-wait 3 --rexmit-hello-interval 250 "${options[@]}"
    wait_for 10 has_said sender 'Broadcasting control' || return 1
    each_receiver start_udpcast_receiver
}

start_udpcast_receiver() {
    run_measured "$1" "$1" "${udpcast_env[@]}" udp-receiver --file "$work_dir/$1/image" \
        --interface eth0 --nokbd --no-progress
}

udpcast_begin() { stamp sender 'Starting transfer'; }
udpcast_is_over() { one_has_ended sender && each_receiver one_has_ended; }
end_udpcast() { :; }

# --- UFTP ----------------------------------------------------------------------------------------

need_uftp() { need_unpacked uftp uftp; }

start_uftp() { start_uftp_with 1448; }

start_uftp-gcm() {
    start_uftp_with 1420 -Y aes256-gcm -h sha256 -e ecdh_ecdsa:prime256v1 -K prime256v1
}

# start_uftp_with BLOCK_BYTES OPTIONS...: the list of receivers closes the announcement as soon as
# all are there.
start_uftp_with() {
    local hosts options
    read -r -a options <<<"${UFTP_OPTIONS:-}"
    hosts=$(each_receiver uftp_id | paste -s -d ,)
    each_receiver start_uftp_receiver
    each_receiver wait_uftp_receiver || return 1
    run_measured sender sender uftp -I eth0 -R "$(uftp_rate)" -B 4194304 -b "$1" -s 50 "${@:2}" \
        -H "$hosts" -D image "${options[@]}" "$source_file"
}

wait_uftp_receiver() { wait_for 10 has_said "$1" 'Loaded .* key'; }

start_uftp_receiver() {
    run_measured "$1" "$1" "${warm_env[@]}" uftpd -d -q -U "$(uftp_id "$1")" -I eth0 \
        -D "$work_dir/$1" -B 4194304 -c 20971520 -K ec:prime256v1
}

uftp_id() { printf '0x%08x\n' "${1#r}"; }

# Kbit/s of UFTP's own bytes; -1 is "as fast as the interface takes it".
uftp_rate() {
    if ((link_rate == 0)); then
        say -1
    else
        say "$(($(percent_of_link "${UFTP_PERCENT:-94}") / 1000))"
    fi
}

uftp_begin() { stamp sender 'Sending file$'; }
uftp_is_over() { one_has_ended sender; }
end_uftp() { each_receiver end_uftp_receiver; }
end_uftp_receiver() { end_measured "$1"; }

need_uftp-gcm() { need_uftp; }
uftp-gcm_begin() { uftp_begin; }
uftp-gcm_is_over() { uftp_is_over; }
end_uftp-gcm() { end_uftp; }

# --- N x unicast HTTPS ---------------------------------------------------------------------------

need_https() {
    need_program curl curl
    need_unpacked nginx nginx
}

start_https() {
    make_certificate || return 1
    write_nginx_conf
    run_measured sender sender nginx -c "$work_dir/nginx.conf" -p "$work_dir"
    wait_for 10 https_answers || return 1
    each_receiver start_https_receiver
}

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=bench -addext "subjectAltName=IP:$(lab_address sender)" \
        -keyout "$work_dir/key.pem" -out "$work_dir/cert.pem" 2>"$work_dir/openssl.err"
}

write_nginx_conf() {
    mkdir -p "$work_dir/www"
    ln -s "$source_file" "$work_dir/www/image"
    cat >"$work_dir/nginx.conf" <<CONF
daemon off;
user root;
pid $work_dir/nginx.pid;
error_log stderr error;
worker_processes auto;
events { worker_connections 256; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path $work_dir/tmp;
    proxy_temp_path $work_dir/tmp;
    fastcgi_temp_path $work_dir/tmp;
    uwsgi_temp_path $work_dir/tmp;
    scgi_temp_path $work_dir/tmp;
    server {
        listen 8443 ssl;
        root $work_dir/www;
        ssl_certificate $work_dir/cert.pem;
        ssl_certificate_key $work_dir/key.pem;
        ssl_protocols TLSv1.3;
        ssl_conf_command Options KTLS;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    }
}
CONF
}

https_answers() {
    lab_exec sender curl -s -o /dev/null --max-time 2 --cacert "$work_dir/cert.pem" --head \
        "$(https_url)"
}

https_url() { say "https://$(lab_address sender):8443/image"; }

start_https_receiver() {
    run_measured "$1" "$1" "${warm_env[@]}" curl --silent --show-error --fail \
        --cacert "$work_dir/cert.pem" --output "$work_dir/$1/image" "$(https_url)"
}

https_begin() { result_of r1 .started; }
https_is_over() { each_receiver one_has_ended; }
end_https() { end_measured sender; }
