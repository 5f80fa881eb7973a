/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/alloc.h"

#include <stdlib.h>

static void *zalloc(void *ctx, size_t count, size_t size)
{
    (void)ctx;
    return calloc(count, size);
}

static void release(void *ctx, void *mem)
{
    (void)ctx;
    free(mem);
}

const struct wc_alloc wc_alloc_libc = {.zalloc = zalloc, .free = release};
