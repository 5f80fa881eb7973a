#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-sender publish`, `packages` and the refusals of `send ID`: a package's life, and every
# fault that it and its content can have, as `packages show` and `send` name it.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

make_work_dir
export HOME=$work_dir/home WIMCAST_STATE_DIR=$work_dir/state
unset WIMCAST_SITE_DIR XDG_STATE_HOME
mkdir -p "$HOME" "$work_dir/images/tree/sub"
cd "$work_dir"
random_file images/install.img 300000 one
random_file images/tree/a 1000 two
random_file images/tree/sub/b 2000 three
: >images/empty.img
bad=0
cases=0

# expect EXIT_CODE PATTERN COMMAND...: stdout and stderr together match.
expect() {
    local code=$1 pattern=$2 rc=0 problem=
    shift 2
    cases=$((cases + 1))
    timeout -k 1 10 "$@" </dev/null >out 2>&1 || rc=$?
    [[ $rc == "$code" ]] || problem="exit code $rc, expected $code"
    grep -q -E -e "$pattern" out || problem+="${problem:+; }output does not match: $pattern"
    [[ -n $problem ]] || return 0
    bad=$((bad + 1))
    printf 'BAD: %s\n  %s\n' "$(printf '%q ' "${@##*/}")" "$problem"
    sed 's/^/  | /' out
}

publish() { expect "$1" "$2" "$SENDER" publish "${@:3}"; }
packages() { expect "$1" "$2" "$SENDER" packages "${@:3}"; }
send() { expect "$1" "$2" "$SENDER" send --interface lo "${@:3}"; }

# fault CODE HRESULT FINDING PATTERN ID: `show` finds it, `list` names it, `send` refuses with the
# same words.
fault() {
    packages "$1" "error: $2: .*\[$3\]" show "$5"
    packages "$1" "$4" show "$5"
    packages 0 "^$5 .* $3 " list
    send "$1" "error: $2: .*$4" "$5"
    expect "$1" "\"hresult\":\"$2\",\"finding\":\"$3\"" \
        "$SENDER" send --json --interface lo "$5"
}

# --- a life -----------------------------------------------------------------------------------
packages 0 'no package is published' list
publish 0 'published XYZ00012, version 1: 1 file, 293.0 KiB, read by everyone' \
    images/install.img --id XYZ00012
publish 0 'send it with: +wimcast-sender send XYZ00012' images/install.img --id XYZ00012
expect 0 'version 1: 4 files, .* read by jo,lab-7, only via multicast' \
    env -C images/tree "$SENDER" publish . --id drivers --read jo,lab-7 --only-multicast \
    --package-version 1
packages 0 '^XYZ00012 +2 .* good +everyone$' list
packages 0 '^drivers +1 .* good +jo,lab-7$' list
packages 0 '^version +2$' show XYZ00012
packages 0 '^ok: a session can send this package' show XYZ00012
packages 0 '^transfer +only via multicast$' show drivers
[[ $(find state/packages/XYZ00012 -type f -printf '%f\n' | sort | xargs) == \
    'manifest.2 manifest.2.sig package.json' ]] || fail "files: $(ls state/packages/XYZ00012)"
[[ $(find state/packages -type f -perm /077) == '' ]] || fail "files are open to others"
"$SENDER" packages list --json | jq -s -e 'length == 3 and .[0].package == "XYZ00012" and
    .[0].state == "good" and .[0].version == 2 and .[0].bytes == 300000 and
    .[1].read == "jo,lab-7" and .[1].only_multicast and .[2].packages == 2' >/dev/null ||
    fail "list --json"
"$SENDER" packages show drivers --json | jq -s -e '.[0].event == "package" and
    .[0].files == 4 and .[-1].event == "summary" and .[-1].result == "ok"' >/dev/null ||
    fail "show --json"
"$SENDER" publish images/install.img --id other --json -q --package-version 9 |
    jq -s -e '.[-1].event == "published" and .[-1].version == 9 and .[-1].symbol_bytes == 1408 and
    (.[-1].manifest | length) == 64' >/dev/null || fail "publish --json"
packages 0 'removed package other' remove other
packages 66 'package\.unknown|no package other' remove other
packages 66 '0x80070002: .*no package other' show other

# --- what does not publish ----------------------------------------------------------------------
publish 65 '0x800705B4: nothing to send: .*/images/empty.img is empty' images/empty.img --id X
publish 66 '0x80070002: cannot read .*/images/none' images/none --id X
publish 66 '0x80070002: cannot find the folder' none/none --id X
publish 64 'above 2, the last one of XYZ00012' images/install.img --id XYZ00012 --package-version 2
publish 64 'same name' images/install.img images/../images/install.img --id X
publish 65 'cannot publish /: ' / --id X
publish 64 'needs a name' images/install.img
expect 65 '"finding":"content.empty"' "$SENDER" publish --json images/empty.img --id X
[[ ! -e state/packages/X ]] || fail "something of X was kept"
packages 0 '^XYZ00012 +2 ' list

# --- what send takes for an id ------------------------------------------------------------------
send 66 '0x80070002: .*no package none is published here: .*, and no file none' none
send 66 'cannot read ./none' ./none
cp images/install.img XYZ00012
send 64 'a published package and a file here; write ./XYZ00012' XYZ00012
rm XYZ00012
send 64 '--id does not go with the published package' XYZ00012 --id other
send 64 '--symbol-size does not go with' XYZ00012 --symbol-size 1000

# --- published again: who may read it stays as it is, until somebody says otherwise --------------
again() { publish 0 "$1" images/install.img --id closed "${@:2}"; }
again 'version 1: .*, read by jo,lab-7, only via multicast$' --read jo,lab-7 --only-multicast
touch -d '1 day ago' images/install.img
fault 65 0x80091007 content.changed 'publish PATH\.\.\. --id closed' closed
again 'version 2: .*, read by jo,lab-7, only via multicast$'
packages 0 '^ok: ' show closed
again 'version 3: .*, read by jo,lab-7$' --also-unicast
again 'version 4: .*, read by jo,lab-7, only via multicast$' --only-multicast
again 'version 5: .*, read by accounts, only via multicast$' --read accounts
again 'version 6: .*, read by everyone, only via multicast$' --read everyone
truncate -s 5 state/packages/closed/manifest.6
again 'version 7: .*, read by everyone, only via multicast$'
packages 0 'removed' remove closed
publish 0 'published XYZ00012, version 3' images/install.img --id XYZ00012

# --- faults of the content ----------------------------------------------------------------------
keep() { cp -a images kept; }
restore() {
    rm -rf images
    mv kept images
    packages 0 '^ok: ' show XYZ00012
    packages 0 '^ok: ' show drivers
}

keep
truncate -s 299999 images/install.img
fault 65 0x80091007 content.changed \
    'install.img: published were 300000 bytes .* are 299999' XYZ00012
restore
keep
touch -d '2 days ago' images/tree/sub/b
fault 65 0x80091007 content.changed 'tree/sub/b: published were 2000 bytes of ' drivers
restore
keep
echo new >images/tree/sub/c
fault 65 0x80091007 content.changed 'tree/sub/c was not there' drivers
restore
keep
truncate -s 0 images/install.img
fault 65 0x800705B4 content.empty 'had 300000 bytes when it was published, and has 0 now' XYZ00012
restore
mkdir images/part
: >images/part/a.txt
random_file images/part/b.img 5000 four
publish 0 'published' images/part --id part
touch -d '1 day ago' images/part/a.txt # it was empty all along
truncate -s 0 images/part/b.img
fault 65 0x800705B4 content.empty \
    'part/b\.img had 5000 bytes when it was published, and has 0 now' part
packages 0 removed remove part
rm -r images/part
keep
rm -r images/tree/sub
fault 66 0x80070002 content.missing 'tree/sub: No such file or directory \(and 1 more\)' drivers
restore
if ((EUID == 0)); then
    chmod 0600 images/install.img
    chmod 0755 . images
    chown -R 65533 state
    fake() { expect "$1" "$2" setpriv --reuid 65533 --regid 65533 --clear-groups "${@:3}"; }
    fake 77 '0x80070005: .*content of package XYZ00012 cannot be read: .*uid 65533' \
        "$SENDER" send --interface lo XYZ00012
    fake 77 '\[content.unreadable\]' "$SENDER" packages show XYZ00012
    fake 77 '0x80070005: cannot read .*install.img' "$SENDER" publish images/install.img --id X
    chown -R 0 state
    chmod 0755 state state/packages
    fake 77 '0x80070005: .*\[package.unreadable\]' "$SENDER" packages show XYZ00012
    chmod 0644 images/install.img
    chmod 0700 state state/packages
fi

# --- faults of the package ----------------------------------------------------------------------
# damage COMMAND...: in its folder; published anew it is good again, with a later version.
damage() { (cd state/packages/XYZ00012 && "$@"); }
mend() { publish 0 'published XYZ00012' images/install.img --id XYZ00012; }
manifest() { find state/packages/XYZ00012 -name 'manifest.*' ! -name '*.sig' -printf '%f\n'; }

damage truncate -s 5 "$(manifest)"
fault 65 0x80091007 package.damaged 'another size than the record says' XYZ00012
mend
damage rm "$(manifest)"
fault 65 0x80091007 package.damaged 'manifest\..: No such file' XYZ00012
mend
damage truncate -s 0 "$(manifest).sig"
fault 65 0x80091007 package.damaged 'manifest\..\.sig: empty' XYZ00012
mend
damage truncate -s 40 package.json
fault 65 0x80091007 package.damaged 'package.json: no JSON' XYZ00012
packages 65 'publish PATH\.\.\. --id XYZ00012 --read WHO' show XYZ00012
publish 64 'who may read it can no longer be known \(its record: package.json: no JSON' \
    images/install.img --id XYZ00012
publish 0 'published XYZ00012' images/install.img --id XYZ00012 --read everyone
damage rm package.json # the manifests tell that there was one
publish 64 'who may read it can no longer be known' images/install.img --id XYZ00012
publish 0 'published XYZ00012' images/install.img --id XYZ00012 --read everyone
damage dd if=/dev/zero of="$(manifest).sig" bs=64 count=1 status=none
fault 65 0x80091007 package.damaged 'signature is not' XYZ00012
mend
packages 0 '^XYZ00012 +9 .* good ' list

# --- the key ------------------------------------------------------------------------------------
before=$("$SENDER" packages show XYZ00012 --json | jq -r 'select(.event == "package") | .key')
expect 0 'MCS key' "$SENDER" key reset --self-signed
fault 78 0x80004005 key.manifest-other-key 'wimcast-sender packages sign XYZ00012' XYZ00012
packages 78 "signed with sha256:$before" show XYZ00012
packages 0 'signed package XYZ00012 with the MCS key sha256:' sign XYZ00012
packages 0 '^ok: ' show XYZ00012
packages 0 '^XYZ00012 +9 .* good ' list
packages 78 'key.manifest-other-key' show drivers
packages 66 'no package none' sign none
truncate -s 0 state/SerializedMCSKey
publish 78 '0x80004005: .*MCS key is empty' images/install.img --id X
packages 78 'empty' sign XYZ00012
packages 0 '^XYZ00012 +9 ' list

say "$cases cases, $bad wrong"
((bad == 0))
