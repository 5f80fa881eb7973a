/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A package in memory, made of a few lines: manifest, and the object's bytes. */
#ifndef WC_TESTS_SUPPORT_PACKAGE_H
#define WC_TESTS_SUPPORT_PACKAGE_H

#include "common/core/manifest.h"

/* A path that ends in '/' is a directory. Bytes zero_from..zero_to-1 of a file are zeros, the
 * others the pattern of its place in the list. */
struct wc_package_file {
    const char *path;
    size_t byte_count;
    size_t zero_from;
    size_t zero_to;
};

struct wc_package {
    struct wc_manifest m; /* owned by wc_alloc_libc */
    uint8_t *object;
    uint8_t digest[WC_DIGEST_BYTES]; /* of the encoded manifest */
};

#define WC_PACKAGE_MODE  0640u
#define WC_PACKAGE_MTIME 1234567890

/* `files` in the order of a manifest. It is encoded and decoded again on the way: what fails ends
 * the test program. */
void wc_package_make(struct wc_package *p, const struct wc_package_file *files, uint32_t count,
                     uint32_t symbol_bytes, uint32_t block_symbols);
void wc_package_remove(struct wc_package *p);

const uint8_t *wc_package_block(const struct wc_package *p, uint32_t sbn);

#endif
