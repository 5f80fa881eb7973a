#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-sender check`: each fault that can be made without a network of our own, what is said of
# it, and what --fix mends. The machine's own firewall adds no more than notices on the loopback.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
export HOME=$work_dir/home
unset WIMCAST_STATE_DIR WIMCAST_SITE_DIR XDG_STATE_HOME
mkdir -p "$HOME"
cd "$work_dir"
umask 077
echo data >file
bad=0
cases=0

# expect EXIT_CODE PATTERN COMMAND...: stdout and stderr together match.
expect() {
    local code=$1 pattern=$2 rc=0 problem=
    shift 2
    cases=$((cases + 1))
    timeout -k 1 20 "$@" </dev/null >out 2>&1 || rc=$?
    [[ $rc == "$code" ]] || problem="exit code $rc, expected $code"
    grep -q -E -e "$pattern" out || problem+="${problem:+; }output does not match: $pattern"
    [[ -n $problem ]] || return 0
    bad=$((bad + 1))
    printf 'BAD: %s\n  %s\n' "$(printf '%q ' "${@##*/}")" "$problem"
    sed 's/^/  | /' out
}

port=19471
check() { expect "$1" "$2" "$SENDER" check --interface lo --port $port --state-dir "${@:3}"; }
silent() { ! grep -E -e "$1" out || { bad=$((bad + 1)); say "BAD: said: $1"; }; }

# --- a machine that can send ----------------------------------------------------------------------
check 0 'notice: .*\[check\.no-key\]' none
check 0 '^ok: a session can run' none
[[ ! -e none ]] || fail "looking made a folder"
"$SENDER" key site-init --state-dir good >/dev/null
"$SENDER" key init --state-dir good --name 127.0.0.1 >/dev/null
check 0 '^ok: ' good
silent '^(error|warning)'
check 0 '^ok: ' good --fix
silent 'fixed'
check 0 'notice: .*\[check\.interface-loopback\]' good
"$SENDER" check --interface lo --port $port --state-dir good --json >json
jq -s -e '.[-1].event == "summary" and .[-1].result == "ok" and .[-1].findings == length - 1 and
    (map(select(.id == "check.interface-loopback" and .severity == "notice" and .hresult == null
        and (.sentence | length > 0) and (.fix | length > 0))) | length == 1)' json >/dev/null ||
    fail "--json"
check 0 'Usage: wimcast-sender check' good --help

# --- keys: as `key verify` finds them, with the name that the URL would have ----------------------
# damage COMMAND...: in a fresh copy of the good state directory, as `$d`.
d=$work_dir/damaged
damage() {
    rm -rf "$d"
    cp -a good "$d"
    (cd "$d" && "$@")
}

damage truncate -s 0 SerializedMCSKey
check 78 'error: 0x80004005: .*\[key\.empty\]' "$d"
damage rm SignedSerializedMCSKey
check 78 'error: 0x80004005: .*\[key\.not-signed\]' "$d"
"$SENDER" key sign --state-dir "$d" --name elsewhere.example >/dev/null
check 78 'error: 0x80004005: .*not made out to 127\.0\.0\.1 \[key\.wrong-name\]' "$d"
silent 'result.*ok'
damage touch -d 'now + 2 days' SignedSerializedMCSKey
check 0 'warning: 0x80004005: the clock .*\[check\.clock\]' "$d"

# --- the folder, and what --fix does --------------------------------------------------------------
damage chmod 644 SerializedMCSKey
check 77 'error: 0x80070005: .*\[key\.exposed\]' "$d"
check 0 'fixed: .*/SerializedMCSKey has mode 0600 now, it had 0644' "$d" --fix
[[ $(stat -c %a "$d/SerializedMCSKey") == 600 ]] || fail "the mode of the key"
check 0 '^ok: ' "$d"
damage chmod 644 site/SiteKey
check 77 'error: 0x80070005: .*\[check\.files-open\]' "$d"
check 0 'fixed: .*/site/SiteKey' "$d" --fix
damage chmod 777 .
check 77 'error: 0x80070005: other users may replace.*\[check\.state-dir-open\]' "$d"
check 0 'fixed: .* has mode 0700 now, it had 0777' "$d" --fix
damage chmod 755 .
check 0 'warning: 0x80070005: .*\[check\.state-dir-open\]' "$d"
mv "$d" "$work_dir/n n"
check 0 'chmod 700 '"'.*/n n'" "$work_dir/n n"
eval "$(sed -n -E 's/.*or: (chmod 700 .*)/\1/p' out)"
check 0 '^ok: ' "$work_dir/n n"
silent 'state-dir-open'
damage touch -d 'now - 1 hour' SerializedMCSKey.new
check 0 'notice: .*\[check\.leftovers\]' "$d"
check 0 'fixed: removed .*/SerializedMCSKey.new' "$d" --fix
[[ ! -e $d/SerializedMCSKey.new && -e $d/SerializedMCSKey ]] || fail "what --fix removed"
# What is not the sender's own is left alone, whatever it is called.
foreign() {
    mkdir -p images/packages site/deep packages/X/y "packages/not an id"
    local name
    for name in images/driver.inf.new images/install.wim images/SerializedMCSKey.new \
        driver.inf.new packages/file.new packages/X/install.wim.new packages/X/manifest.x.new \
        packages/X/y/package.json.new packages/"not an id"/package.json.new \
        site/deep/SiteKey.new images/packages/manifest.1; do
        : >"$name"
        chmod 664 "$name"
        touch -d 'now - 1 hour' "$name"
    done
    chmod 775 images
    find . -printf '%p %m\n' | sort >../before
}
damage foreign
check 0 '^ok: ' "$d" --fix
silent 'fixed|files-open|leftovers'
(cd "$d" && find . -printf '%p %m\n' | sort) | diff before - ||
    fail "--fix touched what is not its own"
ours() {
    mkdir -p packages/X site
    local name
    for name in SerializedMCSKey SignedSerializedMCSKey SerializedMCSKey.csr SerializedMCSKey.next \
        accounts.json SiteCertificate site/SiteKey site/SiteCertificate packages/X/package.json \
        packages/X/manifest.7 packages/X/manifest.12.sig; do
        : >"$name.new"
        touch -d 'now - 1 hour' "$name.new"
    done
}
damage ours
check 0 'fixed: removed .*/packages/X/manifest\.12\.sig\.new' "$d" --fix
[[ -z $(find "$d" -name '*.new') ]] || fail "left: $(find "$d" -name '*.new')"
damage chmod 640 SerializedMCSKey
check 0 'fixed: .*0640; if others could read it for long, make a new one: .* key reset' "$d" --fix
damage chmod 640 site/SiteKey
check 0 'fixed: .*0640; if others could read it for long, make a new site key' "$d" --fix
damage chmod 666 SerializedMCSKey
"$SENDER" check --interface lo --port $port --state-dir "$d" --fix --json >json
jq -s -e '.[0].event == "fix" and .[0].done and (.[0].sentence | test("0600"))' json >/dev/null ||
    fail "--fix --json"
check 77 'error: 0x80070005: .*is not a directory.*\[check\.state-dir\]' "$work_dir/file"

damage touch accounts.json
chmod 600 "$d/accounts.json"
check 78 'error: 0x80070005: the accounts .*\[check\.accounts\]' "$d"
check 66 'error: 0x80070002: .*\[package\.unknown\]' good no-such-package

# --- the interface, the port, the group -----------------------------------------------------------
expect 64 'error: 0x80070002: interface none0 .*\[check\.interface-unknown\]' \
    "$SENDER" check --interface none0 --port $port --state-dir good
expect 64 'seen: there are: .*lo' \
    "$SENDER" check --interface none0 --port $port --state-dir good
check 64 'error: 0x800704CF: .*224\.128\.0\.5 cannot be used.*\[check\.group-bad\]' good \
    --mcast-data-address 224.128.0.5
check 64 'seen: .*same MAC address as 224\.0\.0\.5' good --mcast-data-address 224.128.0.5
check 64 'seen: .*no multicast address' good --mcast-data-address 10.1.2.3
check 0 'notice: .*\[check\.group-source-specific\]' good --mcast-data-address 232.1.2.3:9999
check 0 '^ok: ' good --mcast-data-address 239.1.2.3
setpriv --pdeathsig KILL "$SENDER" send file --interface lo --port $port --state-dir good \
    --json --no-announce </dev/null >session 2>/dev/null &
running=$!
stop_running() { kill "$running" 2>/dev/null; }
at_exit stop_running
wait_for 20 has_event session session || fail "no session"
check 69 "error: 0x80072740: TCP port $port is taken \\[check\\.port-taken\\]" good
check 69 'seen: listening there: Address already in use' good
kill "$running"
wait "$running" || true
check 0 '^ok: ' good

# --- another user ---------------------------------------------------------------------------------
check 64 "there is no user 'no-such-user'" good --user no-such-user
check 0 '^ok: ' good --user "$(id -un)"
if ((EUID == 0)); then
    chmod 0755 "$work_dir"
    check 77 'error: 0x80070005: .*cannot be read by this user.*\[key\.unreadable\]' \
        "$work_dir/good" --user nobody
    check 77 'error: 0x80070005: .*\[check\.packages\]' "$work_dir/good" --user nobody
    damage chown -R nobody .
    check 0 'notice: .*\[check\.other-user\]' "$d"
    check 0 'fix:  .*check --user nobody' "$d"
    check 0 '^ok: ' "$d" --user nobody
    silent '\[check\.other-user\]'
    chmod 666 "$d/SerializedMCSKey"
    check 0 'fixed: ' "$d" --user nobody --fix
    damage chown -R nobody . && chown root "$d/site/SiteKey" && chmod 644 "$d/site/SiteKey"
    check 77 'not fixed: cannot change the mode of .*/site/SiteKey' "$d" --user nobody --fix
    check 77 'error: 0x80070005: this user cannot make a key.*\[check\.state-dir\]' \
        /root/none --user nobody
    fake() { expect "$1" "$2" setpriv --reuid 65533 --regid 65533 --clear-groups "${@:3}"; }
    # Root signs nothing for another: his links could lead anywhere.
    root=$work_dir/root
    cp -a good "$root"
    "$SENDER" publish file --id X --state-dir "$root" -q
    (cd "$root" && find packages -type f -exec sha256sum {} + | sort) >before
    damage rm -rf packages
    ln -s "$root/packages" "$d/packages"
    "$SENDER" key reset --state-dir "$d" >/dev/null
    chown -h -R nobody: "$d"
    check 78 'not fixed: package X is for nobody to sign' "$d" --fix
    (cd "$root" && find packages -type f -exec sha256sum {} + | sort) | cmp before - ||
        fail "root signed its own package with another's key"
    rm "$d/packages"
    cp -a "$root/packages" "$d"
    chown -R nobody: "$d"
    check 78 'not fixed: .*: wimcast-sender check --fix --user nobody' "$d" --fix
    read -r -a printed < <(sed -n 's/^not fixed: .*: wimcast-sender //p' out)
    chmod 644 file
    expect 0 'fixed: package X is signed with the MCS key of today' \
        "$SENDER" "${printed[@]}" --interface lo --port $port --state-dir "$d"
    [[ -z $(find "$d/packages" ! -user nobody) ]] || fail "not the owner's"
    damage chown -R 65533 .
    fake 0 '^ok: ' "$SENDER" check --interface lo --port $port --state-dir "$d"
    fake 77 'only root may look' "$SENDER" check --interface lo --state-dir "$d" --user root
fi

# --- command lines --------------------------------------------------------------------------------
expect 64 'one argument too many' "$SENDER" check a b
expect 64 'ID takes a package id' "$SENDER" check ../x
expect 64 'mcast-data-address takes' "$SENDER" check --mcast-data-address x

say "$cases cases, $bad wrong"
((bad == 0))
