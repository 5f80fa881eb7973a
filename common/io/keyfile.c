/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/text.h"

enum wc_err wc_keyfile_init(struct wc_keyfile *file, const char *dir, const char *name,
                            struct wc_why *why)
{
    file->why = why;
    int count = snprintf(file->path, sizeof(file->path), "%s/%s", dir, name);
    wc_why_path(file->shown, file->path);
    if (count < 0 || (size_t)count >= sizeof(file->path) - strlen(WC_KEYFILE_NEW_SUFFIX))
        return wc_why_set(why, WC_E_IO, EX_CONFIG, "the state directory's name is too long: %s",
                          file->shown);
    return WC_OK;
}

enum wc_err wc_keyfile_at(struct wc_keyfile *file, const char *path, struct wc_why *why)
{
    file->why = why;
    int count = snprintf(file->path, sizeof(file->path), "%s", path);
    wc_why_path(file->shown, file->path);
    if (count < 0 || (size_t)count >= sizeof(file->path) - strlen(WC_KEYFILE_NEW_SUFFIX))
        return wc_why_set(why, WC_E_IO, EX_USAGE, "the file's name is too long: %s", file->shown);
    return WC_OK;
}

/* Who owns a file can change it, whatever its mode. That is as good as it gets where he owns the
 * folder, too: he could replace it. */
static enum wc_err check_owner(const struct wc_keyfile *file, const struct stat *st)
{
    char path[PATH_MAX];
    char word[WC_TEXT_SHELL_BYTES];
    struct stat folder;
    if (st->st_uid == 0 || st->st_uid == geteuid())
        return WC_OK;
    const char *slash = strrchr(file->path, '/');
    int count = slash ? (int)(slash - file->path) : 1;
    snprintf(path, sizeof(path), "%.*s/", count, slash ? file->path : ".");
    if (stat(path, &folder) == 0 && folder.st_uid == st->st_uid)
        return WC_OK;
    return wc_why_set(file->why, WC_E_AUTH, EX_NOPERM,
                      "%s belongs to another user (uid %u), who may change it; make it this "
                      "user's: chown %u %s",
                      file->shown, (unsigned)st->st_uid, (unsigned)geteuid(),
                      wc_text_shell(word, sizeof(word), file->shown));
}

static enum wc_err check_kind(const struct wc_keyfile *file, int fd, bool is_secret)
{
    struct stat st;
    char word[WC_TEXT_SHELL_BYTES];
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                          "%s is not a regular file; move it away", file->shown);
    if (is_secret && (st.st_mode & (S_IRWXG | S_IRWXO)))
        return wc_why_set(file->why, WC_E_AUTH, EX_NOPERM,
                          "%s is open to other users (mode %04o); make it private: chmod 600 %s",
                          file->shown, (unsigned)st.st_mode & 07777u,
                          wc_text_shell(word, sizeof(word), file->shown));
    return is_secret ? check_owner(file, &st) : WC_OK;
}

static enum wc_err read_text(const struct wc_keyfile *file, int fd, char *ret_text)
{
    ssize_t got = read(fd, ret_text, WC_KEYFILE_BYTES_MAX + 1);
    if (got < 0)
        return wc_why_set(file->why, WC_E_IO, wc_why_input_exit(errno), "cannot read %s: %s",
                          file->shown, wc_why_errno_text(errno));
    if (got == 0 || got > WC_KEYFILE_BYTES_MAX)
        return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                          "%s is %s; restore it from a backup, or remove it for a new one",
                          file->shown, got ? "too large" : "empty");
    ret_text[got] = '\0';
    return WC_OK;
}

enum wc_err wc_keyfile_read(const struct wc_keyfile *file, bool is_secret, char *ret_text)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return WC_E_NOT_FOUND;
    if (fd < 0)
        return wc_why_set(file->why, WC_E_IO, wc_why_input_exit(errno),
                          "cannot read %s: %s; run as the user that it belongs to", file->shown,
                          wc_why_errno_text(errno));
    enum wc_err err = check_kind(file, fd, is_secret);
    if (!err)
        err = read_text(file, fd, ret_text);
    close(fd);
    return err;
}

/* Of what root makes in another's folder: it is his, or his programs could not read it. */
static bool give_to_owner(int fd, int folder)
{
    struct stat st;
    if (geteuid() != 0)
        return true;
    return fstat(folder, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0;
}

/* The folder `name` in `folder`, made if there is none. Returns a descriptor of it, or -1. */
static int step_into(int folder, const char *name)
{
    bool is_new = mkdirat(folder, name, 0700) == 0;
    if (!is_new && errno != EEXIST)
        return -1;
    int flags = is_new ? O_RDONLY | O_NOFOLLOW : O_PATH;
    int fd = openat(folder, name, flags | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !is_new || give_to_owner(fd, folder))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

enum wc_err wc_keyfile_make_directory(const char *dir, struct wc_why *why)
{
    char path[PATH_MAX];
    char shown[WC_WHY_PATH_BYTES];
    char *rest = path;
    snprintf(path, sizeof(path), "%s", dir); /* the length was checked with the file names */
    int folder = open(*dir == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (char *name; folder >= 0 && (name = strtok_r(NULL, "/", &rest));) {
        int next = step_into(folder, name);
        int error = errno;
        close(folder);
        errno = error;
        folder = next;
    }
    if (folder >= 0) {
        close(folder);
        return WC_OK;
    }
    return wc_why_set(why, WC_E_IO, wc_why_output_exit(errno),
                      "cannot make the directory %s: %s; choose a state directory that "
                      "this user may write to",
                      wc_why_path(shown, dir), wc_why_errno_text(errno));
}

/* A new one. Returns its descriptor, or -1. */
static int make_lock(const char *dir)
{
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    int fd = openat(folder, WC_KEYFILE_LOCK_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && give_to_owner(fd, folder);
    int error = errno;
    close(folder);
    if (fd >= 0 && !ok)
        close(fd);
    errno = error;
    return ok ? fd : -1;
}

int wc_keyfile_lock(const char *dir, struct wc_why *why)
{
    struct wc_keyfile file;
    if (wc_keyfile_init(&file, dir, WC_KEYFILE_LOCK_NAME, why))
        return -1;
    int fd = open(file.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        fd = make_lock(dir);
    if (fd < 0 && errno == EEXIST) /* by another, just now */
        fd = open(file.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int failed = fd < 0;
    while (!failed && flock(fd, LOCK_EX)) {
        if (errno != EINTR)
            failed = 1;
    }
    if (!failed)
        return fd;
    wc_why_set(why, WC_E_IO, wc_why_output_exit(errno),
               "cannot write to the state directory: %s: %s; choose one that this user may "
               "write to",
               file.shown, wc_why_errno_text(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t put = write(fd, bytes, count);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        count -= (size_t)put;
    }
    return true;
}

/* All by one open folder: whoever owns it cannot lead root elsewhere meanwhile. */
static bool write_in(int folder, const char *name, const char *bytes, size_t count)
{
    char temporary[NAME_MAX + sizeof(WC_KEYFILE_NEW_SUFFIX)];
    snprintf(temporary, sizeof(temporary), "%.*s" WC_KEYFILE_NEW_SUFFIX, NAME_MAX, name);
    unlinkat(folder, temporary, 0); /* of a start that was interrupted */
    int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && give_to_owner(fd, folder) && write_all(fd, bytes, count) &&
              fsync(fd) == 0 && renameat(folder, temporary, folder, name) == 0 &&
              fsync(folder) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !ok)
        unlinkat(folder, temporary, 0);
    errno = error;
    return ok;
}

enum wc_err wc_keyfile_write(const struct wc_keyfile *file, const char *dir, const char *bytes,
                             size_t count)
{
    const char *slash = strrchr(file->path, '/');
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = folder >= 0 && write_in(folder, slash ? slash + 1 : file->path, bytes, count);
    int error = errno;
    if (folder >= 0)
        close(folder);
    if (ok)
        return WC_OK;
    return wc_why_set(file->why, WC_E_IO, wc_why_output_exit(error), "cannot write %s: %s",
                      file->shown, wc_why_errno_text(error));
}
