/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal beside the .part files: which blocks of which manifest are in them. Two slots are
 * written in turn, so that a write that is cut short leaves the one before. Big-endian:
 *
 *     "WCJR"  u16 version = 1   u16 0   u64 sequence   32 manifest digest   u32 blocks
 *     ceil(blocks / 8) bytes: block i is bit i % 8 of byte i / 8
 *     32 SHA-256 of all of the above
 *
 * Slot i begins at i * (bytes of a slot, rounded up to 4096); the sequence says which is newer.
 * What a journal claims is no proof: blocks are hashed again before they count. So it needs no
 * fsync either. The lock on it keeps a second receiver away from the same files. */
#ifndef WC_RECEIVER_SHELL_JOURNAL_H
#define WC_RECEIVER_SHELL_JOURNAL_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/io/digest.h"
#include "common/io/file.h"

#define WC_JOURNAL_SLOT_COUNT 2u

/* --- one slot --- */

struct wc_journal_slot {
    uint64_t sequence;
    const uint8_t *manifest_digest;
    uint32_t block_count;
    uint64_t *bitmap; /* wc_bitmap_words(block_count) words */
};

size_t wc_journal_slot_bytes(uint32_t block_count);

/* Write wc_journal_slot_bytes() bytes. */
void wc_journal_encode(const struct wc_journal_slot *slot, struct wc_digest *d, uint8_t *ret_bytes);

/* Read a slot of the manifest and block count that `slot` says into its sequence and bitmap.
 * WC_E_SHORT, WC_E_FORMAT, WC_E_VERSION; WC_E_NOT_FOUND: of another manifest; WC_E_DIGEST:
 * checksum differs. `slot` is unchanged on error. */
WC_MUST_USE enum wc_err wc_journal_decode(struct wc_journal_slot *slot, struct wc_digest *d,
                                          const uint8_t *bytes, size_t byte_count);

/* --- the file --- */

struct wc_journal; /* one thread */

/* Open or make `name` in directory `dir` (borrowed until close) and lock it. WC_E_STATE:
 * somebody else holds the lock; WC_E_PATH: it is no regular file; errno says what failed else:
 * WC_E_IO and others of wc_why_errno; WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_journal_open(struct wc_journal **ret, int dir, const char *name,
                                        const uint8_t manifest_digest[WC_DIGEST_BYTES],
                                        uint32_t block_count, const struct wc_file_ops *ops);

enum wc_journal_found {
    WC_JOURNAL_NONE,   /* a new journal */
    WC_JOURNAL_CLAIMS, /* *ret_bitmap has what it claims */
    WC_JOURNAL_OTHER,  /* of another manifest */
    WC_JOURNAL_DAMAGED,
};

/* What the journal said when it was opened. */
enum wc_journal_found wc_journal_load(struct wc_journal *j, uint64_t *ret_bitmap);

/* Forget all slots. */
WC_MUST_USE enum wc_err wc_journal_clear(struct wc_journal *j);

/* Write the next slot. errno says what failed. */
WC_MUST_USE enum wc_err wc_journal_save(struct wc_journal *j, uint64_t *bitmap);
WC_MUST_USE enum wc_err wc_journal_sync(struct wc_journal *j);

/* Remove the file; the lock stays until close. errno says what failed. */
WC_MUST_USE enum wc_err wc_journal_remove(struct wc_journal *j);
void wc_journal_close(struct wc_journal *j); /* NULL is fine */

#endif
