#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command and option that a program's --help names is in its man page and in the completion,
# and these name no other. Every exit code of --help is in the man page.
# shellcheck source-path=SCRIPTDIR source=../net/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

docs=$(dirname "${BASH_SOURCE[0]}")/../../docs
bad=0

# compare WHAT EXPECTED FOUND: two lists, one word a line.
compare() {
    local difference
    difference=$(diff <(sort -u <<<"$2") <(sort -u <<<"$3")) && return
    say "BAD: $1 ('<': only in --help, '>': not in --help)"
    say "$difference"
    bad=$((bad + 1))
}

# What the option column of a help text names: "  -i, --interface IF  ...".
help_options() { sed -n -E 's/^ +(-[a-zA-Z], )?(--[a-z-]+).*/\2/p' <<<"$1"; }
help_commands() { sed -n -E '/^Commands:/,/^$/s/^  ([a-z]+) .*/\1/p' <<<"$1"; }
help_codes() {
    sed -n '/^Exit codes:/,/^[^ ]/p' <<<"$1" | grep -o -E '(^|  ) *[0-9]+  ' | tr -d ' '
}

man_options() { sed -n -E 's/^\.It Fl ([a-zA-Z] , )?-([a-z-]+).*/--\2/p' "$1"; }
man_codes() { sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It \([0-9]*\)$/\1/p' "$1"; }

# complete PROGRAM WORD...: what is offered for the last word.
offered() {
    # shellcheck source=../../docs/completion/wimcast.bash
    source "$docs/completion/wimcast.bash"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    "_${1//-/_}" 2>/dev/null
    printf '%s\n' "${COMPREPLY[@]}"
}

check_program() {
    local path=$1 program command help all='' man
    program=${path##*/}
    man=$docs/man/$program.1
    help=$("$path" --help)
    compare "$program: commands in the completion" \
        "$(help_commands "$help")" "$(offered "$program" '' | grep -v -e '^-')"
    for command in $(help_commands "$help"); do
        grep -q -x -F -e ".Cm $command" "$man" || fail "$man says nothing of $command"
        help=$("$path" "$command" --help)
        compare "$program $command: options in the completion" \
            "$(help_options "$help")" "$(offered "$program" "$command" --)"
        all+=$help$'\n'
    done
    compare "$program: options in the man page" "$(help_options "$all")" "$(man_options "$man")"
    compare "$program: exit codes in the man page" "$(help_codes "$all")" "$(man_codes "$man")"
}

check_program "$SENDER"
check_program "$RECEIVER"
say "$bad differences"
((bad == 0))
