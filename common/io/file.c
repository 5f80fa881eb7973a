/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/core/limits.h"
#include "common/io/why.h"

const struct wc_file_ops wc_file_ops_system = {
    .pread = pread,
    .pwrite = pwrite,
    .fsync = fsync,
    .syncfs = syncfs,
    .renameat = renameat,
};

/* --- whole reads and writes --- */

enum wc_err wc_file_read(const struct wc_file_ops *ops, int fd, void *bytes, size_t count,
                         uint64_t offset)
{
    uint8_t *at = bytes;
    while (count) {
        ssize_t n = ops->pread(fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return WC_E_IO;
        if (n == 0)
            return WC_E_SHORT;
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return WC_OK;
}

enum wc_err wc_file_write(const struct wc_file_ops *ops, int fd, const void *bytes, size_t count,
                          uint64_t offset)
{
    const uint8_t *at = bytes;
    while (count) {
        ssize_t n = ops->pwrite(fd, at, count, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return wc_why_errno(errno);
        if (n == 0) { /* never of a regular file: do not turn for ever */
            errno = EIO;
            return WC_E_IO;
        }
        at += n;
        offset += (uint64_t)n;
        count -= (size_t)n;
    }
    return WC_OK;
}

enum wc_err wc_file_zero(const struct wc_file_ops *ops, int fd, uint64_t offset, uint64_t count)
{
    static const uint8_t zeros[65536];
    if (!count)
        return WC_OK;
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)count) == 0)
        return WC_OK;
    while (count) {
        size_t n = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
        enum wc_err err = wc_file_write(ops, fd, zeros, n, offset);
        if (err)
            return err;
        offset += n;
        count -= n;
    }
    return WC_OK;
}

bool wc_file_is_zero(const void *bytes, size_t count)
{
    const uint8_t *at = bytes;
    return !count || (at[0] == 0 && memcmp(at, at + 1, count - 1) == 0);
}

/* --- opening below a directory --- */

/* Never wait for a pipe's other end; O_PATH opens nothing and takes no such flag. */
static int beneath_flags(int flags)
{
    return flags | O_CLOEXEC | O_NOFOLLOW | (flags & O_PATH ? 0 : O_NONBLOCK);
}

/* The directory `name` in `dir`: never through a symbolic link. */
static int open_step(int dir, const char *name, size_t byte_count)
{
    char copy[NAME_MAX + 1];
    if (byte_count >= sizeof(copy)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(copy, name, byte_count);
    copy[byte_count] = '\0';
    int fd = openat(dir, copy, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 && errno == ENOTDIR) {
        bool is_link = fstatat(dir, copy, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
        errno = is_link ? ELOOP : ENOTDIR;
    }
    return fd;
}

static bool is_dots(const char *name, size_t byte_count)
{
    return byte_count == 2 && memcmp(name, "..", 2) == 0;
}

int wc_file_open_steps(int dir, const char *path, int flags, mode_t mode)
{
    if (path[0] == '/') {
        errno = EXDEV;
        return -1;
    }
    int at = dir;
    int fd = -1;
    for (;;) {
        size_t byte_count = strcspn(path, "/");
        if (is_dots(path, byte_count)) {
            errno = EXDEV;
            break;
        }
        if (!path[byte_count]) {
            fd = openat(at, path, beneath_flags(flags), mode);
            break;
        }
        int next = open_step(at, path, byte_count);
        if (next < 0)
            break;
        if (at != dir)
            close(at);
        at = next;
        path += byte_count + 1;
    }
    int error = errno;
    if (at != dir)
        close(at);
    errno = error;
    return fd;
}

int wc_file_open_beneath(int dir, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)beneath_flags(flags),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
    /* Some container filters say EPERM to calls that they do not know. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return wc_file_open_steps(dir, path, flags, mode);
    return (int)fd;
}

int wc_file_open_parent(int dir, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    *ret_name = slash ? slash + 1 : path;
    if (!slash)
        return wc_file_open_beneath(dir, ".", O_RDONLY | O_DIRECTORY, 0);
    char parent[WC_PATH_BYTES_MAX + 1];
    size_t byte_count = (size_t)(slash - path);
    if (byte_count >= sizeof(parent)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(parent, path, byte_count);
    parent[byte_count] = '\0';
    return wc_file_open_beneath(dir, parent, O_RDONLY | O_DIRECTORY, 0);
}

/* --- open files --- */

int wc_file_cache_get(struct wc_file_cache *cache, uint32_t index)
{
    for (size_t i = 0; i < WC_FILE_CACHE_MAX; i++) {
        struct wc_file_cache_entry *entry = &cache->entries[i];
        if (entry->used && entry->index == index) {
            entry->used = ++cache->clock;
            return entry->fd;
        }
    }
    return -1;
}

void wc_file_cache_put(struct wc_file_cache *cache, uint32_t index, int fd)
{
    struct wc_file_cache_entry *oldest = &cache->entries[0];
    for (size_t i = 0; i < WC_FILE_CACHE_MAX; i++) {
        struct wc_file_cache_entry *entry = &cache->entries[i];
        assert(!entry->used || entry->index != index);
        if (entry->used < oldest->used)
            oldest = entry;
    }
    if (oldest->used)
        close(oldest->fd);
    *oldest = (struct wc_file_cache_entry){.used = ++cache->clock, .index = index, .fd = fd};
}

void wc_file_cache_close(struct wc_file_cache *cache)
{
    for (size_t i = 0; i < WC_FILE_CACHE_MAX; i++) {
        if (cache->entries[i].used)
            close(cache->entries[i].fd);
    }
    *cache = (struct wc_file_cache){0};
}

int wc_file_open_unlinked(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char *path = NULL;
    if (asprintf(&path, "%s/wimcast-XXXXXX", folder) < 0)
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    int error = errno;
    free(path);
    errno = error;
    return fd;
}
