/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/blockio.h"

#include <errno.h>
#include <unistd.h>

/* Holes begin and end at multiples of this: the page, and the block of most file systems. */
#define HOLE_BYTES 4096u

/* What is left of a block, and the file in which that begins. */
struct span {
    uint64_t offset;
    uint32_t left;
    uint32_t index;
};

/* The part of a block that lies in one file. */
struct part {
    uint32_t index;
    int fd;
    uint32_t byte_count;
    uint64_t offset; /* in the file */
};

static struct span span_of(const struct wc_blockio *io, uint32_t sbn)
{
    uint64_t offset = wc_partition_offset(&io->m->partition, sbn);
    return (struct span){
        .offset = offset,
        .left = wc_partition_bytes(&io->m->partition, sbn),
        .index = wc_manifest_file_at(io->m, offset),
    };
}

static enum wc_err span_next(const struct wc_blockio *io, struct span *span, struct part *ret,
                             struct wc_why *why)
{
    const struct wc_file *file = &io->m->files[span->index];
    while (!file->byte_count) /* empty files and directories; the span has bytes left */
        file = &io->m->files[++span->index];
    uint64_t room = file->offset + file->byte_count - span->offset;
    ret->index = span->index;
    ret->offset = span->offset - file->offset;
    ret->byte_count = room < span->left ? (uint32_t)room : span->left;
    span->offset += ret->byte_count;
    span->left -= ret->byte_count;
    span->index++;
    ret->fd = io->spool_fd;
    return io->target ? wc_target_part(io->target, ret->index, &ret->fd, why) : WC_OK;
}

static enum wc_err cannot(const struct wc_blockio *io, struct wc_why *why, const char *verb,
                          uint32_t index, int error)
{
    char path[WC_TARGET_PATH_BYTES];
    char folder[WC_WHY_PATH_BYTES];
    if (io->target)
        return wc_target_cannot(io->target, why, verb,
                                wc_target_path(io->target, index, ".part", path), error);
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error),
                      "cannot %s the temporary file in %s: %s; set TMPDIR to another folder", verb,
                      wc_why_path(folder, io->spool_where), wc_why_errno_text(error));
}

static enum wc_err part_read(const struct wc_blockio *io, const struct part *part,
                             uint8_t *ret_bytes, struct wc_why *why)
{
    enum wc_err err = wc_file_read(io->ops, part->fd, ret_bytes, part->byte_count, part->offset);
    if (!err)
        return WC_OK;
    if (err == WC_E_SHORT)
        errno = EIO;
    cannot(io, why, "read", part->index, errno);
    return err;
}

enum wc_err wc_blockio_read(const struct wc_blockio *io, uint32_t sbn, uint8_t *ret_bytes,
                            struct wc_why *why)
{
    struct part part;
    for (struct span span = span_of(io, sbn); span.left; ret_bytes += part.byte_count) {
        enum wc_err err = span_next(io, &span, &part, why);
        if (!err)
            err = part_read(io, &part, ret_bytes, why);
        if (err)
            return err;
    }
    return WC_OK;
}

static bool is_hole(const struct part *part)
{
    off_t data = lseek(part->fd, (off_t)part->offset, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO; /* no data from here to the end; the file has its full size */
    return (uint64_t)data >= part->offset + part->byte_count;
}

enum wc_err wc_blockio_is_zero(const struct wc_blockio *io, uint32_t sbn, uint8_t *scratch,
                               bool *ret, struct wc_why *why)
{
    struct part part;
    bool is_zero = true;
    for (struct span span = span_of(io, sbn); span.left && is_zero;) {
        enum wc_err err = span_next(io, &span, &part, why);
        if (err)
            return err;
        if (is_hole(&part))
            continue;
        err = part_read(io, &part, scratch, why);
        if (err)
            return err;
        is_zero = wc_file_is_zero(scratch, part.byte_count);
    }
    *ret = is_zero;
    return WC_OK;
}

/* Bytes up to the next place where a hole may begin or end. */
static size_t unit_at(uint64_t offset, size_t count)
{
    size_t unit = HOLE_BYTES - (size_t)(offset % HOLE_BYTES);
    return unit < count ? unit : count;
}

/* Write what is not zero, in as few calls as there are runs of it. */
static enum wc_err write_sparse(const struct wc_file_ops *ops, int fd, const uint8_t *bytes,
                                size_t count, uint64_t offset)
{
    size_t run = 0; /* bytes before `at` that wait to be written */
    for (size_t at = 0; at < count;) {
        size_t unit = unit_at(offset + at, count - at);
        bool is_zero = wc_file_is_zero(bytes + at, unit);
        if (is_zero && run) {
            enum wc_err err = wc_file_write(ops, fd, bytes + at - run, run, offset + at - run);
            if (err)
                return err;
        }
        run = is_zero ? 0 : run + unit;
        at += unit;
    }
    return wc_file_write(ops, fd, bytes + count - run, run, offset + count - run);
}

enum wc_err wc_blockio_write(const struct wc_blockio *io, uint32_t sbn, const uint8_t *bytes,
                             bool is_fresh, struct wc_why *why)
{
    struct part part;
    for (struct span span = span_of(io, sbn); span.left; bytes += part.byte_count) {
        enum wc_err err = span_next(io, &span, &part, why);
        if (err)
            return err;
        err = is_fresh ? write_sparse(io->ops, part.fd, bytes, part.byte_count, part.offset)
                       : wc_file_write(io->ops, part.fd, bytes, part.byte_count, part.offset);
        if (err)
            return cannot(io, why, "write", part.index, errno);
    }
    return WC_OK;
}

enum wc_err wc_blockio_zero(const struct wc_blockio *io, uint32_t sbn, struct wc_why *why)
{
    struct part part;
    for (struct span span = span_of(io, sbn); span.left;) {
        enum wc_err err = span_next(io, &span, &part, why);
        if (err)
            return err;
        err = wc_file_zero(io->ops, part.fd, part.offset, part.byte_count);
        if (err)
            return cannot(io, why, "write", part.index, errno);
    }
    return WC_OK;
}
