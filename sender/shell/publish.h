/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From content to manifest: WIMs are looked into, then every byte is read once, and hashed twice,
 * for its file and for its block. */
#ifndef WC_SENDER_SHELL_PUBLISH_H
#define WC_SENDER_SHELL_PUBLISH_H

#include "sender/shell/content.h"

struct wc_publish_config {
    const char *id; /* see wc_package_id_check */
    uint32_t version;
    uint32_t symbol_bytes;
    uint32_t block_symbols;
    /* Called now and then from wc_publish_run's thread; false: stop. NULL: nobody listens. */
    bool (*progress)(void *ctx, uint64_t done_bytes, uint64_t object_bytes);
    /* What is odd about a WIM, but no error; NULL: nobody listens. */
    void (*warn)(void *ctx, const char *sentence);
    void *ctx;
};

struct wc_publication {
    struct wc_manifest manifest;
    uint8_t *bytes; /* the manifest encoded: what is signed and sent */
    size_t byte_count;
    uint8_t digest[WC_DIGEST_BYTES]; /* of `bytes` */
};

/* Read the whole of `c` and make its manifest; a second thread helps until return. WC_E_FORMAT:
 * id, or a damaged WIM; WC_E_RANGE: sizes; WC_E_TOO_LARGE: too many blocks; WC_E_DIGEST: a file
 * changed meanwhile; WC_E_IO; WC_E_CLOSED: progress said stop; WC_E_NOMEM; WC_E_SYS. *ret is
 * untouched on failure. */
WC_MUST_USE enum wc_err wc_publish_run(struct wc_publication *ret, struct wc_content *c,
                                       const struct wc_publish_config *config, struct wc_why *why);
void wc_publish_deinit(struct wc_publication *p); /* zeroed is fine */

#endif
