/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/workdir.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void wc_workdir_make(struct wc_workdir *w)
{
    const char *parent = getenv("TMPDIR");
    memset(w, 0, sizeof(*w));
    int n = snprintf(w->path, sizeof(w->path), "%s/wimcast-test-XXXXXX", parent ? parent : "/tmp");
    assert(n > 0 && (size_t)n < sizeof(w->path));
    const char *made = mkdtemp(w->path);
    assert(made);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st;
    (void)type;
    (void)place;
    return remove(path);
}

void wc_workdir_remove(struct wc_workdir *w)
{
    int bad = nftw(w->path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    assert(!bad);
}

const char *wc_workdir_at(struct wc_workdir *w, const char *name)
{
    char *at = w->at[w->next++ % 16];
    size_t path_bytes = strlen(w->path);
    size_t name_bytes = strlen(name);
    assert(path_bytes + 1 + name_bytes < PATH_MAX);
    memcpy(at, w->path, path_bytes);
    at[path_bytes] = '/';
    memcpy(at + path_bytes + 1, name, name_bytes + 1);
    return at;
}

/* splitmix64 of the position: any range can be made alone. */
static uint64_t word_at(uint64_t seed, uint64_t index)
{
    uint64_t z = (seed + 1) * 0xd1342543de82ef95u + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void wc_workdir_pattern(uint64_t seed, uint64_t offset, uint8_t *ret_bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ret_bytes[i] = (uint8_t)(word_at(seed, (offset + i) / 8) >> (8 * ((offset + i) % 8)));
}

static void make_parents(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int bad = mkdir(copy, 0755);
        assert(!bad || errno == EEXIST);
        *slash = '/';
    }
}

const char *wc_workdir_write(struct wc_workdir *w, const char *name, const void *bytes,
                             size_t count)
{
    const char *path = wc_workdir_at(w, name);
    make_parents(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert(fd >= 0);
    const uint8_t *at = bytes;
    while (count) {
        ssize_t n = write(fd, at, count);
        assert(n > 0);
        at += n;
        count -= (size_t)n;
    }
    close(fd);
    return path;
}

const char *wc_workdir_fill(struct wc_workdir *w, const char *name, uint64_t seed, size_t count)
{
    uint8_t *bytes = malloc(count + 1);
    assert(bytes);
    wc_workdir_pattern(seed, 0, bytes, count);
    const char *path = wc_workdir_write(w, name, bytes, count);
    free(bytes);
    return path;
}

const char *wc_workdir_mkdir(struct wc_workdir *w, const char *name)
{
    const char *path = wc_workdir_at(w, name);
    make_parents(path);
    int bad = mkdir(path, 0755);
    assert(!bad);
    return path;
}

bool wc_workdir_holds(const char *path, const void *bytes, size_t count)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool is_same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == count;
    uint8_t *found = malloc(count + 1);
    assert(found);
    for (size_t at = 0; is_same && at < count;) {
        ssize_t n = read(fd, found + at, count - at);
        assert(n > 0);
        at += (size_t)n;
    }
    is_same = is_same && (!count || memcmp(found, bytes, count) == 0);
    free(found);
    close(fd);
    return is_same;
}

bool wc_workdir_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}
