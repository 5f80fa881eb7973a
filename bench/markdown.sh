# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The tables of docs/PERFORMANCE.md, between lines <!-- begin NAME --> and <!-- end NAME -->.
