/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core/bitmap.h"
#include "common/core/cursor.h"
#include "common/io/why.h"

#define JOURNAL_VERSION 1
#define HEAD_BYTES      52u /* all before the bits */
#define SLOT_ALIGN      4096u
#define LOCK_TRIES      10u

static const uint8_t magic[4] = {'W', 'C', 'J', 'R'};

/* --- one slot --- */

static size_t bits_bytes(uint32_t block_count)
{
    return ((size_t)block_count + 7) / 8;
}

size_t wc_journal_slot_bytes(uint32_t block_count)
{
    return HEAD_BYTES + bits_bytes(block_count) + WC_DIGEST_BYTES;
}

void wc_journal_encode(const struct wc_journal_slot *slot, struct wc_digest *d, uint8_t *ret_bytes)
{
    size_t summed_bytes = HEAD_BYTES + bits_bytes(slot->block_count);
    struct wc_writer w = wc_writer_of(ret_bytes, summed_bytes);
    wc_put_bytes(&w, magic, sizeof(magic));
    wc_put_u16(&w, JOURNAL_VERSION);
    wc_put_u16(&w, 0);
    wc_put_u64(&w, slot->sequence);
    wc_put_bytes(&w, slot->manifest_digest, WC_DIGEST_BYTES);
    wc_put_u32(&w, slot->block_count);
    for (size_t i = 0; i < bits_bytes(slot->block_count); i++)
        wc_put_u8(&w, (uint8_t)(slot->bitmap[i / 8] >> (8 * (i % 8))));
    wc_digest_of(d, ret_bytes, summed_bytes, ret_bytes + summed_bytes);
}

static enum wc_err head_get(struct wc_reader *r, const struct wc_journal_slot *slot,
                            uint64_t *ret_sequence)
{
    const uint8_t *found_magic = wc_get_bytes(r, sizeof(magic));
    uint16_t version = wc_get_u16(r);
    uint16_t reserved = wc_get_u16(r);
    *ret_sequence = wc_get_u64(r);
    const uint8_t *manifest_digest = wc_get_bytes(r, WC_DIGEST_BYTES);
    uint32_t block_count = wc_get_u32(r);
    if (r->failed)
        return WC_E_SHORT;
    if (memcmp(found_magic, magic, sizeof(magic)) != 0)
        return WC_E_FORMAT;
    if (version != JOURNAL_VERSION)
        return WC_E_VERSION;
    if (!wc_digest_equal(manifest_digest, slot->manifest_digest))
        return WC_E_NOT_FOUND;
    return reserved || block_count != slot->block_count ? WC_E_FORMAT : WC_OK;
}

static bool has_stray_bits(const uint8_t *bits, uint32_t block_count)
{
    return block_count % 8 && bits[block_count / 8] >> (block_count % 8);
}

enum wc_err wc_journal_decode(struct wc_journal_slot *slot, struct wc_digest *d,
                              const uint8_t *bytes, size_t byte_count)
{
    uint8_t sum[WC_DIGEST_BYTES];
    uint64_t sequence = 0;
    struct wc_reader r = wc_reader_of(bytes, byte_count);
    enum wc_err err = head_get(&r, slot, &sequence);
    if (err)
        return err;
    const uint8_t *bits = wc_get_bytes(&r, bits_bytes(slot->block_count));
    const uint8_t *expected = wc_get_bytes(&r, WC_DIGEST_BYTES);
    if (r.failed)
        return WC_E_SHORT;
    wc_digest_of(d, bytes, HEAD_BYTES + bits_bytes(slot->block_count), sum);
    if (!wc_digest_equal(sum, expected))
        return WC_E_DIGEST;
    if (has_stray_bits(bits, slot->block_count))
        return WC_E_FORMAT;
    slot->sequence = sequence;
    memset(slot->bitmap, 0, wc_bitmap_words(slot->block_count) * sizeof(uint64_t));
    for (size_t i = 0; i < bits_bytes(slot->block_count); i++)
        slot->bitmap[i / 8] |= (uint64_t)bits[i] << (8 * (i % 8));
    return WC_OK;
}

/* --- the file --- */

struct wc_journal {
    int dir;
    int fd;
    char *name;
    const struct wc_file_ops *ops;
    struct wc_digest *digest;
    uint8_t manifest_digest[WC_DIGEST_BYTES];
    uint32_t block_count;
    uint64_t sequence; /* of the newest slot; 0: none */
    uint8_t *bytes;    /* room for one slot */
};

static uint64_t slot_offset(const struct wc_journal *j, uint64_t sequence)
{
    size_t slot_bytes = wc_journal_slot_bytes(j->block_count);
    size_t stride = (slot_bytes + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
    return sequence % WC_JOURNAL_SLOT_COUNT * stride;
}

/* The locked file is still the one with this name: its last holder may have removed it
 * meanwhile. */
static bool is_in_place(const struct wc_journal *j, const struct stat *st)
{
    struct stat named;
    return fstatat(j->dir, j->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

static enum wc_err open_locked(struct wc_journal *j)
{
    struct stat st;
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        j->fd = wc_file_open_beneath(j->dir, j->name, O_RDWR | O_CREAT, 0600);
        if (j->fd < 0 || fstat(j->fd, &st) < 0)
            return wc_why_errno(errno);
        if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
            errno = EEXIST;
            return WC_E_PATH;
        }
        if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
            return errno == EWOULDBLOCK ? WC_E_STATE : wc_why_errno(errno);
        if (is_in_place(j, &st))
            return WC_OK;
        close(j->fd);
        j->fd = -1;
    }
    return WC_E_STATE;
}

enum wc_err wc_journal_open(struct wc_journal **ret, int dir, const char *name,
                            const uint8_t manifest_digest[WC_DIGEST_BYTES], uint32_t block_count,
                            const struct wc_file_ops *ops)
{
    struct wc_journal *j = calloc(1, sizeof(*j));
    if (!j)
        return WC_E_NOMEM;
    j->dir = dir;
    j->fd = -1;
    j->ops = ops;
    j->block_count = block_count;
    memcpy(j->manifest_digest, manifest_digest, WC_DIGEST_BYTES);
    j->name = strdup(name);
    j->bytes = malloc(wc_journal_slot_bytes(block_count));
    enum wc_err err = j->name && j->bytes ? wc_digest_new(&j->digest) : WC_E_NOMEM;
    if (!err)
        err = open_locked(j);
    if (err) {
        int error = errno;
        wc_journal_close(j);
        errno = error;
        return err;
    }
    *ret = j;
    return WC_OK;
}

/* Read as much of a slot as there is. */
static size_t slot_read(struct wc_journal *j, uint64_t index)
{
    size_t slot_bytes = wc_journal_slot_bytes(j->block_count);
    uint64_t offset = slot_offset(j, index);
    struct stat st;
    if (fstat(j->fd, &st) < 0 || (uint64_t)st.st_size <= offset)
        return 0;
    uint64_t left = (uint64_t)st.st_size - offset;
    size_t n = left < slot_bytes ? (size_t)left : slot_bytes;
    return wc_file_read(j->ops, j->fd, j->bytes, n, offset) == WC_OK ? n : 0;
}

static enum wc_err slot_load(struct wc_journal *j, uint64_t index, uint64_t *ret_sequence,
                             uint64_t *ret_bitmap)
{
    struct wc_journal_slot slot = {
        .manifest_digest = j->manifest_digest, .block_count = j->block_count, .bitmap = ret_bitmap};
    size_t byte_count = slot_read(j, index);
    enum wc_err err = wc_journal_decode(&slot, j->digest, j->bytes, byte_count);
    if (!err)
        *ret_sequence = slot.sequence;
    return err;
}

enum wc_journal_found wc_journal_load(struct wc_journal *j, uint64_t *ret_bitmap)
{
    struct stat st;
    uint64_t sequences[WC_JOURNAL_SLOT_COUNT] = {0};
    if (fstat(j->fd, &st) == 0 && !st.st_size)
        return WC_JOURNAL_NONE;
    enum wc_err first = slot_load(j, 0, &sequences[0], ret_bitmap);
    enum wc_err second = slot_load(j, 1, &sequences[1], ret_bitmap);
    if (first && second)
        return first == WC_E_NOT_FOUND || second == WC_E_NOT_FOUND ? WC_JOURNAL_OTHER
                                                                   : WC_JOURNAL_DAMAGED;
    j->sequence = sequences[1];
    if (!first && (second || sequences[0] > sequences[1])) {
        first = slot_load(j, 0, &j->sequence, ret_bitmap);
        if (first) /* read well a moment ago */
            return WC_JOURNAL_DAMAGED;
    }
    return WC_JOURNAL_CLAIMS;
}

enum wc_err wc_journal_clear(struct wc_journal *j)
{
    j->sequence = 0;
    return ftruncate(j->fd, 0) < 0 ? wc_why_errno(errno) : WC_OK;
}

enum wc_err wc_journal_save(struct wc_journal *j, uint64_t *bitmap)
{
    struct wc_journal_slot slot = {.sequence = j->sequence + 1,
                                   .manifest_digest = j->manifest_digest,
                                   .block_count = j->block_count,
                                   .bitmap = bitmap};
    wc_journal_encode(&slot, j->digest, j->bytes);
    enum wc_err err = wc_file_write(j->ops, j->fd, j->bytes, wc_journal_slot_bytes(j->block_count),
                                    slot_offset(j, slot.sequence));
    if (!err)
        j->sequence = slot.sequence;
    return err;
}

enum wc_err wc_journal_sync(struct wc_journal *j)
{
    return j->ops->fsync(j->fd) < 0 ? wc_why_errno(errno) : WC_OK;
}

enum wc_err wc_journal_remove(struct wc_journal *j)
{
    return unlinkat(j->dir, j->name, 0) < 0 ? wc_why_errno(errno) : WC_OK;
}

void wc_journal_close(struct wc_journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    wc_digest_free(j->digest);
    free(j->bytes);
    free(j->name);
    free(j);
}
