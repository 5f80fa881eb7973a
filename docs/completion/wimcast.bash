# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of wimcast-sender and wimcast-receiver for bash. Source it, or install it for both
# names, for example as /usr/share/bash-completion/completions/wimcast-sender with a link.

_wimcast_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }

_wimcast_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_wimcast_folders() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$1")
}

_wimcast_interfaces() {
    local folder names=
    for folder in /sys/class/net/*/; do
        folder=${folder%/}
        names+=" ${folder##*/}"
    done
    _wimcast_words "$names" "$1"
}

# The value of option $1, as far as it is typed: $2. False: the option takes none.
_wimcast_value() {
    case $1 in
        -i | --interface) _wimcast_interfaces "$2" ;;
        -o | --output | --install | --site-key | --log-file | --manifest | --target) _wimcast_files "$2" ;;
        --password-file | --certificate | --client-certificate | --client-key)
            _wimcast_files "$2"
            ;;
        --read) _wimcast_words "everyone accounts" "$2" ;;
        --account) COMPREPLY=() ;;
        --state-dir | --site-dir) _wimcast_folders "$2" ;;
        --user) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
        --slow-policy) _wimcast_words "none disconnect unicast" "$2" ;;
        --id | --port | --mcast-data-address | --ttl | --min-receivers | --max-wait | \
            --max-bitrate | --symbol-size | --slow-rate | --name | --beacon-timeout | --discover-timeout | \
            --package-version | --memory | --days | --log-size | --code | --path | --image) COMPREPLY=() ;;
        *) return 1 ;;
    esac
}

# COMMANDS OPTIONS_OF_THE_COMMAND
_wimcast() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _wimcast_words "$1 --help --version" "$current"
    elif _wimcast_value "$previous" "$current"; then
        return
    elif [[ $current == -* ]]; then
        _wimcast_words "$2 --json --quiet --verbose --help --version" "$current"
    else
        return 1
    fi
}

_wimcast_sender_key() {
    local actions="site-init init sign show verify reset export"
    if ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[2]} != -* ]]; then
        _wimcast_words "$actions" "${COMP_WORDS[2]}"
        return
    fi
    _wimcast "" "--state-dir --site-dir --name --days --install --output --self-signed" ||
        _wimcast_files "${COMP_WORDS[COMP_CWORD]}"
}

# Ids are folders in the state directory; only the default ones are looked at.
_wimcast_package_ids() {
    local folder names=
    for folder in "${WIMCAST_STATE_DIR:-/var/lib/wimcast}"/packages/*/; do
        folder=${folder%/}
        [[ ! -d $folder ]] || names+=" ${folder##*/}"
    done
    _wimcast_words "$names" "$1"
}

_wimcast_sender_packages() {
    if ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[2]} != -* ]]; then
        _wimcast_words "list show remove sign" "${COMP_WORDS[2]}"
        return
    fi
    _wimcast "" "--state-dir" || _wimcast_package_ids "${COMP_WORDS[COMP_CWORD]}"
}

_wimcast_sender_publish() {
    _wimcast "" "--id --package-version --read --only-multicast --also-unicast --symbol-size \
        --state-dir --log-file --log-size" ||
        _wimcast_files "${COMP_WORDS[COMP_CWORD]}"
}

_wimcast_sender_account() {
    if ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[2]} != -* ]]; then
        _wimcast_words "add remove list test anonymous" "${COMP_WORDS[2]}"
    elif ((COMP_CWORD == 3)) && [[ ${COMP_WORDS[2]} == anonymous ]]; then
        _wimcast_words "allow refuse" "${COMP_WORDS[3]}"
    else
        _wimcast "" "--password-file --certificate --state-dir" || COMPREPLY=()
    fi
}

_wimcast_sender_check() {
    _wimcast "" "--fix --user --interface --port --mcast-data-address --state-dir" ||
        _wimcast_package_ids "${COMP_WORDS[COMP_CWORD]}"
}

_wimcast_sender() {
    local command=
    ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}
    case $command in
        publish | packages | key | account | check)
            "_wimcast_sender_$command"
            return
            ;;
    esac
    _wimcast "send publish packages key account check" "--id --read --interface --port \
        --mcast-data-address --ttl --min-receivers --max-wait --max-bitrate --state-dir --symbol-size --slow-policy \
        --slow-rate --only-multicast --nokbd --no-announce --log-file --log-size" ||
        _wimcast_files "${COMP_WORDS[COMP_CWORD]}"
}

_wimcast_receiver() {
    if [[ ${COMP_WORDS[1]} == log ]]; then
        _wimcast "fetch apply log verify" "--code" || _wimcast_files "${COMP_WORDS[COMP_CWORD]}"
        return
    fi
    if [[ ${COMP_WORDS[1]} == verify ]]; then
        _wimcast "fetch apply log verify" "--deep --manifest --path --signature --certificate --repair \
            --force --interface --id --package-version --name --account --password-file \
            --client-certificate --client-key --beacon-timeout --memory --log-file --log-size \
            --site-key" ||
            _wimcast_files "${COMP_WORDS[COMP_CWORD]}"
        return
    fi
    if [[ ${COMP_WORDS[1]} == apply ]]; then
        _wimcast "fetch apply log verify" "--image --target --force --file --spool-dir --spool-limit \
            --interface --id --package-version --name --account --password-file \
            --client-certificate --client-key --beacon-timeout --discover-timeout --memory \
            --log-file --log-size --site-key" ||
            _wimcast_files "${COMP_WORDS[COMP_CWORD]}"
        return
    fi
    _wimcast "fetch apply log verify" "--output --deep --id --interface --name --memory --beacon-timeout \
        --discover-timeout --site-key --account --password-file --client-certificate \
        --client-key --log-file --log-size --package-version" ||
        _wimcast_words "wimcast://" "${COMP_WORDS[COMP_CWORD]}"
}

complete -F _wimcast_sender wimcast-sender
complete -o nospace -F _wimcast_receiver wimcast-receiver
