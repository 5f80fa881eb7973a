/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* --- sentences --- */

static enum wc_err no_memory(struct wc_why *why)
{
    return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
}

static const char *fix_for(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "free some space or choose another --output; what is verified is kept";
    case EROFS:
        return "choose an --output that can be written";
    case EACCES:
    case EPERM:
        return "give this user the right to write there, or choose another --output";
    case ENOENT:
        return "make that folder first, or choose another --output";
    case ELOOP:
        return "a symbolic link is in the way; remove it";
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case ENOTEMPTY:
        return "something else is in the way; remove it or choose another --output";
    case EFBIG:
        return "this file system or a limit forbids files so large; choose another --output";
    case ENAMETOOLONG:
        return "the name is too long; choose another --output";
    default:
        return "check the folder and its disk; what is verified is kept";
    }
}

enum wc_err wc_target_cannot(const struct wc_target *t, struct wc_why *why, const char *verb,
                             const char *path, int error)
{
    char shown[WC_WHY_PATH_BYTES];
    char whole[2 * WC_TARGET_PATH_BYTES];
    snprintf(whole, sizeof(whole), "%s/%s", t->dir_text, path);
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error), "cannot %s %s: %s; %s",
                      verb, wc_why_path(shown, whole), wc_why_errno_text(error), fix_for(error));
}

static enum wc_err cannot_output(struct wc_why *why, const char *verb, const char *path, int error)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error), "cannot %s %s: %s; %s",
                      verb, wc_why_path(shown, path), wc_why_errno_text(error), fix_for(error));
}

static enum wc_err in_the_way(const struct wc_target *t, struct wc_why *why, const char *path,
                              const char *what)
{
    char shown[WC_WHY_PATH_BYTES];
    char whole[2 * WC_TARGET_PATH_BYTES];
    snprintf(whole, sizeof(whole), "%s/%s", t->dir_text, path);
    return wc_why_set(why, WC_E_PATH, EX_CANTCREAT,
                      "%s is in the way: it is %s; remove it or choose another --output",
                      wc_why_path(shown, whole), what);
}

enum wc_err wc_target_busy(const struct wc_target *t, struct wc_why *why, const char *path)
{
    char shown[WC_WHY_PATH_BYTES];
    char whole[2 * WC_TARGET_PATH_BYTES];
    snprintf(whole, sizeof(whole), "%s/%s", t->dir_text, path);
    return wc_why_set(why, WC_E_STATE, EX_TEMPFAIL,
                      "another receiver is writing %s; wait for it or choose another --output",
                      wc_why_path(shown, whole));
}

/* --- where --- */

static bool is_single(const struct wc_manifest *m)
{
    return m->file_count == 1 && m->files[0].kind == WC_FILE_REGULAR &&
           !strchr(m->files[0].path, '/');
}

/* `output` names the folder. */
static enum wc_err name_folder(struct wc_target *t, const char *output)
{
    bool single = is_single(t->m);
    t->dir_text = strdup(output);
    t->name = single ? strdup(t->m->files[0].path) : NULL;
    if (!t->dir_text || (single && !t->name))
        return WC_E_NOMEM;
    return WC_OK;
}

/* `output` names the file itself. */
static enum wc_err name_file(struct wc_target *t, const char *output)
{
    const char *slash = strrchr(output, '/');
    size_t dir_bytes = slash ? (size_t)(slash - output) : 0;
    t->name = strdup(slash ? slash + 1 : output);
    if (slash && !dir_bytes)
        t->dir_text = strdup("/");
    else
        t->dir_text = slash ? strndup(output, dir_bytes) : strdup(".");
    return t->name && t->dir_text ? WC_OK : WC_E_NOMEM;
}

static enum wc_err name_rest(struct wc_target *t)
{
    int n = t->name ? asprintf(&t->journal_name, "%s.part.journal", t->name)
                    : asprintf(&t->journal_name, "%s.part.journal", t->m->id);
    if (n < 0) {
        t->journal_name = NULL;
        return WC_E_NOMEM;
    }
    n = t->name ? asprintf(&t->where, "%s/%s", t->dir_text, t->name)
                : asprintf(&t->where, "%s", t->dir_text);
    if (n < 0) {
        t->where = NULL;
        return WC_E_NOMEM;
    }
    return WC_OK;
}

/* Read the table in store.h: which names follow from `output`; makes its last folder. */
static enum wc_err resolve(struct wc_target *t, char *output, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    bool ends_in_slash = false;
    for (size_t n = strlen(output); n > 1 && output[n - 1] == '/'; n--) {
        output[n - 1] = '\0';
        ends_in_slash = true;
    }
    struct stat st;
    bool exists = stat(output, &st) == 0;
    if (!exists && errno != ENOENT)
        return cannot_output(why, "reach", output, errno);
    bool is_folder = exists && S_ISDIR(st.st_mode);
    bool names_file = is_single(t->m) && !ends_in_slash;
    if (exists && !is_folder && !names_file)
        return wc_why_set(why, WC_E_PATH, EX_CANTCREAT, "%s is no folder; name one with --output",
                          wc_why_path(shown, output));
    if (!exists && !names_file) {
        if (mkdir(output, 0777) < 0)
            return cannot_output(why, "make", output, errno);
        t->is_dir_made = true;
    }
    enum wc_err err = is_folder || !names_file ? name_folder(t, output) : name_file(t, output);
    if (!err)
        err = name_rest(t);
    return err ? no_memory(why) : WC_OK;
}

static enum wc_err open_dir(struct wc_target *t, struct wc_why *why)
{
    struct stat st;
    t->dir = open(t->dir_text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->dir < 0 || fstat(t->dir, &st) < 0)
        return cannot_output(why, "open", t->dir_text, errno);
    t->is_dir_shared = st.st_mode & S_IWOTH;
    return WC_OK;
}

/* --- what is there already --- */

/* Only a regular file may be replaced, and only a directory kept. */
static enum wc_err check_one(const struct wc_target *t, uint32_t index, struct wc_why *why)
{
    char path[WC_TARGET_PATH_BYTES];
    struct stat st;
    wc_target_path(t, index, "", path);
    int fd = wc_file_open_beneath(t->dir, path, O_PATH, 0);
    if (fd < 0)
        return errno == ENOENT ? WC_OK : wc_target_cannot(t, why, "use", path, errno);
    int bad = fstat(fd, &st);
    close(fd);
    if (bad)
        return wc_target_cannot(t, why, "use", path, errno);
    bool is_file = t->m->files[index].kind == WC_FILE_REGULAR;
    if (is_file ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode))
        return WC_OK;
    return in_the_way(t, why, path,
                      S_ISDIR(st.st_mode)   ? "a folder"
                      : S_ISLNK(st.st_mode) ? "a symbolic link"
                      : is_file             ? "no regular file"
                                            : "no folder");
}

static enum wc_err check_all(const struct wc_target *t, struct wc_why *why)
{
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < t->m->file_count; i++)
        err = check_one(t, i, why);
    return err;
}

enum wc_err wc_target_open(struct wc_target *ret, const struct wc_manifest *m, const char *output,
                           const struct wc_file_ops *ops, struct wc_why *why)
{
    *ret = (struct wc_target){.m = m, .ops = ops, .dir = -1};
    if (output && !output[0])
        return wc_why_set(why, WC_E_RANGE, EX_USAGE, "--output is empty; name a file or a folder");
    char *copy = strdup(output ? output : ".");
    if (!copy)
        return no_memory(why);
    enum wc_err err = resolve(ret, copy, why);
    free(copy);
    if (!err)
        err = open_dir(ret, why);
    return err ? err : check_all(ret, why);
}

void wc_target_close(struct wc_target *t)
{
    wc_file_cache_close(&t->files);
    if (t->dir >= 0)
        close(t->dir);
    free(t->dir_text);
    free(t->name);
    free(t->journal_name);
    free(t->where);
    *t = (struct wc_target){.dir = -1};
}

const char *wc_target_path(const struct wc_target *t, uint32_t index, const char *suffix,
                           char ret[WC_TARGET_PATH_BYTES])
{
    snprintf(ret, WC_TARGET_PATH_BYTES, "%s%s", t->name ? t->name : t->m->files[index].path,
             suffix);
    return ret;
}

uint64_t wc_target_allocated(const struct wc_target *t)
{
    char path[WC_TARGET_PATH_BYTES];
    struct stat st;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < t->m->file_count; i++) {
        if (t->m->files[i].kind != WC_FILE_REGULAR)
            continue;
        int fd = wc_file_open_beneath(t->dir, wc_target_path(t, i, ".part", path), O_PATH, 0);
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_blocks * 512;
        close(fd);
    }
    return bytes;
}

/* --- .part files --- */

static int mkdir_one(const struct wc_target *t, const char *path)
{
    const char *name = NULL;
    int parent = wc_file_open_parent(t->dir, path, &name);
    if (parent < 0)
        return -1;
    int bad = mkdirat(parent, name, 0777);
    int error = errno;
    close(parent);
    errno = error;
    return bad && error != EEXIST ? -1 : 0;
}

enum wc_err wc_target_mkdir(const struct wc_target *t, const char *path)
{
    char upto[WC_TARGET_PATH_BYTES];
    snprintf(upto, sizeof(upto), "%s", path);
    for (char *slash = strchr(upto, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir_one(t, upto) < 0)
            return wc_why_errno(errno);
        if (!slash)
            return WC_OK;
        *slash = '/';
    }
}

static int unlink_part(const struct wc_target *t, const char *path)
{
    const char *name = NULL;
    int parent = wc_file_open_parent(t->dir, path, &name);
    if (parent < 0)
        return -1;
    int bad = unlinkat(parent, name, 0);
    int error = errno;
    close(parent);
    errno = error;
    return bad;
}

/* Open or make it; -1: errno says why. */
static int open_or_make(const struct wc_target *t, const char *path)
{
    int fd = wc_file_open_beneath(t->dir, path, O_RDWR | O_CREAT, 0600);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    char above[WC_TARGET_PATH_BYTES];
    snprintf(above, sizeof(above), "%s", path);
    char *slash = strrchr(above, '/');
    if (!slash)
        return fd;
    *slash = '\0';
    if (wc_target_mkdir(t, above) != WC_OK)
        return -1;
    return wc_file_open_beneath(t->dir, path, O_RDWR | O_CREAT, 0600);
}

/* Where everybody may write, a file of somebody else's could be changed by him later: make our
 * own. */
static int replace_foreign(const struct wc_target *t, const char *path, int fd, struct stat *st)
{
    if (!t->is_dir_shared || st->st_uid == geteuid())
        return fd;
    close(fd);
    if (unlink_part(t, path) < 0)
        return -1;
    fd = wc_file_open_beneath(t->dir, path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 && fstat(fd, st) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Ours alone, and of the full size. */
static enum wc_err claim(struct wc_target *t, uint32_t index, const char *path, int fd,
                         bool is_resumed, struct wc_why *why)
{
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return wc_target_busy(t, why, path);
    t->part_count = index + 1; /* from here on it is ours, to be discarded too */
    if (!is_resumed && ftruncate(fd, 0) < 0)
        return wc_target_cannot(t, why, "empty", path, errno);
    if (ftruncate(fd, (off_t)t->m->files[index].byte_count) < 0)
        return wc_target_cannot(t, why, "make room for", path, errno);
    return WC_OK;
}

static enum wc_err prepare_part(struct wc_target *t, uint32_t index, bool is_resumed,
                                struct wc_why *why)
{
    char path[WC_TARGET_PATH_BYTES];
    struct stat st;
    wc_target_path(t, index, ".part", path);
    int fd = open_or_make(t, path);
    if (fd < 0)
        return wc_target_cannot(t, why, "make", path, errno);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
        close(fd);
        return in_the_way(t, why, path, "not a regular file with one name");
    }
    fd = replace_foreign(t, path, fd, &st);
    if (fd < 0)
        return wc_target_cannot(t, why, "replace", path, errno);
    enum wc_err err = claim(t, index, path, fd, is_resumed, why);
    if (err) {
        close(fd);
        return err;
    }
    wc_file_cache_put(&t->files, index, fd);
    return WC_OK;
}

enum wc_err wc_target_prepare(struct wc_target *t, bool is_resumed, struct wc_why *why)
{
    enum wc_err err = WC_OK;
    t->is_resumed = is_resumed;
    for (uint32_t i = 0; !err && i < t->m->file_count; i++) {
        if (t->m->files[i].kind == WC_FILE_REGULAR)
            err = prepare_part(t, i, is_resumed, why);
    }
    return err;
}

void wc_target_discard(struct wc_target *t)
{
    char path[WC_TARGET_PATH_BYTES];
    for (uint32_t i = 0; i < t->part_count; i++) {
        if (t->m->files[i].kind == WC_FILE_REGULAR)
            (void)unlink_part(t, wc_target_path(t, i, ".part", path));
    }
    if (t->is_dir_made)
        rmdir(t->dir_text);
}

enum wc_err wc_target_part(struct wc_target *t, uint32_t index, int *ret_fd, struct wc_why *why)
{
    char path[WC_TARGET_PATH_BYTES];
    int fd = wc_file_cache_get(&t->files, index);
    if (fd < 0) {
        wc_target_path(t, index, ".part", path);
        fd = wc_file_open_beneath(t->dir, path, O_RDWR, 0);
        if (fd < 0)
            return wc_target_cannot(t, why, "open", path, errno);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
            close(fd);
            return wc_target_busy(t, why, path);
        }
        wc_file_cache_put(&t->files, index, fd);
    }
    *ret_fd = fd;
    return WC_OK;
}

enum wc_err wc_target_read(const struct wc_target *t, uint32_t index, int *ret_fd,
                           struct wc_why *why)
{
    char path[WC_TARGET_PATH_BYTES];
    wc_target_path(t, index, ".part", path);
    int fd = wc_file_open_beneath(t->dir, path, O_RDONLY, 0);
    if (fd < 0)
        return wc_target_cannot(t, why, "open", path, errno);
    *ret_fd = fd;
    return WC_OK;
}
