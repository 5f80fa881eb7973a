#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No script of the repository has a finding of shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }

mapfile -t scripts < <(find . -type d \( -name .git -o -name 'build*' \) -prune -o \
    -type f \( -name '*.sh' -o -path ./dev -o -path ./.ci/run \) -print | sort)
shellcheck -x "${scripts[@]}"
echo "${#scripts[@]} scripts"
