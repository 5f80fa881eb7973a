/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths of a package: relative, '/'-separated, UTF-8 without control characters, without parts that
 * are empty, "." or "..", or that end in ".part" or ".part.journal" (files under reception). */
#ifndef WC_CORE_PATH_H
#define WC_CORE_PATH_H

#include "common/core/err.h"
#include "common/core/types.h"

/* Why a path may not be created below a directory (static text), or NULL when it may. */
const char *wc_path_why(const char *path, size_t byte_count);

/* The same as an error: WC_E_PATH. */
WC_MUST_USE enum wc_err wc_path_check(const char *path, size_t byte_count);

#endif
