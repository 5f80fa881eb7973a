/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patterns for paths as Windows has them. */
#ifndef WC_CORE_GLOB_H
#define WC_CORE_GLOB_H

#include "common/core/types.h"

/* Does the path, which begins with '/', match? '*' stands for any characters, '/' too; '?' for one
 * character (UTF-8). ASCII letters match in either case, and '\' is '/'. A pattern that does not
 * begin with '/' or '*' matches after any '/' of the path. Time is at most the product of both
 * lengths for each of these. */
bool wc_glob_path(const char *pattern, const char *path);

#endif
