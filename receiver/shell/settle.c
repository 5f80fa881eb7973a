/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More entries than this are synced all at once, with the whole file system. */
#define SYNC_EACH_MAX 64u

static bool syncs_each(const struct wc_target *t)
{
    return t->m->file_count <= SYNC_EACH_MAX;
}

/* Modes and times: a file system that has none of them is no reason to fail. */
static void set_attributes(const struct wc_target *t, int fd, const struct wc_file *file,
                           bool *is_warned, const struct wc_settle_options *options)
{
    struct wc_why text;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = file->mtime_s}};
    bool bad = fchmod(fd, file->mode) < 0;
    bad |= futimens(fd, times) < 0;
    if (!bad || *is_warned)
        return;
    *is_warned = true;
    wc_target_cannot(t, &text, "set mode and time of", file->path, errno);
    if (options->warn)
        options->warn(options->ctx, text.text);
}

static enum wc_err sync_all(struct wc_target *t, struct wc_why *why)
{
    if (t->ops->syncfs(t->dir) < 0)
        return wc_target_cannot(t, why, "write to disk what is in", ".", errno);
    return WC_OK;
}

/* --- contents --- */

static enum wc_err prepare_content(struct wc_target *t, uint32_t index, bool *is_warned,
                                   const struct wc_settle_options *options, bool *ret_is_lost,
                                   struct wc_why *why)
{
    char path[WC_TARGET_PATH_BYTES];
    int fd = -1;
    enum wc_err err = wc_target_part(t, index, &fd, why);
    if (err)
        return err;
    set_attributes(t, fd, &t->m->files[index], is_warned, options);
    if (!syncs_each(t) || t->ops->fsync(fd) == 0)
        return WC_OK;
    *ret_is_lost = true;
    return wc_target_cannot(t, why, "write to disk", wc_target_path(t, index, ".part", path),
                            errno);
}

enum wc_err wc_settle_contents(struct wc_target *t, const struct wc_settle_options *options,
                               bool *ret_is_lost, struct wc_why *why)
{
    bool is_warned = false;
    for (uint32_t i = 0; i < t->m->file_count; i++) {
        if (t->m->files[i].kind != WC_FILE_REGULAR)
            continue;
        enum wc_err err = prepare_content(t, i, &is_warned, options, ret_is_lost, why);
        if (err)
            return err;
    }
    if (syncs_each(t))
        return WC_OK;
    enum wc_err err = sync_all(t, why);
    *ret_is_lost = err != WC_OK;
    return err;
}

/* --- names --- */

static enum wc_err rename_one(struct wc_target *t, uint32_t index, struct wc_why *why)
{
    char from[WC_TARGET_PATH_BYTES];
    char to[WC_TARGET_PATH_BYTES];
    const char *from_name = NULL;
    const char *slash = strrchr(wc_target_path(t, index, "", to), '/');
    const char *to_name = slash ? slash + 1 : to;
    int parent = wc_file_open_parent(t->dir, wc_target_path(t, index, ".part", from), &from_name);
    if (parent < 0)
        return wc_target_cannot(t, why, "reach", to, errno);
    int bad = t->ops->renameat(parent, from_name, parent, to_name);
    int error = errno;
    close(parent);
    return bad ? wc_target_cannot(t, why, "give its final name to", from, error) : WC_OK;
}

/* Sync all directories on the way to `path`, the output folder included. */
static enum wc_err sync_above(struct wc_target *t, const char *path, struct wc_why *why)
{
    char upto[WC_TARGET_PATH_BYTES];
    const char *name = NULL;
    snprintf(upto, sizeof(upto), "%s", path);
    for (char *slash = upto; slash;) {
        int parent = wc_file_open_parent(t->dir, upto, &name);
        if (parent < 0 || t->ops->fsync(parent) < 0) {
            enum wc_err err = wc_target_cannot(t, why, "write to disk the folder of", upto, errno);
            if (parent >= 0)
                close(parent);
            return err;
        }
        close(parent);
        slash = strrchr(upto, '/');
        if (slash)
            *slash = '\0';
    }
    return WC_OK;
}

static enum wc_err sync_names(struct wc_target *t, struct wc_why *why)
{
    char path[WC_TARGET_PATH_BYTES];
    if (!syncs_each(t))
        return sync_all(t, why);
    for (uint32_t i = 0; i < t->m->file_count; i++) {
        enum wc_err err = sync_above(t, wc_target_path(t, i, "", path), why);
        if (err)
            return err;
    }
    if (!t->is_dir_made)
        return WC_OK;
    int above = openat(t->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above >= 0) {
        (void)!t->ops->fsync(above); /* best effort: it may not even be readable */
        close(above);
    }
    return WC_OK;
}

/* Deepest first: a directory may lose its write permission here. */
static void settle_directories(struct wc_target *t, const struct wc_settle_options *options)
{
    bool is_warned = false;
    for (uint32_t i = t->m->file_count; i > 0; i--) {
        const struct wc_file *file = &t->m->files[i - 1];
        if (file->kind != WC_FILE_DIRECTORY)
            continue;
        int fd = wc_file_open_beneath(t->dir, file->path, O_RDONLY | O_DIRECTORY, 0);
        set_attributes(t, fd, file, &is_warned, options);
        if (fd >= 0)
            close(fd);
    }
}

enum wc_err wc_settle_names(struct wc_target *t, const struct wc_settle_options *options,
                            struct wc_why *why)
{
    for (uint32_t i = 0; i < t->m->file_count; i++) {
        const struct wc_file *file = &t->m->files[i];
        if (file->kind == WC_FILE_DIRECTORY && wc_target_mkdir(t, file->path) != WC_OK)
            return wc_target_cannot(t, why, "make", file->path, errno);
    }
    for (uint32_t i = 0; i < t->m->file_count; i++) {
        if (t->m->files[i].kind != WC_FILE_REGULAR)
            continue;
        enum wc_err err = rename_one(t, i, why);
        if (err)
            return err;
    }
    enum wc_err err = sync_names(t, why);
    if (!err)
        settle_directories(t, options);
    return err;
}
