/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files: whole reads and writes, opening below a directory and never outside it, a small cache
 * of open files, and the table of system calls that tests replace to make a disk fail. */
#ifndef WC_IO_FILE_H
#define WC_IO_FILE_H

#include <sys/types.h>

#include "common/core/err.h"
#include "common/core/types.h"

/* As the system calls of the same name. */
struct wc_file_ops {
    ssize_t (*pread)(int fd, void *bytes, size_t count, off_t offset);
    ssize_t (*pwrite)(int fd, const void *bytes, size_t count, off_t offset);
    int (*fsync)(int fd);
    int (*syncfs)(int fd);
    int (*renameat)(int from_dir, const char *from, int to_dir, const char *to);
};
extern const struct wc_file_ops wc_file_ops_system;

/* Read `count` bytes at `offset`, going on after interruptions and short reads. WC_E_SHORT: the
 * file ends before; WC_E_IO: errno says why. */
WC_MUST_USE enum wc_err wc_file_read(const struct wc_file_ops *ops, int fd, void *bytes,
                                     size_t count, uint64_t offset);

/* Write all bytes at `offset`, going on after interruptions and short writes. WC_E_FULL: no
 * space, quota or file-size limit; WC_E_IO; errno says why. */
WC_MUST_USE enum wc_err wc_file_write(const struct wc_file_ops *ops, int fd, const void *bytes,
                                      size_t count, uint64_t offset);

/* Make a range read as zeros: a hole where the file system can, else written zeros. Errors as
 * write. */
WC_MUST_USE enum wc_err wc_file_zero(const struct wc_file_ops *ops, int fd, uint64_t offset,
                                     uint64_t count);

/* Open `path` below directory `dir`; no part of it may be a symbolic link or lead out of `dir`.
 * O_CLOEXEC, O_NOFOLLOW and O_NONBLOCK are added to `flags`. Returns the descriptor, or -1 with
 * errno: ELOOP for a symbolic link (with O_PATH: the last part may be one, and is what is opened),
 * EXDEV for a path that leaves `dir`. Kernels before 5.6 are served by wc_file_open_steps. */
int wc_file_open_beneath(int dir, const char *path, int flags, mode_t mode);
int wc_file_open_steps(int dir, const char *path, int flags, mode_t mode);

/* The directory of the last part of `path`, opened as above; *ret_name: that part, inside
 * `path`. */
int wc_file_open_parent(int dir, const char *path, const char **ret_name);

/* A temporary file in `folder` that has no name, for reading and writing: it is gone when the last
 * descriptor of it is closed. -1: errno says why. */
int wc_file_open_unlinked(const char *folder);

/* All bytes are zero. */
bool wc_file_is_zero(const void *bytes, size_t count);

/* Open files by index, the least recently used one closed when room is needed. One thread. */
#define WC_FILE_CACHE_MAX 64u
struct wc_file_cache {
    struct wc_file_cache_entry {
        uint64_t used; /* 0: free */
        uint32_t index;
        int fd;
    } entries[WC_FILE_CACHE_MAX];
    uint64_t clock;
};
/* The open file of `index`, or -1. A zeroed cache is empty. */
int wc_file_cache_get(struct wc_file_cache *cache, uint32_t index);
/* Hand over `fd`; the cache closes it. `index` must not be in it. */
void wc_file_cache_put(struct wc_file_cache *cache, uint32_t index, int fd);
void wc_file_cache_close(struct wc_file_cache *cache);

#endif
