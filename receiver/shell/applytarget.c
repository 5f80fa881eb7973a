/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/applytarget.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/diag/apply_rules.h"
#include "common/io/file.h"
#include "common/io/ntfsvolume.h"

#define MARK_TEXT_BYTES 1024

/* --- sentences ------------------------------------------------------------------------------ */

static enum wc_err refuse(struct wc_why *why, const struct wc_apply_sight *sight)
{
    struct wc_finding f;
    char line[WC_SENTENCE_BYTES_MAX + 1];
    enum wc_err err = sight->fault == WC_APPLY_FAULT_SMALL ? WC_E_FULL : WC_E_PATH;
    wc_apply_rules(sight, &f);
    wc_finding_line(&f, line, sizeof line);
    return wc_why_finding(why, err, f.kind->id, f.kind->hresult, f.kind->exit_code, line);
}

static enum wc_err cannot(struct wc_why *why, const char *verb, const char *path, int error)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error), "cannot %s %s: %s", verb,
                      wc_why_path(shown, path), wc_why_errno_text(error));
}

/* --- a directory ---------------------------------------------------------------------------- */

static bool is_mark(const char *name)
{
    return strcasecmp(name, WC_APPLY_MARK) == 0;
}

/* lost+found is in each new ext4. */
static bool is_nothing(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0 ||
           is_mark(name);
}

static enum wc_err look_into(const struct wc_apply_target *t, struct wc_apply_sight *sight,
                             struct wc_why *why)
{
    char first[WC_WHY_PATH_BYTES] = "";
    bool has_mark = false;
    DIR *dir = opendir(t->path);
    if (!dir)
        return cannot(why, "look into", t->path, errno);
    for (const struct dirent *e; (e = readdir(dir));) {
        has_mark |= is_mark(e->d_name);
        if (!*first && !is_nothing(e->d_name))
            (void)wc_why_path(first, e->d_name);
    }
    closedir(dir);
    if (t->force || (!has_mark && !*first))
        return WC_OK;
    sight->fault = has_mark ? WC_APPLY_FAULT_MARKED : WC_APPLY_FAULT_NOT_EMPTY;
    sight->what = has_mark ? WC_APPLY_MARK : first;
    return refuse(why, sight);
}

/* `place`: the target, or the folder in which it will be made. */
static enum wc_err check_room(const char *place, const struct wc_apply_need *need,
                              struct wc_apply_sight *sight, struct wc_why *why)
{
    struct statvfs fs;
    if (faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS)) {
        sight->fault = WC_APPLY_FAULT_READ_ONLY;
        sight->seen = wc_why_errno_text(errno);
        return refuse(why, sight);
    }
    if (statvfs(place, &fs))
        return cannot(why, "look at", place, errno);
    sight->need_bytes = need->byte_count;
    sight->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    sight->fault = WC_APPLY_FAULT_SMALL;
    return sight->need_bytes > sight->free_bytes ? refuse(why, sight) : WC_OK;
}

/* The folder of a path that does not exist. Returns `ret`. */
static const char *folder_of(char *ret, size_t room, const char *path)
{
    size_t count = strlen(path);
    while (count > 1 && path[count - 1] == '/')
        count--;
    while (count && path[count - 1] != '/')
        count--;
    while (count > 1 && path[count - 1] == '/')
        count--;
    snprintf(ret, room, "%.*s", count ? (int)count : 1, count ? path : ".");
    return ret;
}

static enum wc_err check_new(const struct wc_apply_target *t, const struct wc_apply_need *need,
                             struct wc_apply_sight *sight, struct wc_why *why)
{
    char folder[4096], shown[WC_WHY_PATH_BYTES];
    struct stat st;
    folder_of(folder, sizeof folder, t->path);
    if (stat(folder, &st) || !S_ISDIR(st.st_mode))
        return wc_why_set(why, WC_E_NOT_FOUND, EX_CANTCREAT,
                          "cannot make %s: there is no such folder as the one it would be in; make "
                          "that first, or name another --target",
                          wc_why_path(shown, t->path));
    return check_room(folder, need, sight, why);
}

/* --- a volume ------------------------------------------------------------------------------- */

static enum wc_apply_fault fault_of(enum wc_ntfs_state state)
{
    switch (state) {
    case WC_NTFS_NONE:
        return WC_APPLY_FAULT_NOT_NTFS;
    case WC_NTFS_MOUNTED:
        return WC_APPLY_FAULT_MOUNTED;
    case WC_NTFS_UNCLEAN:
        return WC_APPLY_FAULT_UNCLEAN;
    case WC_NTFS_HIBERNATED:
        return WC_APPLY_FAULT_HIBERNATED;
    default:
        return WC_APPLY_FAULT_BROKEN;
    }
}

static enum wc_err check_volume(const struct wc_apply_target *t, const struct wc_apply_need *need,
                                struct wc_apply_sight *sight, struct wc_why *why)
{
    struct wc_ntfs_look look;
    if (faccessat(AT_FDCWD, t->path, R_OK | W_OK, AT_EACCESS)) {
        sight->fault = WC_APPLY_FAULT_READ_ONLY;
        sight->seen = wc_why_errno_text(errno);
        return refuse(why, sight);
    }
    wc_ntfs_look(t->path, WC_APPLY_MARK, &look);
    if (look.state != WC_NTFS_GOOD) {
        sight->fault = fault_of(look.state);
        if (look.state == WC_NTFS_BROKEN)
            sight->seen = wc_why_errno_text(look.error);
        return refuse(why, sight);
    }
    if (!t->force && (look.has_mark || look.entry_count)) {
        sight->fault = look.has_mark ? WC_APPLY_FAULT_MARKED : WC_APPLY_FAULT_NOT_EMPTY;
        sight->what = look.has_mark ? WC_APPLY_MARK : look.entry;
        return refuse(why, sight);
    }
    sight->need_bytes = need->byte_count;
    sight->free_bytes = look.free_bytes;
    sight->fault = WC_APPLY_FAULT_SMALL;
    return sight->need_bytes > sight->free_bytes ? refuse(why, sight) : WC_OK;
}

/* --- both ----------------------------------------------------------------------------------- */

static const char *kind_of(mode_t mode)
{
    if (S_ISCHR(mode))
        return "a character device";
    if (S_ISFIFO(mode))
        return "a pipe";
    return "a socket";
}

enum wc_err wc_apply_target_check(struct wc_apply_target *ret, const char *path, bool force,
                                  const struct wc_apply_need *need, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct wc_apply_target t = {.path = path, .force = force};
    struct wc_apply_sight sight = {.target = wc_why_path(shown, path)};
    struct stat st;
    enum wc_err err;
    if (stat(path, &st)) {
        if (errno != ENOENT)
            return cannot(why, "reach", path, errno);
        t.was_made = true;
        err = check_new(&t, need, &sight, why);
    } else if (S_ISDIR(st.st_mode)) {
        err = look_into(&t, &sight, why);
        if (!err)
            err = check_room(path, need, &sight, why);
    } else if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
        t.is_ntfs = true;
        sight.is_ntfs = true;
        err = check_volume(&t, need, &sight, why);
    } else {
        sight.fault = WC_APPLY_FAULT_IN_THE_WAY;
        sight.what = kind_of(st.st_mode);
        err = refuse(why, &sight);
    }
    if (!err)
        *ret = t;
    return err;
}

/* --- the mark ------------------------------------------------------------------------------- */

static void make_text(char ret[MARK_TEXT_BYTES], const char *image)
{
    char when[64];
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
    snprintf(ret, MARK_TEXT_BYTES,
             "What is here is not a whole image: do not start from it, and do not capture it.\r\n"
             "wimcast-receiver began to apply %.300s at %s.\r\n"
             "This file goes when the last file is here and verified. If nothing is running any\r\n"
             "more, the apply failed: apply the image again with --force, or format the volume "
             "anew.\r\n",
             image, when);
}

static enum wc_err put_in_folder(struct wc_apply_target *t, const char *text, struct wc_why *why)
{
    if (t->was_made && mkdir(t->path, 0755) && errno != EEXIST)
        return cannot(why, "make", t->path, errno);
    int dir = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return cannot(why, "open", t->path, errno);
    int fd =
        openat(dir, WC_APPLY_MARK, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    bool good = fd >= 0 && !wc_file_write(&wc_file_ops_system, fd, text, strlen(text), 0) &&
                fsync(fd) == 0 && fsync(dir) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    close(dir);
    return good ? WC_OK : cannot(why, "write " WC_APPLY_MARK " into", t->path, error);
}

enum wc_err wc_apply_target_mark(struct wc_apply_target *t, const char *image, struct wc_why *why)
{
    char text[MARK_TEXT_BYTES];
    enum wc_err err;
    make_text(text, image);
    if (t->is_ntfs) {
        err = wc_ntfs_put(t->path, WC_APPLY_MARK, text);
        if (err)
            err = cannot(why, "write " WC_APPLY_MARK " into", t->path, errno);
    } else {
        err = put_in_folder(t, text, why);
    }
    t->is_marked = !err;
    return err;
}

/* The folder keeps its times: they are the image's. */
static bool take_from_folder(const char *path)
{
    struct stat st;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return false;
    bool good = fstat(dir, &st) == 0 && unlinkat(dir, WC_APPLY_MARK, 0) == 0;
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    if (good)
        good = futimens(dir, times) == 0 && fsync(dir) == 0;
    int error = errno;
    close(dir);
    errno = error;
    return good;
}

enum wc_err wc_apply_target_unmark(struct wc_apply_target *t, struct wc_why *why)
{
    bool good = t->is_ntfs ? !wc_ntfs_remove(t->path, WC_APPLY_MARK) : take_from_folder(t->path);
    if (!good)
        return cannot(why, "take " WC_APPLY_MARK " away from", t->path, errno);
    t->is_marked = false;
    return WC_OK;
}
