/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder may belong to another user than the one who looks, and --fix may run as root: so each
 * step goes by an open directory and a name in it, and never through a link. */
#include "sender/shell/checkdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core/manifest.h"
#include "common/io/accounts.h"
#include "common/io/keychain.h"
#include "common/io/site.h"
#include "sender/shell/packagefolder.h"

_Static_assert(WC_DP_PATH_BYTES == WC_WHY_PATH_BYTES, "wc_why_path fills it");

#define ITEMS_MAX   20000u /* files looked at */
#define OTHERS_ALL  0077u
#define OTHERS_EDIT 0022u

struct walk {
    int64_t now_s;
    wc_checkdir_visit *visit;
    void *ctx;
    uint32_t item_count;
};

/* The folders that a sender makes. What else lies in the state directory is not its own, and is
 * left alone. */
enum place {
    PLACE_NONE,
    PLACE_KEYS, /* the state directory, and `site` in it */
    PLACE_PACKAGES,
    PLACE_PACKAGE,
};

static enum place place_in(enum place outer, const char *name, unsigned depth)
{
    if (outer == PLACE_PACKAGES && wc_package_id_check(name, strlen(name)) == WC_OK)
        return PLACE_PACKAGE;
    if (depth == 0 && strcmp(name, "packages") == 0)
        return PLACE_PACKAGES;
    return depth == 0 && strcmp(name, "site") == 0 ? PLACE_KEYS : PLACE_NONE;
}

static bool is_key(const char *name)
{
    return strcmp(name, WC_IDENTITY_KEY_NAME) == 0;
}

static bool is_secret(const char *name)
{
    return is_key(name) || strcmp(name, WC_KEYCHAIN_NEXT_NAME) == 0 ||
           strcmp(name, WC_SITE_KEY_NAME) == 0 || strcmp(name, WC_ACCOUNTS_FILE_NAME) == 0;
}

static bool is_of_keys(const char *name)
{
    static const char *const open_ones[] = {WC_IDENTITY_CERTIFICATE_NAME, WC_KEYCHAIN_REQUEST_NAME,
                                            WC_SITE_CERTIFICATE_NAME, WC_KEYFILE_LOCK_NAME};
    for (size_t i = 0; i < sizeof(open_ones) / sizeof(open_ones[0]); i++)
        if (strcmp(name, open_ones[i]) == 0)
            return true;
    return is_secret(name);
}

/* A file that a sender writes there? */
static bool is_ours(enum place place, const char *name)
{
    switch (place) {
    case PLACE_KEYS:
        return is_of_keys(name);
    case PLACE_PACKAGES:
        return strcmp(name, WC_KEYFILE_LOCK_NAME) == 0;
    case PLACE_PACKAGE:
        return wc_packagefolder_is_file(name);
    case PLACE_NONE:
        break;
    }
    return false;
}

/* `name` without the end of a file that is being written. Returns whether it had it. */
static bool take_new(const char *name, char ret[NAME_MAX + 1])
{
    size_t bytes = strlen(name), end_bytes = strlen(WC_KEYFILE_NEW_SUFFIX);
    bool is_new = bytes > end_bytes && strcmp(name + bytes - end_bytes, WC_KEYFILE_NEW_SUFFIX) == 0;
    snprintf(ret, NAME_MAX + 1, "%.*s", (int)(is_new ? bytes - end_bytes : bytes), name);
    return is_new;
}

/* Does something have to be said of it? */
static bool judge(const struct walk *w, enum place place, const char *name, const struct stat *st,
                  struct wc_checkdir_item *ret)
{
    char own[NAME_MAX + 1];
    bool is_new = take_new(name, own);
    if (!S_ISDIR(st->st_mode) && (!S_ISREG(st->st_mode) || !is_ours(place, own)))
        return false;
    bool is_old = (int64_t)st->st_mtime + WC_CHECKDIR_LEFTOVER_AGE_S < w->now_s;
    ret->name = name;
    ret->is_secret = S_ISREG(st->st_mode) && is_secret(own);
    ret->mode = (uint32_t)st->st_mode & 07777u;
    ret->mode_due = ret->mode & ~OTHERS_ALL & 07777u;
    ret->fault = is_key(name) ? WC_CHECKDIR_OPEN_KEY : WC_CHECKDIR_OPEN;
    if (S_ISREG(st->st_mode) && is_new && is_old)
        ret->fault = WC_CHECKDIR_LEFTOVER;
    return ret->fault == WC_CHECKDIR_LEFTOVER ||
           (ret->mode & (ret->is_secret ? OTHERS_ALL : OTHERS_EDIT));
}

/* For sentences: a name cannot steer a terminal. */
static void show(char ret[WC_DP_PATH_BYTES], const char *folder, const char *name)
{
    char path[WC_DP_PATH_BYTES + NAME_MAX + 2];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    wc_why_path(ret, path);
    for (char *at = ret; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}

static void walk_folder(struct walk *w, int fd, const char *shown, enum place place, unsigned depth)
{
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) && w->item_count < ITEMS_MAX;) {
        struct wc_checkdir_item item = {.folder_fd = fd};
        struct stat st;
        bool is_dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (is_dots || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        w->item_count++;
        enum place next = place_in(place, entry->d_name, depth);
        if (S_ISDIR(st.st_mode) && next == PLACE_NONE)
            continue;
        show(item.shown, shown, entry->d_name);
        if (judge(w, place, entry->d_name, &st, &item))
            w->visit(w->ctx, &item);
        if (!S_ISDIR(st.st_mode))
            continue;
        int inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0)
            walk_folder(w, inner, item.shown, next, depth + 1);
    }
    closedir(folder);
}

void wc_checkdir_walk(const char *dir, int64_t now_s, wc_checkdir_visit *visit, void *ctx)
{
    struct walk w = {.now_s = now_s, .visit = visit, .ctx = ctx};
    struct stat st;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && (st.st_mode & OTHERS_ALL)) {
        struct wc_checkdir_item item = {.fault = WC_CHECKDIR_OPEN,
                                        .folder_fd = fd,
                                        .name = "",
                                        .mode = (uint32_t)st.st_mode & 07777u,
                                        .mode_due = 0700};
        snprintf(item.shown, sizeof(item.shown), "%s", dir);
        visit(ctx, &item);
    }
    walk_folder(&w, fd, dir, PLACE_KEYS, 0);
}

/* --- as facts --------------------------------------------------------------------------------- */

static void count_item(void *ctx, const struct wc_checkdir_item *item)
{
    struct wc_dp_dir *dir = ctx;
    if (item->fault == WC_CHECKDIR_LEFTOVER) {
        if (dir->leftover_count++ == 0)
            memcpy(dir->leftover_name, item->shown, sizeof(dir->leftover_name));
    } else if (item->fault == WC_CHECKDIR_OPEN && item->name[0]) {
        if (dir->open_count++ == 0) {
            memcpy(dir->open_name, item->shown, sizeof(dir->open_name));
            dir->open_mode = item->mode;
        }
    }
}

static bool may_write(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/* In the nearest folder above it that there is. */
static bool may_make(const char *dir)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s", dir) >= sizeof(path))
        return false;
    for (;;) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return may_write(".");
        slash[slash == path] = '\0'; /* the root keeps its slash */
        if (access(path, F_OK) == 0 || slash == path)
            return may_write(path);
    }
}

void wc_checkdir_look(const char *dir, int64_t now_s, struct wc_dp_dir *ret)
{
    struct stat st;
    *ret = (struct wc_dp_dir){.user = geteuid()};
    snprintf(ret->path, sizeof(ret->path), "%s", dir);
    ret->exists = stat(dir, &st) == 0;
    if (!ret->exists) {
        ret->is_writable = errno == ENOENT && may_make(dir);
        return;
    }
    ret->is_folder = S_ISDIR(st.st_mode);
    ret->mode = (uint32_t)st.st_mode & 07777u;
    ret->owner = st.st_uid;
    ret->is_writable = may_write(dir);
    wc_checkdir_walk(dir, now_s, count_item, ret);
}
