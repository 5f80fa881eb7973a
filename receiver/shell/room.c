/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block is the unit: it has room, or not, and it is punched out as a whole when its last byte was
 * taken. Blocks begin and end anywhere, but disks are made of pages: a page that two blocks share
 * goes with the later of the two. So a block costs its bytes rounded up, and one page more. */
#include "receiver/shell/room.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/bitmap.h"
#include "common/io/zeroblock.h"

/* What file systems need beside the data: trees of extents. */
#define SLACK_BYTES (1u << 20)
/* Blocks that there must be room for beside those that stay, so that reading gets on. */
#define BLOCKS_MIN     16u
#define PAGE_BYTES_MIN 4096u
#define PAGE_BYTES_MAX 65536u

struct file {
    uint32_t index; /* in the manifest */
    int fd;
};

struct wc_room {
    const struct wc_manifest *m;
    const struct wc_partition *p;
    const char *where;
    char *dir;
    struct file *files;
    uint32_t file_count;
    uint32_t page_bytes;
    uint64_t limit_bytes;
    uint64_t *shut;  /* as it was at the beginning; NULL: nothing was */
    uint32_t *order; /* blocks that wait for room, as they get it */
    uint32_t order_count;

    pthread_mutex_t lock; /* of what follows */
    uint64_t *stored;
    uint64_t *given;        /* have room */
    uint64_t *gone;         /* all their bytes were taken */
    uint64_t *stays;        /* of manifest->first: never gone */
    uint32_t *left;         /* of each block: kept bytes that were not taken */
    uint64_t given_bytes;   /* what all blocks that have room may use */
    uint32_t awaited_count; /* blocks that have room and are not stored */
    uint32_t opened;        /* blocks of `order` that had their turn */
    uint32_t told;          /* of these, that widen told of */
};

/* --- the files --- */

static enum wc_err cannot(const struct wc_room *r, struct wc_why *why, const char *verb, int error)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error),
                      "cannot %s a temporary file in %s: %s; choose another --spool-dir", verb,
                      wc_why_path(shown, r->dir), wc_why_errno_text(error));
}

static enum wc_err make_files(struct wc_room *r, const struct wc_room_options *o,
                              struct wc_why *why)
{
    for (; r->file_count < o->file_count; r->file_count++) {
        uint32_t index = o->files[r->file_count];
        int fd = wc_file_open_unlinked(r->dir);
        if (fd < 0)
            return cannot(r, why, "make", errno);
        r->files[r->file_count] = (struct file){.index = index, .fd = fd};
        if (ftruncate(fd, (off_t)r->m->files[index].byte_count) < 0) {
            r->file_count++;
            return cannot(r, why, "make", errno);
        }
    }
    struct stat st;
    r->page_bytes = PAGE_BYTES_MIN;
    if (fstat(r->files[0].fd, &st) == 0)
        while (r->page_bytes < (uint64_t)st.st_blksize && r->page_bytes < PAGE_BYTES_MAX)
            r->page_bytes *= 2;
    return WC_OK;
}

static const struct file *find(const struct wc_room *r, uint32_t index)
{
    for (uint32_t i = 0; i < r->file_count; i++)
        if (r->files[i].index == index)
            return &r->files[i];
    return NULL;
}

/* --- blocks and files --- */

struct span { /* the bytes of a block that lie in one file */
    const struct file *file;
    uint64_t offset; /* in the file */
    uint64_t count;
    uint64_t skip; /* bytes of the block before them */
};

static bool span_of(const struct wc_room *r, uint32_t sbn, const struct file *file,
                    struct span *ret)
{
    const struct wc_file *f = &r->m->files[file->index];
    uint64_t from = wc_partition_offset(r->p, sbn);
    uint64_t to = from + wc_partition_bytes(r->p, sbn);
    uint64_t begin = from > f->offset ? from : f->offset;
    uint64_t end = to < f->offset + f->byte_count ? to : f->offset + f->byte_count;
    if (begin >= end)
        return false;
    *ret = (struct span){
        .file = file, .offset = begin - f->offset, .count = end - begin, .skip = begin - from};
    return true;
}

static uint32_t kept_bytes(const struct wc_room *r, uint32_t sbn)
{
    struct span span;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < r->file_count; i++)
        if (span_of(r, sbn, &r->files[i], &span))
            bytes += span.count;
    return (uint32_t)bytes;
}

/* What a block may use of the disk. */
static uint64_t cost(const struct wc_room *r, uint32_t sbn)
{
    return ((kept_bytes(r, sbn) + r->page_bytes - 1) / r->page_bytes + 1) * r->page_bytes;
}

/* The blocks of a file's bytes [offset, offset + count), which are not none. */
static void blocks_of(const struct wc_room *r, const struct file *file, uint64_t offset,
                      uint64_t count, uint32_t *ret_first, uint32_t *ret_last)
{
    uint64_t at = r->m->files[file->index].offset + offset;
    *ret_first = wc_partition_block_at(r->p, at);
    *ret_last = wc_partition_block_at(r->p, at + count - 1);
}

/* --- room --- */

static void give(struct wc_room *r, uint32_t sbn, uint64_t bytes)
{
    wc_bitmap_set(r->given, sbn);
    r->given_bytes += bytes;
    r->awaited_count++;
}

static void give_in_order(struct wc_room *r)
{
    for (; r->opened < r->order_count; r->opened++) {
        uint32_t sbn = r->order[r->opened];
        if (wc_bitmap_get(r->gone, sbn))
            continue;
        uint64_t bytes = cost(r, sbn);
        if (r->given_bytes + bytes > r->limit_bytes)
            return;
        give(r, sbn, bytes);
    }
}

static bool is_needed(const struct wc_room *r, const struct file *file, uint32_t sbn)
{
    struct span span;
    return sbn < r->p->block_count && span_of(r, sbn, file, &span) && !wc_bitmap_get(r->gone, sbn);
}

/* Pages that a block shares with a neighbour go with it if that is gone. */
static void punch(const struct wc_room *r, uint32_t sbn, const struct file *file)
{
    struct span span;
    if (!span_of(r, sbn, file, &span))
        return;
    uint64_t page = r->page_bytes, from = span.offset, to = span.offset + span.count;
    bool has_left = span.offset > 0 && is_needed(r, file, sbn - 1);
    from = (has_left ? from + page - 1 : from) / page * page;
    to = (is_needed(r, file, sbn + 1) ? to : to + page - 1) / page * page;
    if (from < to)
        (void)!fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                         (off_t)(to - from));
}

static void punch_all(const struct wc_room *r, uint32_t sbn)
{
    for (uint32_t i = 0; i < r->file_count; i++)
        punch(r, sbn, &r->files[i]);
}

static void be_stored(struct wc_room *r, uint32_t sbn)
{
    if (wc_bitmap_get(r->stored, sbn))
        return;
    wc_bitmap_set(r->stored, sbn);
    if (wc_bitmap_get(r->given, sbn))
        r->awaited_count--;
}

/* The last byte of a block was taken. One that has not come yet is not kept when it comes. */
static void be_gone(struct wc_room *r, uint32_t sbn)
{
    wc_bitmap_set(r->gone, sbn);
    if (wc_bitmap_get(r->stored, sbn))
        punch_all(r, sbn);
    if (!wc_bitmap_get(r->given, sbn))
        return;
    r->given_bytes -= cost(r, sbn);
    if (!wc_bitmap_get(r->stored, sbn))
        r->awaited_count--;
    wc_bitmap_clear(r->given, sbn);
}

/* --- new and free --- */

static void mark_first(struct wc_room *r)
{
    for (uint32_t i = 0; i < r->m->first_count; i++)
        for (uint32_t n = 0; n < r->m->first[i].block_count; n++) {
            uint32_t sbn = r->m->first[i].sbn + n;
            wc_bitmap_set(r->stays, sbn);
            if (!wc_bitmap_get(r->stored, sbn) && r->left[sbn])
                give(r, sbn, cost(r, sbn));
        }
}

static enum wc_err take_memory(struct wc_room *r, uint32_t file_count)
{
    size_t words = wc_bitmap_words(r->p->block_count);
    r->files = calloc(file_count, sizeof r->files[0]);
    r->order = calloc(r->p->block_count, sizeof r->order[0]);
    r->left = calloc(r->p->block_count, sizeof r->left[0]);
    r->stored = calloc(words, sizeof(uint64_t));
    r->given = calloc(words, sizeof(uint64_t));
    r->gone = calloc(words, sizeof(uint64_t));
    r->stays = calloc(words, sizeof(uint64_t));
    r->shut = calloc(words, sizeof(uint64_t));
    bool has_all =
        r->files && r->order && r->left && r->stored && r->given && r->gone && r->stays && r->shut;
    return has_all ? WC_OK : WC_E_NOMEM;
}

/* Blocks that wait for room, each once; `shut` has their bits. */
static void put_in_order(struct wc_room *r)
{
    for (uint32_t i = 0; i < r->file_count; i++) {
        uint64_t byte_count = r->m->files[r->files[i].index].byte_count;
        uint32_t sbn, last;
        if (!byte_count)
            continue;
        for (blocks_of(r, &r->files[i], 0, byte_count, &sbn, &last); sbn <= last; sbn++) {
            if (wc_bitmap_get(r->stays, sbn) || wc_bitmap_get(r->stored, sbn) ||
                wc_bitmap_get(r->shut, sbn))
                continue;
            wc_bitmap_set(r->shut, sbn);
            r->order[r->order_count++] = sbn;
        }
    }
}

static enum wc_err set_limit(struct wc_room *r, uint64_t limit_bytes, struct wc_why *why)
{
    char asked[WC_WHY_BYTES_BYTES], least[WC_WHY_BYTES_BYTES];
    uint64_t block_bytes = (wc_partition_bytes(r->p, 0) / r->page_bytes + 2) * r->page_bytes;
    uint64_t least_bytes = r->given_bytes + SLACK_BYTES + BLOCKS_MIN * block_bytes;
    if (!limit_bytes) {
        r->limit_bytes = UINT64_MAX;
        return WC_OK;
    }
    if (limit_bytes < least_bytes)
        return wc_why_set(why, WC_E_RANGE, EX_USAGE,
                          "--spool-limit %s is too little for package %s: give it at least %s",
                          wc_why_bytes(asked, limit_bytes), r->m->id,
                          wc_why_bytes(least, least_bytes));
    r->limit_bytes = limit_bytes - SLACK_BYTES;
    return WC_OK;
}

static enum wc_err check_space(const struct wc_room *r, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES], available[WC_WHY_BYTES_BYTES], needed[WC_WHY_BYTES_BYTES];
    struct statvfs vfs;
    uint64_t needed_bytes = r->given_bytes;
    for (uint32_t i = r->opened; i < r->order_count && needed_bytes < r->limit_bytes; i++)
        needed_bytes += cost(r, r->order[i]);
    if (needed_bytes > r->limit_bytes)
        needed_bytes = r->limit_bytes;
    if (fstatvfs(r->files[0].fd, &vfs) < 0 || !vfs.f_blocks)
        return WC_OK; /* then writing will tell */
    uint64_t available_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    if (needed_bytes <= available_bytes)
        return WC_OK;
    return wc_why_set(why, WC_E_FULL, EX_CANTCREAT,
                      "%s has %s free, but blocks that wait to be extracted need up to %s there; "
                      "choose another --spool-dir, or bound them with --spool-limit",
                      wc_why_path(shown, r->dir), wc_why_bytes(available, available_bytes),
                      wc_why_bytes(needed, needed_bytes));
}

static enum wc_err prepare(struct wc_room *r, const struct wc_room_options *options,
                           struct wc_why *why)
{
    const char *dir = options->dir ? options->dir : getenv("TMPDIR");
    uint32_t zero_count;
    r->dir = strdup(dir && dir[0] ? dir : "/var/tmp");
    enum wc_err err = r->dir ? take_memory(r, options->file_count) : WC_E_NOMEM;
    if (!err)
        err = wc_zeroblock_find(r->m, r->stored, &zero_count);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot get ready to keep blocks: %s",
                          wc_err_text(err));
    err = make_files(r, options, why);
    if (err)
        return err;
    for (uint32_t sbn = 0; sbn < r->p->block_count; sbn++)
        r->left[sbn] = kept_bytes(r, sbn);
    mark_first(r);
    put_in_order(r);
    err = set_limit(r, options->limit_bytes, why);
    if (!err)
        err = check_space(r, why);
    if (err)
        return err;
    give_in_order(r);
    for (; r->told < r->opened; r->told++)
        wc_bitmap_clear(r->shut, r->order[r->told]);
    return WC_OK;
}

enum wc_err wc_room_new(struct wc_room **ret, const struct wc_manifest *m,
                        const struct wc_room_options *options, struct wc_why *why)
{
    assert(options->file_count > 0);
    struct wc_room *r = calloc(1, sizeof *r);
    if (!r)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    r->m = m;
    r->p = &m->partition;
    r->where = options->where;
    pthread_mutex_init(&r->lock, NULL);
    enum wc_err err = prepare(r, options, why);
    if (err) {
        wc_room_free(r);
        return err;
    }
    *ret = r;
    return WC_OK;
}

void wc_room_free(struct wc_room *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < r->file_count; i++)
        close(r->files[i].fd);
    pthread_mutex_destroy(&r->lock);
    free(r->files);
    free(r->order);
    free(r->left);
    free(r->stored);
    free(r->given);
    free(r->gone);
    free(r->stays);
    free(r->shut);
    free(r->dir);
    free(r);
}

/* --- the rest --- */

const char *wc_room_where(const struct wc_room *r)
{
    return r->where;
}

const uint64_t *wc_room_shut(const struct wc_room *r)
{
    return r->limit_bytes == UINT64_MAX ? NULL : r->shut;
}

bool wc_room_widen(struct wc_room *r, uint32_t *ret_sbn, uint32_t *ret_block_count)
{
    pthread_mutex_lock(&r->lock);
    bool has_news = r->told < r->opened;
    if (has_news) {
        *ret_sbn = r->order[r->told];
        *ret_block_count = 0;
        while (r->told < r->opened && r->order[r->told] == *ret_sbn + *ret_block_count) {
            r->told++;
            ++*ret_block_count;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return has_news;
}

bool wc_room_is_full(struct wc_room *r)
{
    pthread_mutex_lock(&r->lock);
    bool is_full = r->opened < r->order_count && r->told == r->opened && !r->awaited_count;
    pthread_mutex_unlock(&r->lock);
    return is_full;
}

static enum wc_err write_spans(const struct wc_room *r, uint32_t sbn, const uint8_t *bytes,
                               struct wc_why *why)
{
    struct span span;
    for (uint32_t i = 0; i < r->file_count; i++) {
        if (!span_of(r, sbn, &r->files[i], &span))
            continue;
        if (wc_file_write(&wc_file_ops_system, r->files[i].fd, bytes + span.skip, span.count,
                          span.offset))
            return cannot(r, why, "write", errno);
    }
    return WC_OK;
}

/* Not under the lock: a disk takes its time, and who reads need not wait for it. */
enum wc_err wc_room_write(struct wc_room *r, uint32_t sbn, const uint8_t *bytes, struct wc_why *why)
{
    pthread_mutex_lock(&r->lock);
    bool is_gone = wc_bitmap_get(r->gone, sbn);
    pthread_mutex_unlock(&r->lock);
    enum wc_err err = is_gone ? WC_OK : write_spans(r, sbn, bytes, why);
    if (err)
        return err;
    pthread_mutex_lock(&r->lock);
    be_stored(r, sbn);
    if (wc_bitmap_get(r->gone, sbn) && !is_gone)
        punch_all(r, sbn);
    pthread_mutex_unlock(&r->lock);
    return WC_OK;
}

enum wc_err wc_room_open_file(const struct wc_room *r, uint32_t index, int *ret_fd,
                              struct wc_why *why)
{
    const struct file *file = find(r, index);
    char shown[WC_WHY_PATH_BYTES];
    if (!file)
        return wc_why_set(why, WC_E_NOT_FOUND, EX_SOFTWARE, "%s is not kept",
                          wc_why_path(shown, r->m->files[index].path));
    int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return cannot(r, why, "open", errno);
    *ret_fd = fd;
    return WC_OK;
}

bool wc_room_has(struct wc_room *r, uint32_t index, uint64_t offset, uint64_t count)
{
    const struct file *file = find(r, index);
    uint64_t byte_count = r->m->files[index].byte_count;
    if (!file || offset > byte_count || count > byte_count - offset)
        return false;
    if (!count)
        return true;
    uint32_t sbn, last;
    blocks_of(r, file, offset, count, &sbn, &last);
    pthread_mutex_lock(&r->lock);
    bool has = wc_bitmap_find_clear(r->stored, last + 1, sbn) > last;
    pthread_mutex_unlock(&r->lock);
    return has;
}

void wc_room_take(struct wc_room *r, uint32_t index, uint64_t offset, uint64_t count)
{
    const struct file *file = find(r, index);
    uint64_t byte_count = r->m->files[index].byte_count;
    struct span span;
    uint32_t sbn, last;
    if (!file || !count || offset > byte_count || count > byte_count - offset)
        return;
    blocks_of(r, file, offset, count, &sbn, &last);
    pthread_mutex_lock(&r->lock);
    for (; sbn <= last; sbn++) {
        if (!span_of(r, sbn, file, &span) || wc_bitmap_get(r->stays, sbn) ||
            wc_bitmap_get(r->gone, sbn))
            continue;
        uint64_t from = offset > span.offset ? offset : span.offset;
        uint64_t to =
            offset + count < span.offset + span.count ? offset + count : span.offset + span.count;
        uint32_t bytes = (uint32_t)(to - from);
        r->left[sbn] -= bytes < r->left[sbn] ? bytes : r->left[sbn];
        if (!r->left[sbn])
            be_gone(r, sbn);
    }
    give_in_order(r);
    pthread_mutex_unlock(&r->lock);
}

uint64_t wc_room_used(const struct wc_room *r)
{
    struct stat st;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < r->file_count; i++)
        if (fstat(r->files[i].fd, &st) == 0)
            bytes += (uint64_t)st.st_blocks * 512;
    return bytes;
}
