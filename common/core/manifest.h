/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a package is: its files, how their bytes are cut into blocks, and the SHA-256 of every
 * file and of every block. The files' contents, one after the other in the order of the manifest,
 * are the object. The encoded bytes are what the MCS key signs; one manifest has one encoding.
 *
 *     "WCMF"  u16 version = 1
 *     sections, each: u16 type, u32 bytes, body; in ascending order of type; unknown types are
 *     skipped:
 *       1 package  id text; u32 version
 *       2 layout   u32 symbol bytes; u32 block symbols; u64 object bytes
 *       3 files    u32 count; each: u8 kind, u32 mode, i64 mtime in s, u64 bytes, path text,
 *                  32 digest
 *       4 blocks   u32 count; each: 32 digest of the block's bytes without padding
 *       5 wims     u32 count; each: u32 file, u32 images, u32 names
 *       6 first    u32 count; each: u32 first block, u32 blocks
 *
 * Sections 5 and 6 are missing when they would be empty. WIMs ascend by file. Runs of section 6
 * ascend and do not touch each other.
 *
 * Paths are as path.h wants them, in strictly ascending byte order. No path leads through a regular
 * file of the manifest. */
#ifndef WC_CORE_MANIFEST_H
#define WC_CORE_MANIFEST_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/partition.h"
#include "common/core/path.h"
#include "common/core/types.h"

enum wc_file_kind {
    WC_FILE_REGULAR = 1,
    WC_FILE_DIRECTORY = 2, /* bytes = 0, digest all zero */
};

struct wc_file {
    const char *path; /* NUL-terminated */
    uint64_t byte_count;
    uint64_t offset; /* of its first byte in the object; derived */
    int64_t mtime_s;
    uint32_t mode; /* permission bits, 0..0777 */
    uint8_t kind;  /* enum wc_file_kind */
    uint8_t digest[WC_DIGEST_BYTES];
};

/* A regular file that is a WIM, or the first part of a split one whose parts are all here. */
struct wc_manifest_wim {
    uint32_t file; /* its index */
    uint32_t image_count;
    uint32_t name_count; /* files with data, and alternate streams with data, of all images */
};

/* Blocks that travel before the others. Who has them all knows which paths of which WIM lie on
 * which bytes. */
struct wc_manifest_run {
    uint32_t sbn;
    uint32_t block_count;
};

struct wc_manifest {
    char id[WC_NAME_BYTES_MAX + 1];
    uint32_t version;
    struct wc_partition partition;
    uint32_t block_symbols; /* k that the partition was asked for */
    uint32_t file_count;
    struct wc_file *files;
    char *path_bytes;       /* what decode put the paths into; else NULL */
    uint8_t *block_digests; /* partition.block_count x WC_DIGEST_BYTES */
    uint32_t wim_count;
    uint32_t first_count;
    struct wc_manifest_wim *wims;
    struct wc_manifest_run *first;
};

/* A package id: 1..WC_NAME_BYTES_MAX of letters, digits, '.', '_', '-', not starting with '.' or
 * '-'. WC_E_FORMAT. */
WC_MUST_USE enum wc_err wc_package_id_check(const char *id, size_t byte_count);

/* Bytes that wc_manifest_encode will write. */
size_t wc_manifest_encoded_bytes(const struct wc_manifest *m);

/* WC_E_SHORT: capacity too small; WC_E_PATH, WC_E_RANGE, WC_E_FORMAT: what decode would refuse. */
WC_MUST_USE enum wc_err wc_manifest_encode(const struct wc_manifest *m, uint8_t *bytes,
                                           size_t capacity, size_t *ret_byte_count);

/* Read a manifest. All memory comes from `alloc`, sized by what the input really holds (never by
 * a count that it claims); `bytes` may be freed after return. Errors as above, WC_E_NOMEM,
 * WC_E_TOO_LARGE, WC_E_VERSION. *ret must be released with wc_manifest_deinit; it is zeroed on
 * error. */
WC_MUST_USE enum wc_err wc_manifest_decode(struct wc_manifest *ret, const uint8_t *bytes,
                                           size_t byte_count, const struct wc_alloc *alloc);

/* Release what decode allocated. A zeroed manifest is fine. */
void wc_manifest_deinit(struct wc_manifest *m, const struct wc_alloc *alloc);

/* The index of the first file whose bytes reach past `offset` (file_count if none); files of 0
 * bytes and directories hold no offset. O(log n). */
uint32_t wc_manifest_file_at(const struct wc_manifest *m, uint64_t offset);

#endif
