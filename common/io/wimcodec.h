/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decompression of single chunks by libwim: the only place that knows it. It sees nothing but the
 * bytes of one chunk, and writes into nothing but the room for the plain ones. */
#ifndef WC_IO_WIMCODEC_H
#define WC_IO_WIMCODEC_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/core/wimheader.h"

struct wc_wimcodec; /* one thread at a time */

/* Memory for chunks of up to `chunk_bytes` plain bytes. WC_E_NOMEM; WC_E_TYPE: libwim has no such
 * size with this compression. */
WC_MUST_USE enum wc_err wc_wimcodec_new(struct wc_wimcodec **ret,
                                        enum wc_wim_compression compression, uint32_t chunk_bytes);
void wc_wimcodec_free(struct wc_wimcodec *c);

/* Is it for these? */
bool wc_wimcodec_is(const struct wc_wimcodec *c, enum wc_wim_compression compression,
                    uint32_t chunk_bytes);

/* Exactly plain_bytes come out. WC_E_FORMAT: they do not. */
WC_MUST_USE enum wc_err wc_wimcodec_run(struct wc_wimcodec *c, const void *stored,
                                        size_t stored_bytes, void *plain, size_t plain_bytes);

#endif
