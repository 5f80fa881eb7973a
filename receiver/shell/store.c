/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which blocks are in, and the order of things. Where the files are is target's business, how
 * blocks lie in them blockio's, what survives a restart journal's and resume's, final names
 * settle's, standard output spool's, files that are mended in place mend's, blocks
 * that only wait to be taken away room's. */
#include "receiver/shell/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/bitmap.h"
#include "common/io/digest.h"
#include "common/io/zeroblock.h"
#include "receiver/shell/journal.h"
#include "receiver/shell/mend.h"
#include "receiver/shell/resume.h"
#include "receiver/shell/room.h"
#include "receiver/shell/settle.h"
#include "receiver/shell/spool.h"
#include "receiver/shell/target.h"

struct wc_store {
    const struct wc_manifest *m;
    const struct wc_partition *p;
    const struct wc_file_ops *ops;
    struct wc_settle_options told; /* whom warnings go to */
    struct wc_target target;
    struct wc_journal *journal; /* NULL with a spool */
    struct wc_spool *spool;     /* NULL with files */
    struct wc_mend *mend;       /* files that are there already; NULL: new ones */
    struct wc_room *room;       /* blocks are not to stay; NULL: they are */
    struct wc_blockio io;
    uint64_t *have;
    uint64_t *zero;
    uint32_t have_count;
    uint32_t gap; /* no block below it is missing */
    uint64_t zero_bytes;
    uint64_t resumed_bytes;
    bool is_open;  /* what we have is worth a journal */
    bool is_dirty; /* the journal does not know all of it */
    bool is_checkpointed;
    wc_ns checkpoint; /* when last */
};

static void warn(const struct wc_store *s, const char *path, const char *what)
{
    struct wc_why text;
    char shown[WC_WHY_PATH_BYTES];
    if (!s->told.warn)
        return;
    wc_why_set(&text, WC_OK, 0, "%s %s", wc_why_path(shown, path), what);
    s->told.warn(s->told.ctx, text.text);
}

/* --- open --- */

static enum wc_err check_space(const struct wc_store *s, uint64_t allocated_bytes,
                               struct wc_why *why)
{
    char folder[WC_WHY_PATH_BYTES];
    char available[WC_WHY_BYTES_BYTES];
    char needed[WC_WHY_BYTES_BYTES];
    struct statvfs vfs;
    if (fstatvfs(s->target.dir, &vfs) < 0 || !vfs.f_blocks)
        return WC_OK; /* then writing will tell */
    uint64_t available_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    uint64_t needed_bytes = s->p->object_bytes - s->zero_bytes;
    needed_bytes -= allocated_bytes < needed_bytes ? allocated_bytes : needed_bytes;
    if (needed_bytes <= available_bytes)
        return WC_OK;
    return wc_why_set(why, WC_E_FULL, EX_CANTCREAT,
                      "%s has %s free, but %s are needed; free some space or choose another "
                      "--output",
                      wc_why_path(folder, s->target.dir_text),
                      wc_why_bytes(available, available_bytes), wc_why_bytes(needed, needed_bytes));
}

static enum wc_err lock_journal(struct wc_store *s, const uint8_t *manifest_digest,
                                struct wc_why *why)
{
    const char *name = s->target.journal_name;
    enum wc_err err = wc_journal_open(&s->journal, s->target.dir, name, manifest_digest,
                                      s->p->block_count, s->ops);
    if (err == WC_E_STATE)
        return wc_target_busy(&s->target, why, name);
    if (err == WC_E_CRYPTO || err == WC_E_NOMEM)
        return wc_why_set(why, err, EX_OSERR, "cannot keep a journal: %s", wc_err_text(err));
    if (err) {
        wc_target_cannot(&s->target, why, "make", name, errno);
        return err;
    }
    return WC_OK;
}

static enum wc_err begin_anew(struct wc_store *s, struct wc_why *why)
{
    memcpy(s->have, s->zero, wc_bitmap_words(s->p->block_count) * sizeof(uint64_t));
    enum wc_err err = wc_journal_clear(s->journal);
    /* Both slots, so that the journal needs no more space when the disk is full. */
    for (uint32_t i = 0; !err && i < WC_JOURNAL_SLOT_COUNT; i++)
        err = wc_journal_save(s->journal, s->have);
    if (err) {
        wc_target_cannot(&s->target, why, "write", s->target.journal_name, errno);
        return err;
    }
    return wc_target_prepare(&s->target, false, why);
}

static void warn_anew(const struct wc_store *s, enum wc_journal_found found, bool has_parts)
{
    const char *name = s->target.journal_name;
    if (found == WC_JOURNAL_OTHER)
        warn(s, name, "belongs to another package or version; beginning anew");
    if (found == WC_JOURNAL_DAMAGED)
        warn(s, name, "is damaged; beginning anew");
    if (found == WC_JOURNAL_NONE && has_parts)
        warn(s, name, "is missing beside unfinished files; beginning anew");
}

static enum wc_err take_over(struct wc_store *s, const struct wc_store_options *options,
                             struct wc_why *why)
{
    enum wc_err err = wc_target_prepare(&s->target, true, why);
    if (err)
        return err;
    struct wc_resume r = {
        .zero = s->zero, .have = s->have, .progress = options->progress, .ctx = options->ctx};
    err = wc_resume_run(&r, &s->io, why);
    if (err)
        return err;
    s->resumed_bytes = r.resumed_bytes;
    s->is_dirty = r.damaged_count > 0;
    if (r.damaged_count)
        warn(s, s->target.where, "was damaged since an earlier run; what is damaged comes again");
    return WC_OK;
}

static enum wc_err open_files(struct wc_store *s, const uint8_t *manifest_digest,
                              const struct wc_store_options *options, struct wc_why *why)
{
    enum wc_err err = wc_target_open(&s->target, s->m, options->output, s->ops, why);
    if (!err)
        err = lock_journal(s, manifest_digest, why);
    if (err) {
        if (s->target.is_dir_made)
            wc_target_discard(&s->target);
        return err;
    }
    enum wc_journal_found found = wc_journal_load(s->journal, s->have);
    uint64_t allocated_bytes = wc_target_allocated(&s->target);
    err = check_space(s, allocated_bytes, why);
    s->io.target = &s->target;
    if (!err && found == WC_JOURNAL_CLAIMS)
        return take_over(s, options, why);
    if (!err) {
        warn_anew(s, found, allocated_bytes > 0);
        err = begin_anew(s, why);
    }
    if (err && found == WC_JOURNAL_NONE) {
        (void)!wc_journal_remove(s->journal);
        wc_target_discard(&s->target);
    }
    return err;
}

static enum wc_err open_stdout(struct wc_store *s, const struct wc_store_options *options,
                               struct wc_why *why)
{
    if (s->m->file_count != 1 || s->m->files[0].kind != WC_FILE_REGULAR)
        return wc_why_set(why, WC_E_RANGE, EX_USAGE,
                          "package %s holds %u files and folders, standard output takes one file; "
                          "name a folder with --output",
                          s->m->id, s->m->file_count);
    memcpy(s->have, s->zero, wc_bitmap_words(s->p->block_count) * sizeof(uint64_t));
    int out_fd = options->stdout_fd ? options->stdout_fd : STDOUT_FILENO;
    enum wc_err err = wc_spool_open(&s->spool, out_fd, s->p->object_bytes,
                                    s->p->object_bytes - s->zero_bytes, s->ops, why);
    if (err)
        return err;
    s->io.spool_fd = wc_spool_fd(s->spool);
    s->io.spool_where = wc_spool_where(s->spool);
    return WC_OK;
}

static enum wc_err find_zero_blocks(struct wc_store *s, struct wc_why *why)
{
    size_t words = wc_bitmap_words(s->p->block_count);
    s->have = calloc(words + 1, sizeof(uint64_t));
    s->zero = calloc(words + 1, sizeof(uint64_t));
    uint32_t zero_count = 0;
    enum wc_err err = WC_E_NOMEM;
    if (s->have && s->zero)
        err = wc_zeroblock_find(s->m, s->zero, &zero_count);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot get ready to store: %s", wc_err_text(err));
    uint32_t block_count = s->p->block_count;
    for (uint32_t sbn = wc_bitmap_find_set(s->zero, block_count, 0); sbn < block_count;
         sbn = wc_bitmap_find_set(s->zero, block_count, sbn + 1))
        s->zero_bytes += wc_partition_bytes(s->p, sbn);
    return WC_OK;
}

/* All that is before the first gap may be written to standard output. */
static void advance(struct wc_store *s)
{
    uint32_t block_count = s->p->block_count;
    s->gap = wc_bitmap_find_clear(s->have, block_count, s->gap);
    wc_spool_advance(s->spool,
                     s->gap < block_count ? wc_partition_offset(s->p, s->gap) : s->p->object_bytes);
}

/* A store that knows its zero blocks; NULL: `why` says it. */
static struct wc_store *begin(const struct wc_manifest *m, const struct wc_store_options *options,
                              struct wc_why *why)
{
    struct wc_store *s = calloc(1, sizeof(*s));
    if (!s) {
        wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
        return NULL;
    }
    s->m = m;
    s->p = &m->partition;
    s->ops = options->ops ? options->ops : &wc_file_ops_system;
    s->told = (struct wc_settle_options){.warn = options->warn, .ctx = options->ctx};
    s->target.dir = -1;
    s->io = (struct wc_blockio){.m = m, .ops = s->ops, .spool_fd = -1};
    if (!find_zero_blocks(s, why))
        return s;
    wc_store_close(s);
    return NULL;
}

/* Zero blocks never come. */
static enum wc_err mend_zeros(struct wc_store *s, struct wc_why *why)
{
    uint32_t block_count = s->p->block_count;
    uint8_t *zeros = calloc((size_t)s->p->large_symbols + 1, s->p->symbol_bytes);
    enum wc_err err = zeros ? WC_OK : wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    for (uint32_t sbn = wc_bitmap_find_set(s->zero, block_count, 0); !err && sbn < block_count;
         sbn = wc_bitmap_find_set(s->zero, block_count, sbn + 1))
        if (!wc_bitmap_get(s->have, sbn))
            err = wc_store_write(s, sbn, zeros, why);
    free(zeros);
    return err;
}

enum wc_err wc_store_open_mend(struct wc_store **ret, const struct wc_manifest *m,
                               struct wc_mend *mend, const struct wc_store_options *options,
                               struct wc_why *why)
{
    struct wc_store *s = begin(m, options, why);
    if (!s)
        return WC_E_NOMEM;
    const uint64_t *damaged = wc_mend_damaged(mend);
    s->mend = mend;
    for (uint32_t sbn = 0; sbn < s->p->block_count; sbn++) {
        if (wc_bitmap_get(damaged, sbn))
            continue;
        wc_bitmap_set(s->have, sbn);
        s->have_count++;
        s->resumed_bytes += wc_partition_bytes(s->p, sbn);
    }
    enum wc_err err = mend_zeros(s, why);
    if (err) {
        wc_store_close(s);
        return err;
    }
    *ret = s;
    return WC_OK;
}

enum wc_err wc_store_open_room(struct wc_store **ret, const struct wc_manifest *m,
                               struct wc_room *room, const struct wc_store_options *options,
                               struct wc_why *why)
{
    struct wc_store *s = begin(m, options, why);
    if (!s)
        return WC_E_NOMEM;
    s->room = room;
    memcpy(s->have, s->zero, wc_bitmap_words(s->p->block_count) * sizeof(uint64_t));
    s->have_count = wc_bitmap_count(s->have, s->p->block_count);
    *ret = s;
    return WC_OK;
}

enum wc_err wc_store_open(struct wc_store **ret, const struct wc_manifest *m,
                          const uint8_t manifest_digest[WC_DIGEST_BYTES],
                          const struct wc_store_options *options, struct wc_why *why)
{
    struct wc_store *s = begin(m, options, why);
    if (!s)
        return WC_E_NOMEM;
    bool to_stdout = options->output && strcmp(options->output, "-") == 0;
    enum wc_err err =
        to_stdout ? open_stdout(s, options, why) : open_files(s, manifest_digest, options, why);
    if (err) {
        wc_store_close(s);
        return err;
    }
    s->have_count = wc_bitmap_count(s->have, s->p->block_count);
    s->is_open = true;
    if (s->spool)
        advance(s);
    *ret = s;
    return WC_OK;
}

/* --- the rest --- */

const uint64_t *wc_store_have(const struct wc_store *s)
{
    return s->have;
}

uint32_t wc_store_have_count(const struct wc_store *s)
{
    return s->have_count;
}

uint64_t wc_store_resumed_bytes(const struct wc_store *s)
{
    return s->resumed_bytes;
}

const char *wc_store_where(const struct wc_store *s)
{
    if (s->mend)
        return wc_mend_where(s->mend);
    if (s->room)
        return wc_room_where(s->room);
    return s->spool ? "standard output" : s->target.where;
}

enum wc_err wc_store_write(struct wc_store *s, uint32_t sbn, const uint8_t *bytes,
                           struct wc_why *why)
{
    assert(sbn < s->p->block_count);
    enum wc_err err = s->spool ? wc_spool_check(s->spool, why) : WC_OK;
    if (err || wc_bitmap_get(s->have, sbn))
        return err;
    if (s->mend)
        err = wc_mend_write(s->mend, sbn, bytes, why);
    else if (s->room)
        err = wc_room_write(s->room, sbn, bytes, why);
    else
        err = wc_blockio_write(&s->io, sbn, bytes, !s->target.is_resumed, why);
    if (err)
        return err;
    wc_bitmap_set(s->have, sbn);
    s->have_count++;
    s->is_dirty = true;
    if (s->spool)
        advance(s);
    return WC_OK;
}

enum wc_err wc_store_checkpoint(struct wc_store *s, wc_ns now, struct wc_why *why)
{
    if (!s->journal || !s->is_dirty)
        return WC_OK;
    if (s->is_checkpointed && now - s->checkpoint < WC_STORE_CHECKPOINT_NS)
        return WC_OK;
    enum wc_err err = wc_journal_save(s->journal, s->have);
    if (err)
        return wc_target_cannot(&s->target, why, "write", s->target.journal_name, errno);
    s->is_dirty = false;
    s->is_checkpointed = true;
    s->checkpoint = now;
    return WC_OK;
}

enum wc_err wc_store_open_file(const struct wc_store *s, uint32_t file, int *ret_fd,
                               struct wc_why *why)
{
    assert(file < s->m->file_count && s->m->files[file].kind == WC_FILE_REGULAR);
    if (s->room)
        return wc_room_open_file(s->room, file, ret_fd, why);
    if (!s->spool && !s->mend)
        return wc_target_read(&s->target, file, ret_fd, why);
    /* The spool has the package's only file. */
    int own_fd = s->mend ? wc_mend_fd(s->mend, file) : wc_spool_fd(s->spool);
    int fd = fcntl(own_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return wc_why_set(why, wc_why_errno(errno), EX_OSERR, "cannot read %s: %s",
                          s->m->files[file].path, wc_why_errno_text(errno));
    *ret_fd = fd;
    return WC_OK;
}

static enum wc_err finish_files(struct wc_store *s, struct wc_why *why)
{
    bool is_lost = false;
    enum wc_err err = wc_settle_contents(&s->target, &s->told, &is_lost, why);
    if (is_lost) { /* what the page cache says proves nothing any more: the next run begins anew */
        s->is_open = false;
        (void)!wc_journal_clear(s->journal);
    }
    if (!err)
        err = wc_settle_names(&s->target, &s->told, why);
    if (err)
        return err;
    s->is_open = false;
    if (wc_journal_remove(s->journal) != WC_OK)
        warn(s, s->target.journal_name, "could not be removed; remove it by hand");
    return WC_OK;
}

enum wc_err wc_store_finish(struct wc_store *s, struct wc_why *why)
{
    if (s->have_count < s->p->block_count)
        return wc_why_set(why, WC_E_STATE, EX_SOFTWARE, "%u of %u blocks are missing",
                          s->p->block_count - s->have_count, s->p->block_count);
    if (s->mend)
        return wc_mend_finish(s->mend, why);
    if (s->room)
        return WC_OK; /* what becomes of it is another's business */
    return s->spool ? wc_spool_wait(s->spool, why) : finish_files(s, why);
}

void wc_store_cancel(struct wc_store *s)
{
    if (s->spool)
        wc_spool_cancel(s->spool);
}

void wc_store_close(struct wc_store *s)
{
    if (!s)
        return;
    if (s->journal && s->is_open && s->is_dirty && wc_journal_save(s->journal, s->have) == WC_OK)
        (void)!wc_journal_sync(s->journal);
    wc_spool_close(s->spool);
    wc_journal_close(s->journal);
    wc_target_close(&s->target);
    free(s->have);
    free(s->zero);
    free(s);
}
