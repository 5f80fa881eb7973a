/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The C library's heap as a core's allocator. */
#ifndef WC_IO_ALLOC_H
#define WC_IO_ALLOC_H

#include "common/core/types.h"

extern const struct wc_alloc wc_alloc_libc;

#endif
