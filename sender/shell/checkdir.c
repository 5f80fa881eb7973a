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

#include "common/io/identity.h"
#include "common/io/site.h"

_Static_assert(WC_DP_PATH_BYTES == WC_WHY_PATH_BYTES, "wc_why_path fills it");

#define DEPTH_MAX   4u     /* STATE/packages/ID/FILE */
#define ITEMS_MAX   20000u /* files looked at */
#define OTHERS_ALL  0077u
#define OTHERS_EDIT 0022u

struct walk {
    int64_t now_s;
    wc_checkdir_visit *visit;
    void *ctx;
    uint32_t item_count;
};

static bool ends_with(const char *name, const char *end)
{
    size_t bytes = strlen(name), end_bytes = strlen(end);
    return bytes > end_bytes && strcmp(name + bytes - end_bytes, end) == 0;
}

static bool is_key(const char *name)
{
    return strcmp(name, WC_IDENTITY_KEY_NAME) == 0;
}

static bool is_secret(const char *name)
{
    static const char *const secrets[] = {WC_IDENTITY_KEY_NAME ".next", WC_SITE_KEY_NAME,
                                          "accounts.json"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (strcmp(name, secrets[i]) == 0)
            return true;
    return is_key(name);
}

/* Does something have to be said of it? */
static bool judge(const struct walk *w, const char *name, const struct stat *st,
                  struct wc_checkdir_item *ret)
{
    uint32_t closed = S_ISREG(st->st_mode) && is_secret(name) ? OTHERS_ALL : OTHERS_EDIT;
    bool is_old = (int64_t)st->st_mtime + WC_CHECKDIR_LEFTOVER_AGE_S < w->now_s;
    ret->name = name;
    ret->mode = (uint32_t)st->st_mode & 07777u;
    ret->mode_due = ret->mode & ~OTHERS_ALL & 07777u;
    if (S_ISREG(st->st_mode) && ends_with(name, ".new") && is_old) {
        ret->fault = WC_CHECKDIR_LEFTOVER;
        return true;
    }
    ret->fault = is_key(name) ? WC_CHECKDIR_OPEN_KEY : WC_CHECKDIR_OPEN;
    return (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) && (ret->mode & closed);
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

static void walk_folder(struct walk *w, int fd, const char *shown, unsigned depth)
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
        show(item.shown, shown, entry->d_name);
        if (judge(w, entry->d_name, &st, &item))
            w->visit(w->ctx, &item);
        if (!S_ISDIR(st.st_mode) || depth + 1 >= DEPTH_MAX)
            continue;
        int inner = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0)
            walk_folder(w, inner, item.shown, depth + 1);
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
    walk_folder(&w, fd, dir, 0);
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
