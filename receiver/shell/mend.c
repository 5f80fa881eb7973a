/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/mend.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/bitmap.h"
#include "common/io/digest.h"

/* All stay open, and locked. */
#define FILES_MAX 256u

struct file {
    const struct wc_file *entry; /* of the manifest */
    char *path;
    int fd;
};

/* What was written of a block, to be compared with what is read back. */
struct written {
    uint32_t sbn;
    uint8_t digest[WC_DIGEST_BYTES];
};

struct wc_mend {
    const struct wc_manifest *m;
    const struct wc_file_ops *ops;
    struct wc_digest *digest;
    struct file files[FILES_MAX];
    uint32_t file_count;
    uint64_t *damaged;
    struct written *written;
    uint32_t written_count, written_room;
    uint8_t *scratch;  /* for one block */
    const char *where; /* for people */
};

static const char *fix_for(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "free some space and run it again; what is mended stays mended";
    case EROFS:
        return "make its file system writable, or mend a copy";
    case EACCES:
    case EPERM:
        return "run as a user who may write it, or mend a copy";
    case EISDIR:
        return "name a file in it";
    case ETXTBSY:
        return "end the program that is using it";
    case EFBIG:
        return "this file system or a limit forbids files so large; mend a copy elsewhere";
    case ENOENT:
        return "to get it as a whole: wimcast-receiver fetch";
    default:
        return "check the disk, and run it again; what is mended stays mended";
    }
}

static enum wc_err cannot(struct wc_why *why, const char *verb, const char *path, int error)
{
    char shown[WC_WHY_PATH_BYTES];
    int exit_code = error == ENOENT || error == ENOTDIR || error == EISDIR
                        ? EX_NOINPUT
                        : wc_why_output_exit(error);
    return wc_why_set(why, wc_why_errno(error), exit_code, "cannot %s %s: %s; %s", verb,
                      wc_why_path(shown, path), wc_why_errno_text(error), fix_for(error));
}

/* --- open and close ------------------------------------------------------------------------- */

enum wc_err wc_mend_new(struct wc_mend **ret, const struct wc_manifest *m, const char *where,
                        const struct wc_file_ops *ops, struct wc_why *why)
{
    const struct wc_partition *p = &m->partition;
    struct wc_mend *d = calloc(1, sizeof *d);
    if (!d)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    d->m = m;
    d->where = where;
    d->ops = ops ? ops : &wc_file_ops_system;
    d->damaged = calloc(wc_bitmap_words(p->block_count) + 1, sizeof(uint64_t));
    d->scratch = malloc(((size_t)p->large_symbols + 1) * p->symbol_bytes);
    enum wc_err err = d->damaged && d->scratch ? wc_digest_new(&d->digest) : WC_E_NOMEM;
    if (err) {
        wc_mend_free(d);
        return wc_why_set(why, err, EX_OSERR, "cannot get ready to mend: %s", wc_err_text(err));
    }
    *ret = d;
    return WC_OK;
}

void wc_mend_free(struct wc_mend *d)
{
    if (!d)
        return;
    for (uint32_t i = 0; i < d->file_count; i++) {
        close(d->files[i].fd);
        free(d->files[i].path);
    }
    wc_digest_free(d->digest);
    free(d->damaged);
    free(d->written);
    free(d->scratch);
    free(d);
}

static const struct file *find(const struct wc_mend *d, uint32_t index)
{
    for (uint32_t i = 0; i < d->file_count; i++)
        if (d->files[i].entry == &d->m->files[index])
            return &d->files[i];
    return NULL;
}

/* It is open: is it a file that may be ours? */
static enum wc_err claim(struct file *file, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct stat st;
    if (fstat(file->fd, &st))
        return cannot(why, "look at", file->path, errno);
    if (!S_ISREG(st.st_mode))
        return wc_why_set(why, WC_E_PATH, EX_NOINPUT,
                          "%s is no regular file, and cannot be mended; name a file",
                          wc_why_path(shown, file->path));
    if (flock(file->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        return wc_why_set(why, WC_E_STATE, EX_TEMPFAIL,
                          "another receiver is writing %s; wait for it",
                          wc_why_path(shown, file->path));
    return WC_OK;
}

enum wc_err wc_mend_add(struct wc_mend *d, uint32_t index, const char *path, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    assert(index < d->m->file_count && d->m->files[index].kind == WC_FILE_REGULAR);
    if (find(d, index))
        return wc_why_set(why, WC_E_STATE, EX_USAGE, "%s is named twice", wc_why_path(shown, path));
    if (d->file_count == FILES_MAX)
        return wc_why_set(why, WC_E_FULL, EX_DATAERR,
                          "more than %u files are damaged; fetch the package as a whole",
                          FILES_MAX);
    struct file file = {.entry = &d->m->files[index], .path = strdup(path)};
    if (!file.path)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    file.fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    enum wc_err err = file.fd < 0 ? cannot(why, "mend", path, errno) : claim(&file, why);
    if (err) {
        if (file.fd >= 0)
            close(file.fd);
        free(file.path);
        return err;
    }
    d->files[d->file_count++] = file;
    return WC_OK;
}

int wc_mend_fd(const struct wc_mend *d, uint32_t index)
{
    const struct file *file = find(d, index);
    return file ? file->fd : -1;
}

uint64_t *wc_mend_damaged(struct wc_mend *d)
{
    return d->damaged;
}

uint32_t wc_mend_count(const struct wc_mend *d)
{
    return d->file_count;
}

const char *wc_mend_where(const struct wc_mend *d)
{
    return d->where;
}

/* --- blocks --------------------------------------------------------------------------------- */

/* What block `sbn` has in a file. */
struct part {
    uint64_t offset; /* in the file */
    size_t at;       /* in the block */
    size_t byte_count;
};

static struct part part_of(const struct wc_mend *d, uint32_t sbn, const struct file *file)
{
    const struct wc_partition *p = &d->m->partition;
    uint64_t begin = wc_partition_offset(p, sbn);
    uint64_t end = begin + wc_partition_bytes(p, sbn);
    uint64_t file_end = file->entry->offset + file->entry->byte_count;
    uint64_t from = begin > file->entry->offset ? begin : file->entry->offset;
    uint64_t to = end < file_end ? end : file_end;
    if (from >= to)
        return (struct part){0};
    return (struct part){.offset = from - file->entry->offset,
                         .at = (size_t)(from - begin),
                         .byte_count = (size_t)(to - from)};
}

static enum wc_err remember(struct wc_mend *d, uint32_t sbn, const uint8_t *digest)
{
    if (d->written_count == d->written_room) {
        uint32_t room = d->written_room ? 2 * d->written_room : 64;
        struct written *written = reallocarray(d->written, room, sizeof *written);
        if (!written)
            return WC_E_NOMEM;
        d->written = written;
        d->written_room = room;
    }
    struct written *w = &d->written[d->written_count++];
    w->sbn = sbn;
    memcpy(w->digest, digest, WC_DIGEST_BYTES);
    return WC_OK;
}

enum wc_err wc_mend_write(struct wc_mend *d, uint32_t sbn, const uint8_t *bytes, struct wc_why *why)
{
    uint8_t digest[WC_DIGEST_BYTES];
    enum wc_err err = WC_OK;
    assert(sbn < d->m->partition.block_count && wc_bitmap_get(d->damaged, sbn));
    for (uint32_t i = 0; !err && i < d->file_count; i++) {
        const struct file *file = &d->files[i];
        struct part part = part_of(d, sbn, file);
        err = wc_file_write(d->ops, file->fd, bytes + part.at, part.byte_count, part.offset);
        if (err)
            (void)cannot(why, "write", file->path, errno);
        wc_digest_update(d->digest, bytes + part.at, part.byte_count);
    }
    wc_digest_finish(d->digest, digest);
    if (!err && remember(d, sbn, digest))
        err = wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    return err;
}

/* --- the end -------------------------------------------------------------------------------- */

/* Its size, and everything on stable storage. */
static enum wc_err settle(struct wc_mend *d, const struct file *file, struct wc_why *why)
{
    struct stat st;
    if (fstat(file->fd, &st))
        return cannot(why, "look at", file->path, errno);
    if ((uint64_t)st.st_size != file->entry->byte_count &&
        ftruncate(file->fd, (off_t)file->entry->byte_count))
        return cannot(why, "set the size of", file->path, errno);
    if (d->ops->fsync(file->fd))
        return cannot(why, "write to disk", file->path, errno);
    return WC_OK;
}

/* From the disk if the system can be talked into it. */
static enum wc_err read_back(struct wc_mend *d, const struct written *w, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    const struct file *file = NULL;
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < d->file_count; i++) {
        struct part part = part_of(d, w->sbn, &d->files[i]);
        if (!part.byte_count)
            continue;
        file = &d->files[i];
        (void)posix_fadvise(file->fd, (off_t)part.offset, (off_t)part.byte_count,
                            POSIX_FADV_DONTNEED);
        err = wc_file_read(d->ops, file->fd, d->scratch, part.byte_count, part.offset);
        if (err)
            (void)cannot(why, "read back", file->path, err == WC_E_SHORT ? EIO : errno);
        wc_digest_update(d->digest, d->scratch, part.byte_count);
    }
    wc_digest_finish(d->digest, digest);
    if (err || !file || wc_digest_equal(digest, w->digest))
        return err;
    return wc_why_set(why, WC_E_DIGEST, EX_IOERR,
                      "block %u of %s was written right, and reads back wrong: disk or memory of "
                      "this machine cannot be relied on; test both, and mend a copy elsewhere",
                      w->sbn, wc_why_path(shown, file->path));
}

enum wc_err wc_mend_finish(struct wc_mend *d, struct wc_why *why)
{
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < d->file_count; i++)
        err = settle(d, &d->files[i], why);
    for (uint32_t i = 0; !err && i < d->written_count; i++)
        err = read_back(d, &d->written[i], why);
    return err;
}
