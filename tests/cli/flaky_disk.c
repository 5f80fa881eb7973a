/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For LD_PRELOAD: a disk, or memory, at fault. Of the byte at offset FLAKY_AT of files whose path
 * ends in FLAKY_FILE, the first FLAKY_COUNT reads give something else; with FLAKY_ERROR each one
 * fails. */
#undef _FORTIFY_SOURCE /* it makes pread inline */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_meant(int fd)
{
    char link[64], path[PATH_MAX];
    const char *end = getenv("FLAKY_FILE");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t count = readlink(link, path, sizeof path - 1);
    size_t end_bytes = end ? strlen(end) : 0;
    if (!end || count < (ssize_t)end_bytes)
        return false;
    return memcmp(path + count - end_bytes, end, end_bytes) == 0;
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset)
{
    static atomic_long read_count;
    ssize_t (*next)(int, void *, size_t, off_t);
    *(void **)&next = dlsym(RTLD_NEXT, "pread");
    ssize_t got = next(fd, bytes, count, offset);
    const char *at = getenv("FLAKY_AT");
    off_t place = at ? (off_t)strtoll(at, NULL, 10) : -1;
    if (got <= 0 || place < offset || place >= offset + got || !is_meant(fd))
        return got;
    if (getenv("FLAKY_ERROR")) {
        errno = EIO;
        return -1;
    }
    const char *times = getenv("FLAKY_COUNT");
    long index = atomic_fetch_add(&read_count, 1);
    if (times && index < strtol(times, NULL, 10))
        ((uint8_t *)bytes)[place - offset] ^= (uint8_t)(1 + index);
    return got;
}
