#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `wimcast-receiver verify --manifest` and who signed the manifest: as a sender keeps it, copied
# elsewhere, tampered with, of another key, of another site.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"
command -v wimlib-imagex >/dev/null || skip "wimlib-imagex is not installed"

make_work_dir
export HOME=$work_dir/home LC_ALL=C.UTF-8
mkdir -p "$HOME" "$work_dir/tree"
cd "$work_dir"
cases=0
bad=0

# expect EXIT_CODE PATTERN COMMAND...: stdout or stderr matches.
expect() {
    local code=$1 pattern=$2 rc=0
    shift 2
    cases=$((cases + 1))
    timeout -k 1 60 "$@" </dev/null >out 2>err || rc=$?
    [[ $rc == "$code" ]] && grep -q -E -e "$pattern" out err && return
    bad=$((bad + 1))
    printf 'BAD: exit code %s, expected %s, or no "%s": %s\n' $rc "$code" "$pattern" "${*##*/}"
    head -n 5 out err | cut -c 1-300
}
verify() { expect "$1" "$2" "$RECEIVER" verify "${@:3}"; }
sender() { "$SENDER" "$@" >sender.log 2>&1 || fail "wimcast-sender $*: $(tail -n 2 sender.log)"; }

cp /bin/bash tree/
wimlib-imagex capture tree image.wim one >/dev/null 2>&1 || fail "no WIM"
for dp in one two; do
    sender key site-init --state-dir $dp
    sender key export --state-dir $dp --output $dp.pem
    sender key init --state-dir $dp
    sender publish --state-dir $dp --id image image.wim
done
sender publish --state-dir alone --id image image.wim
package=one/packages/image

# --- as it should be -----------------------------------------------------------------------------
verify 0 'version 1 of package image, signed by sha256:[0-9a-f]{64} .*only --site-key can tell' \
    image.wim --manifest $package
verify 0 'signed by .*, a sender of the site sha256:[0-9a-f]{64}' \
    image.wim --manifest $package --site-key one.pem
verify 0 '"signed_by":"[0-9a-f]{64}","site":"[0-9a-f]{64}"' \
    image.wim --manifest $package --site-key one.pem --json
verify 0 'only --site-key can tell' image.wim --manifest alone/packages/image
verify 0 'a sender of the site' --deep image.wim --manifest $package/manifest.1 --site-key one.pem
cp -r $package copy
verify 0 'the signature of manifest.1 was not verified \[verify.unchecked\]' \
    image.wim --manifest copy
verify 0 'signed by' image.wim --manifest copy --certificate one/SignedSerializedMCSKey
mv copy/manifest.1.sig elsewhere
verify 0 'was not verified' image.wim --manifest copy
verify 0 'signed by' image.wim --manifest copy --certificate one/SignedSerializedMCSKey \
    --signature elsewhere
sender publish --state-dir one --id image image.wim
verify 0 'version 2 of package image' image.wim --manifest $package

# --- not to be trusted: nothing is compared ------------------------------------------------------
verify 77 'is signed by another site.*--site-key' \
    image.wim --manifest $package --site-key two.pem
grep -q 'blocks' out && { bad=$((bad + 1)); say "BAD: compared all the same"; }
verify 77 'not signed by the site' image.wim --manifest alone/packages/image --site-key one.pem
verify 77 'not signed by the sender.s MCS key' image.wim --manifest copy \
    --signature elsewhere --certificate two/SignedSerializedMCSKey
flip copy/manifest.1 $(($(stat -c %s copy/manifest.1) - 5)) 1
verify 77 'not signed by the sender.s MCS key' image.wim --manifest copy \
    --signature elsewhere --certificate one/SignedSerializedMCSKey
verify 77 '"finding":"key.manifest-other-key"' image.wim --manifest copy --json \
    --signature elsewhere --certificate one/SignedSerializedMCSKey
flip copy/manifest.1 $(($(stat -c %s copy/manifest.1) - 5)) 1
flip elsewhere 63
verify 77 'not signed by' image.wim --manifest copy --signature elsewhere \
    --certificate one/SignedSerializedMCSKey
head -c 63 elsewhere >short
verify 77 'is not signed .*63 of 64 bytes' image.wim --manifest copy --signature short \
    --certificate one/SignedSerializedMCSKey
: >none
verify 77 'is not signed' image.wim --manifest copy --signature none \
    --certificate one/SignedSerializedMCSKey

# --- files that are not there, or something else -------------------------------------------------
verify 66 'there is no certificate' image.wim --manifest copy --signature elsewhere
verify 66 'cannot read the signature .*No such file' image.wim --manifest copy \
    --certificate one/SignedSerializedMCSKey
verify 66 'cannot read the signature' image.wim --manifest copy --site-key one.pem
verify 65 'holds no certificate in PEM' image.wim --manifest copy --signature elsewhere \
    --certificate one/packages/image/package.json
verify 66 'is no folder of a package' image.wim --manifest tree
verify 66 'cannot read the manifest' image.wim --manifest nowhere
verify 64 'are of a manifest: add --manifest' image.wim --signature elsewhere
verify 64 'add --manifest or --repair' image.wim --site-key one.pem
verify 64 'go with --repair URL' image.wim --interface lo
verify 64 'go with --repair URL' image.wim --force
verify 64 'leave out --deep, --manifest and --path' image.wim --deep \
    --repair wimcast://127.0.0.1:9467/image
verify 64 'the URL names no key' image.wim --repair wimcast://127.0.0.1:9467/image
verify 64 "URL 'nonsense'" image.wim --repair nonsense
verify 64 'password never stands on the command line' image.wim --password=x

say "$cases cases, $bad wrong"
((bad == 0))
