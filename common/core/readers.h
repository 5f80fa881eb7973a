/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may read a package. */
#ifndef WC_CORE_READERS_H
#define WC_CORE_READERS_H

#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_READERS_LISTED_MAX 64u

enum wc_reader_set {
    WC_READERS_EVERYONE, /* anonymous receivers, too, where the sender allows them */
    WC_READERS_ACCOUNTS, /* every account of the sender */
    WC_READERS_LISTED,   /* only the accounts that are named */
};

struct wc_readers {
    enum wc_reader_set set;
    uint32_t listed_count;
    char listed[WC_READERS_LISTED_MAX][WC_NAME_BYTES_MAX + 1];
};

#endif
