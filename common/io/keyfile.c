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

#define LOCK_NAME        ".lock"
#define TEMPORARY_SUFFIX ".new"

enum wc_err wc_keyfile_init(struct wc_keyfile *file, const char *dir, const char *name,
                            struct wc_why *why)
{
    file->why = why;
    int count = snprintf(file->path, sizeof(file->path), "%s/%s", dir, name);
    wc_why_path(file->shown, file->path);
    if (count < 0 || (size_t)count >= sizeof(file->path) - strlen(TEMPORARY_SUFFIX))
        return wc_why_set(why, WC_E_IO, EX_CONFIG, "the state directory's name is too long: %s",
                          file->shown);
    return WC_OK;
}

enum wc_err wc_keyfile_at(struct wc_keyfile *file, const char *path, struct wc_why *why)
{
    file->why = why;
    int count = snprintf(file->path, sizeof(file->path), "%s", path);
    wc_why_path(file->shown, file->path);
    if (count < 0 || (size_t)count >= sizeof(file->path) - strlen(TEMPORARY_SUFFIX))
        return wc_why_set(why, WC_E_IO, EX_USAGE, "the file's name is too long: %s", file->shown);
    return WC_OK;
}

static enum wc_err check_kind(const struct wc_keyfile *file, int fd, bool is_secret)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return wc_why_set(file->why, WC_E_FORMAT, EX_DATAERR,
                          "%s is not a regular file; move it away", file->shown);
    if (is_secret && (st.st_mode & (S_IRWXG | S_IRWXO)))
        return wc_why_set(file->why, WC_E_AUTH, EX_NOPERM,
                          "%s is open to other users (mode %04o); make it private: chmod 600 %s",
                          file->shown, (unsigned)st.st_mode & 07777u, file->shown);
    return WC_OK;
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

enum wc_err wc_keyfile_make_directory(const char *dir, struct wc_why *why)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s", dir); /* the length was checked with the file names */
    for (char *at = path + 1; at[-1]; at++) {
        char end = *at;
        if (end != '/' && end != '\0')
            continue;
        *at = '\0';
        if (mkdir(path, 0700) && errno != EEXIST) {
            char shown[WC_WHY_PATH_BYTES];
            return wc_why_set(why, WC_E_IO, wc_why_output_exit(errno),
                              "cannot make the directory %s: %s; choose a state directory that "
                              "this user may write to",
                              wc_why_path(shown, path), wc_why_errno_text(errno));
        }
        *at = end;
        if (end == '\0')
            break;
    }
    return WC_OK;
}

int wc_keyfile_lock(const char *dir, struct wc_why *why)
{
    struct wc_keyfile file;
    if (wc_keyfile_init(&file, dir, LOCK_NAME, why))
        return -1;
    int fd = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
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

static bool sync_directory(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

enum wc_err wc_keyfile_write(const struct wc_keyfile *file, const char *dir, const char *bytes,
                             size_t count)
{
    char temporary[PATH_MAX + sizeof(TEMPORARY_SUFFIX)];
    snprintf(temporary, sizeof(temporary), "%s" TEMPORARY_SUFFIX, file->path);
    unlink(temporary); /* of a start that was interrupted */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, bytes, count) && fsync(fd) == 0 &&
              rename(temporary, file->path) == 0 && sync_directory(dir);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (ok)
        return WC_OK;
    if (fd >= 0)
        unlink(temporary);
    return wc_why_set(file->why, WC_E_IO, wc_why_output_exit(error), "cannot write %s: %s",
                      file->shown, wc_why_errno_text(error));
}
