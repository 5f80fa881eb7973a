/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names of a WIM a fault concerns, and which names were asked for. */
#ifndef WC_RECEIVER_SHELL_VERIFY_NAMES_H
#define WC_RECEIVER_SHELL_VERIFY_NAMES_H

#include "common/io/wim.h"

struct wc_verify_names {
    uint32_t *items; /* of the map */
    uint32_t count, room;
    const char *area; /* the first table or metadata met, "the lookup table"; NULL: none */
    char area_text[WC_WIM_AREA_BYTES];
};

void wc_verify_names_clear(struct wc_verify_names *n);
void wc_verify_names_deinit(struct wc_verify_names *n);

/* Add all names of a blob; those of all data with stored bytes in [from, to) of a part's file. In a
 * solid resource these are the blobs of the chunks that lie there. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_verify_names_of_blob(struct wc_verify_names *n,
                                                const struct wc_wimmap *map, uint32_t blob);
WC_MUST_USE enum wc_err wc_verify_names_on(struct wc_verify_names *n, const struct wc_wim *w,
                                           uint16_t part, uint64_t from, uint64_t to);

/* Who was asked for. */
struct wc_verify_wish {
    uint8_t *blobs;      /* a bit for each, LSB first; NULL: all */
    uint64_t file_count; /* files whose path matches, also those without data */
};
/* glob NULL: everything. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_verify_wish_make(struct wc_verify_wish *ret, const struct wc_wimmap *map,
                                            const char *glob);
void wc_verify_wish_deinit(struct wc_verify_wish *wish);
/* Is data on these bytes wanted? Without a wish all bytes are. */
bool wc_verify_wish_has(const struct wc_verify_wish *wish, const struct wc_wimmap *map,
                        uint16_t part, uint64_t from, uint64_t to);

#endif
