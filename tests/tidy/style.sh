#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# House rules that no compiler holds: files of at most 600 lines, lines of at most 100 columns,
# functions of at most 70 lines, nothing left "to do", no tab or blank at a line's end, and the
# licence named in every source file.
#
# usage: style.sh [ROOT]
# shellcheck disable=SC2016 # awk programs stand in single quotes
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
export LC_ALL=C.UTF-8

# files PATTERN...: outside of build directories and test data.
files() {
    local pattern names=()
    for pattern in "$@"; do
        names+=(-o -path "./$pattern")
    done
    find . -type d \( -name .git -o -name 'build*' -o -name corpus -o -name vectors \) -prune -o \
        -type f \( "${names[@]:1}" \) -print | sort
}

sources() { files '*.[ch]' '*.sh' '*.cmake' '*CMakeLists.txt' dev .ci/run; }
texts() { files '*.md'; }

mapfile -t files < <(sources)
bad=0

# each AWK_PROGRAM FILE...: what it prints is wrong.
each() {
    local program=$1 found
    shift
    (($#)) || return 0
    found=$(awk "$program" "$@") || { echo "awk failed"; bad=$((bad + 1)); }
    [[ -n $found ]] || return 0
    echo "$found"
    bad=$((bad + $(wc -l <<<"$found")))
}

each 'FNR == 601 { print FILENAME ": more than 600 lines" }' "${files[@]}"
wide=$(grep -n -H -o -E '^.{101,}' "${files[@]}" |
    awk -F: '{ print $1 ":" $2 ": over 100 columns" }') || true
[[ -z $wide ]] || { echo "$wide"; bad=$((bad + $(wc -l <<<"$wide"))); }
each '/[ \t]+$/ { print FILENAME ":" FNR ": blank at the end of the line" }
    /\t/ { print FILENAME ":" FNR ": tab" }' "${files[@]}"

# A function's brace stands on its own line, and nothing else has one in the first column.
mapfile -t c_files < <(printf '%s\n' "${files[@]}" | grep '\.c$')
each 'FNR == 1 { start = 0 }
    $0 == "{" { start = FNR }
    $0 == "}" && start { if (FNR - start > 70)
        print FILENAME ":" start ": function of " FNR - start " lines"; start = 0 }' "${c_files[@]}"

mapfile -t marked < <(sources; texts)
each '/TO''DO|FIX''ME/ { print FILENAME ":" FNR ": unfinished: " $0 }' "${marked[@]}"

mapfile -t licensed < <(printf '%s\n' "${files[@]}" | grep -E '\.[ch]$|\.sh$|^\./dev$')
unlicensed=
((${#licensed[@]} == 0)) ||
    unlicensed=$(grep -L 'SPDX-License-Identifier: GPL-3.0-or-later' "${licensed[@]}") || true
while IFS= read -r file; do
    [[ -z $file ]] || { echo "$file: no licence line"; bad=$((bad + 1)); }
done <<<"$unlicensed"

echo "${#files[@]} files, $bad findings"
((bad == 0))
