/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a header to the bytes of its symbol: source symbols out of the content, repair symbols by
 * the code. Keeps the blocks it read last, since repairs follow soon. */
#ifndef WC_SENDER_SHELL_PAYLOAD_H
#define WC_SENDER_SHELL_PAYLOAD_H

#include "common/core/wire.h"
#include "sender/shell/content.h"

struct wc_payload; /* one thread */

/* `content` is borrowed until free. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_payload_new(struct wc_payload **ret, struct wc_content *content,
                                       const struct wc_partition *partition);
void wc_payload_free(struct wc_payload *p);

/* The symbol of this header: partition.symbol_bytes, borrowed until the next call. Errors as
 * wc_content_read_block. */
WC_MUST_USE enum wc_err wc_payload_symbol(struct wc_payload *p, const struct wc_header *header,
                                          const uint8_t **ret_symbol, struct wc_why *why);

#endif
