/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two digests of the same bytes cost more than reading them. So this thread reads and hashes
 * files while a second one hashes blocks, with two buffers between them: one is filled while the
 * other is hashed. */
#include "sender/shell/publish.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/io/alloc.h"
#include "common/io/digest.h"
#include "sender/shell/wimscan.h"

#define PIECE_BYTES (1u << 20)
#define PIECE_COUNT 2u

/* The second thread: takes full pieces in turn, gives them back empty. */
struct block_hasher {
    const struct wc_partition *partition;
    uint8_t *ret_digests;
    struct wc_digest *digest;
    uint32_t sbn;
    uint32_t block_left; /* bytes of block sbn still to come */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t turned;
    bool is_ending; /* no piece will follow the full ones */
    struct piece {
        uint8_t *bytes;
        size_t count; /* 0: empty */
    } pieces[PIECE_COUNT];
};

struct file_hasher {
    struct wc_file *files;
    uint32_t file_count;
    uint32_t index;
    uint64_t left; /* bytes of that file still to come */
    struct wc_digest *digest;
};

static enum wc_err no_memory(struct wc_why *why)
{
    return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
}

/* --- digests of blocks --- */

static void blocks_update(struct block_hasher *h, const uint8_t *bytes, size_t count)
{
    while (count) {
        size_t n = count < h->block_left ? count : h->block_left;
        wc_digest_update(h->digest, bytes, n);
        bytes += n;
        count -= n;
        h->block_left -= (uint32_t)n;
        if (h->block_left)
            continue;
        wc_digest_finish(h->digest, h->ret_digests + (size_t)h->sbn * WC_DIGEST_BYTES);
        h->sbn++;
        if (h->sbn < h->partition->block_count)
            h->block_left = wc_partition_bytes(h->partition, h->sbn);
    }
}

static void *blocks_main(void *ctx)
{
    struct block_hasher *h = ctx;
    for (uint32_t i = 0;; i = (i + 1) % PIECE_COUNT) {
        struct piece *piece = &h->pieces[i];
        pthread_mutex_lock(&h->lock);
        while (!piece->count && !h->is_ending)
            pthread_cond_wait(&h->turned, &h->lock);
        size_t count = piece->count;
        pthread_mutex_unlock(&h->lock);
        if (!count)
            return NULL;
        blocks_update(h, piece->bytes, count);
        pthread_mutex_lock(&h->lock);
        piece->count = 0;
        pthread_cond_signal(&h->turned);
        pthread_mutex_unlock(&h->lock);
    }
}

static uint8_t *blocks_await_empty(struct block_hasher *h, uint32_t index)
{
    pthread_mutex_lock(&h->lock);
    while (h->pieces[index].count)
        pthread_cond_wait(&h->turned, &h->lock);
    pthread_mutex_unlock(&h->lock);
    return h->pieces[index].bytes;
}

static void blocks_give(struct block_hasher *h, uint32_t index, size_t count)
{
    pthread_mutex_lock(&h->lock);
    h->pieces[index].count = count;
    pthread_cond_signal(&h->turned);
    pthread_mutex_unlock(&h->lock);
}

static void blocks_join(struct block_hasher *h)
{
    pthread_mutex_lock(&h->lock);
    h->is_ending = true;
    pthread_cond_signal(&h->turned);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
}

/* --- digests of files --- */

/* Finish files that are complete, empty ones too. */
static void files_settle(struct file_hasher *h)
{
    while (h->index < h->file_count && !h->left) {
        struct wc_file *file = &h->files[h->index];
        if (file->kind == WC_FILE_REGULAR)
            wc_digest_finish(h->digest, file->digest);
        h->index++;
        if (h->index < h->file_count)
            h->left = h->files[h->index].byte_count;
    }
}

static void files_update(struct file_hasher *h, const uint8_t *bytes, size_t count)
{
    files_settle(h);
    while (count) {
        size_t n = count < h->left ? count : (size_t)h->left;
        wc_digest_update(h->digest, bytes, n);
        bytes += n;
        count -= n;
        h->left -= n;
        files_settle(h);
    }
}

/* --- both --- */

static enum wc_err hash(struct wc_content *c, const struct wc_publish_config *config,
                        struct block_hasher *blocks, struct file_hasher *files, struct wc_why *why)
{
    uint64_t byte_count = wc_content_bytes(c);
    uint32_t index = 0;
    for (uint64_t done = 0; done < byte_count; index = (index + 1) % PIECE_COUNT) {
        uint64_t left = byte_count - done;
        size_t n = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        uint8_t *bytes = blocks_await_empty(blocks, index);
        enum wc_err err = wc_content_read(c, done, bytes, n, why);
        if (err)
            return err;
        blocks_give(blocks, index, n);
        files_update(files, bytes, n); /* both only read the piece */
        done += n;
        if (config->progress && !config->progress(config->ctx, done, byte_count))
            return wc_why_set(why, WC_E_CLOSED, EX_TEMPFAIL, "stopped while reading the files");
    }
    return WC_OK;
}

static enum wc_err hash_with_thread(struct wc_content *c, const struct wc_publish_config *config,
                                    struct wc_manifest *m, struct wc_why *why)
{
    struct file_hasher files = {.files = m->files, .file_count = m->file_count};
    struct block_hasher blocks = {.partition = &m->partition, .ret_digests = m->block_digests};
    files.left = m->files[0].byte_count;
    blocks.block_left = wc_partition_bytes(&m->partition, 0);
    pthread_mutex_init(&blocks.lock, NULL);
    pthread_cond_init(&blocks.turned, NULL);
    uint8_t *room = malloc((size_t)PIECE_COUNT * PIECE_BYTES);
    enum wc_err err = room ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = wc_digest_new(&files.digest);
    if (!err)
        err = wc_digest_new(&blocks.digest);
    for (uint32_t i = 0; !err && i < PIECE_COUNT; i++)
        blocks.pieces[i].bytes = room + (size_t)i * PIECE_BYTES;
    if (!err && pthread_create(&blocks.thread, NULL, blocks_main, &blocks) != 0)
        err = WC_E_SYS;
    if (err) {
        wc_why_set(why, err, EX_OSERR, "cannot start to hash the files: %s", wc_err_text(err));
    } else {
        err = hash(c, config, &blocks, &files, why);
        blocks_join(&blocks);
    }
    wc_digest_free(blocks.digest);
    wc_digest_free(files.digest);
    free(room);
    pthread_cond_destroy(&blocks.turned);
    pthread_mutex_destroy(&blocks.lock);
    return err;
}

/* --- the manifest --- */

/* All but the digests. Paths are borrowed from `c`. */
static enum wc_err manifest_prepare(struct wc_manifest *m, const struct wc_content *c,
                                    const struct wc_publish_config *config, struct wc_why *why)
{
    char size[WC_WHY_BYTES_BYTES];
    if (wc_package_id_check(config->id, strlen(config->id)) != WC_OK)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "'%.80s' is no package id: 1 to %u letters, digits, '.', '_' or '-', the "
                          "first neither '.' nor '-'",
                          config->id, WC_NAME_BYTES_MAX);
    enum wc_err err = wc_partition_init(&m->partition, wc_content_bytes(c), config->symbol_bytes,
                                        config->block_symbols);
    if (err == WC_E_TOO_LARGE)
        return wc_why_set(
            why, err, EX_DATAERR,
            "%s are too much for one package at %u bytes per symbol; send fewer files",
            wc_why_bytes(size, wc_content_bytes(c)), config->symbol_bytes);
    if (err)
        return wc_why_set(why, err, EX_USAGE, "symbols of %u bytes, %u in a block: out of range",
                          config->symbol_bytes, config->block_symbols);
    memcpy(m->id, config->id, strlen(config->id));
    m->version = config->version;
    m->block_symbols = config->block_symbols;
    const struct wc_source *sources = wc_content_sources(c, &m->file_count);
    m->files = calloc(m->file_count, sizeof(m->files[0]));
    m->block_digests = calloc(m->partition.block_count, WC_DIGEST_BYTES);
    if (!m->files || !m->block_digests)
        return no_memory(why);
    for (uint32_t i = 0; i < m->file_count; i++) {
        m->files[i] = (struct wc_file){
            .path = sources[i].path,
            .byte_count = sources[i].byte_count,
            .offset = sources[i].offset,
            .mtime_s = sources[i].mtime_s,
            .mode = sources[i].mode,
            .kind = sources[i].kind,
        };
    }
    if (wc_manifest_encoded_bytes(m) > WC_MANIFEST_BYTES_MAX)
        return wc_why_set(why, WC_E_TOO_LARGE, EX_DATAERR,
                          "%u files are too many for one package; send fewer, or an archive",
                          m->file_count);
    return WC_OK;
}

/* Encoded, and decoded again into a manifest that owns its memory: what receivers will see. */
static enum wc_err manifest_seal(struct wc_publication *p, const struct wc_manifest *m,
                                 struct wc_why *why)
{
    size_t capacity = wc_manifest_encoded_bytes(m);
    p->bytes = malloc(capacity);
    if (!p->bytes)
        return no_memory(why);
    struct wc_digest *digest = NULL;
    enum wc_err err = wc_manifest_encode(m, p->bytes, capacity, &p->byte_count);
    if (!err)
        err = wc_manifest_decode(&p->manifest, p->bytes, p->byte_count, &wc_alloc_libc);
    if (!err)
        err = wc_digest_new(&digest);
    if (err)
        return wc_why_set(why, err, EX_SOFTWARE, "cannot make the manifest: %s", wc_err_text(err));
    wc_digest_of(digest, p->bytes, p->byte_count, p->digest);
    wc_digest_free(digest);
    return WC_OK;
}

enum wc_err wc_publish_run(struct wc_publication *ret, struct wc_content *c,
                           const struct wc_publish_config *config, struct wc_why *why)
{
    struct wc_manifest m = {0};
    struct wc_publication p = {0};
    struct wc_wimscan_listener listener = {.warn = config->warn, .ctx = config->ctx};
    enum wc_err err = manifest_prepare(&m, c, config, why);
    if (!err)
        err = wc_wimscan(&m, c, &listener, why);
    if (!err)
        err = hash_with_thread(c, config, &m, why);
    if (!err)
        err = manifest_seal(&p, &m, why);
    free(m.files);
    free(m.block_digests);
    free(m.wims);
    free(m.first);
    if (err) {
        wc_publish_deinit(&p);
        return err;
    }
    *ret = p;
    return WC_OK;
}

void wc_publish_deinit(struct wc_publication *p)
{
    wc_manifest_deinit(&p->manifest, &wc_alloc_libc);
    free(p->bytes);
    *p = (struct wc_publication){0};
}
