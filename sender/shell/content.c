/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tree is walked once and every file opened once, so that what cannot be read is refused
 * before a session begins. What fstat said then is compared at every later read: sending needs
 * no lock on the files and yet never mixes two versions of one unnoticed. */
#include "sender/shell/content.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"

struct wc_content {
    struct wc_source *sources;
    uint32_t source_count;
    uint32_t source_capacity;
    uint64_t byte_count;
    uint32_t skipped_count;
    char skipped_first[WC_WHY_PATH_BYTES];
    const struct wc_file_ops *ops;
    struct wc_file_cache files;
};

/* --- finding --- */

static enum wc_err no_memory(struct wc_why *why)
{
    return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
}

static enum wc_err cannot(struct wc_why *why, const char *verb, const char *path, int error)
{
    char name[WC_WHY_PATH_BYTES];
    const char *fix = error == ENOENT   ? "check the name"
                      : error == EACCES ? "give this user the right to read it"
                                        : "check the file and its disk";
    enum wc_err err =
        wc_why_set(why, wc_why_errno(error), wc_why_input_exit(error), "cannot %s %s: %s; %s", verb,
                   wc_why_path(name, path), wc_why_errno_text(error), fix);
    if (error == ENOENT)
        return wc_why_mark(why, err, "content.missing", WC_HR_NOT_FOUND);
    if (error == EACCES || error == EPERM)
        return wc_why_mark(why, err, "content.unreadable", WC_HR_ACCESS_DENIED);
    return err;
}

/* Room for one more; it is zeroed. */
static struct wc_source *source_add(struct wc_content *c)
{
    if (c->source_count == c->source_capacity) {
        uint32_t capacity = c->source_capacity ? 2 * c->source_capacity : 64;
        struct wc_source *sources = reallocarray(c->sources, capacity, sizeof(struct wc_source));
        if (!sources)
            return NULL;
        c->sources = sources;
        c->source_capacity = capacity;
    }
    struct wc_source *source = &c->sources[c->source_count++];
    *source = (struct wc_source){0};
    return source;
}

static void source_stat(struct wc_source *source, const struct stat *st)
{
    source->device = st->st_dev;
    source->inode = st->st_ino;
    source->mtime_s = st->st_mtim.tv_sec;
    source->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
    source->mode = st->st_mode & 0777;
}

/* Open the file for good measure, and note what it is. */
static enum wc_err source_open(struct wc_source *source, struct wc_why *why)
{
    struct stat st;
    int fd = open(source->origin, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0) {
        enum wc_err err = cannot(why, "read", source->origin, errno);
        if (fd >= 0)
            close(fd);
        return err;
    }
    close(fd);
    if (!S_ISREG(st.st_mode))
        return cannot(why, "read", source->origin, EINVAL);
    source_stat(source, &st);
    source->byte_count = (uint64_t)st.st_size;
    return WC_OK;
}

/* `name`: base name of the argument; `below`: what follows the argument in entry's path. */
static enum wc_err entry_add(struct wc_content *c, const FTSENT *entry, const char *name,
                             const char *below, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    if (c->source_count == WC_FILES_MAX)
        return wc_why_set(why, WC_E_TOO_LARGE, EX_DATAERR,
                          "more than %u files and folders; send fewer at once, or an archive",
                          WC_FILES_MAX);
    struct wc_source *source = source_add(c);
    if (!source)
        return no_memory(why);
    source->origin = strdup(entry->fts_path);
    if (!source->origin || asprintf(&source->path, "%s%s", name, below) < 0) {
        source->path = NULL;
        return no_memory(why);
    }
    const char *refused = wc_path_why(source->path, strlen(source->path));
    if (refused)
        return wc_why_set(why, WC_E_PATH, EX_DATAERR, "cannot send %s: %s; rename it",
                          wc_why_path(shown, source->origin), refused);
    source->kind = entry->fts_info == FTS_D ? WC_FILE_DIRECTORY : WC_FILE_REGULAR;
    if (source->kind == WC_FILE_REGULAR)
        return source_open(source, why);
    source_stat(source, entry->fts_statp);
    return WC_OK;
}

/* Neither file nor directory: refused when it was asked for, else left out. */
static enum wc_err entry_skip(struct wc_content *c, const FTSENT *entry, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    if (entry->fts_level == FTS_ROOTLEVEL)
        return wc_why_set(
            why, WC_E_FORMAT, EX_NOINPUT,
            "cannot send %s: it is neither a file nor a folder; copy its content into "
            "a file first",
            wc_why_path(shown, entry->fts_path));
    if (!c->skipped_count++)
        wc_why_path(c->skipped_first, entry->fts_path);
    return WC_OK;
}

static enum wc_err entry_take(struct wc_content *c, const FTSENT *entry, const char *name,
                              const char *below, struct wc_why *why)
{
    switch (entry->fts_info) {
    case FTS_D:
    case FTS_F:
        return entry_add(c, entry, name, below, why);
    case FTS_DP:
        return WC_OK;
    case FTS_SLNONE:
        if (entry->fts_level == FTS_ROOTLEVEL)
            return cannot(why, "follow the symbolic link", entry->fts_path, ENOENT);
        return entry_skip(c, entry, why);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return cannot(why, "read", entry->fts_path, entry->fts_errno);
    default: /* symbolic links, sockets, pipes, devices */
        return entry_skip(c, entry, why);
    }
}

/* The name under which an argument appears in the package; empty: it has none. */
static void argument_name(const char *path, char ret[NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    char *real = NULL;
    if (!base[0] || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
        real = realpath(path, NULL);
        base = real ? strrchr(real, '/') + 1 : "";
    }
    snprintf(ret, NAME_MAX + 1, "%s", base);
    free(real);
}

static enum wc_err walk(struct wc_content *c, char *path, struct wc_why *why)
{
    char name[NAME_MAX + 1];
    argument_name(path, name);
    char *const roots[] = {path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (!tree)
        return cannot(why, "read", path, errno);
    enum wc_err err = WC_OK;
    while (!err) {
        errno = 0;
        FTSENT *entry = fts_read(tree);
        if (!entry) {
            if (errno)
                err = cannot(why, "read", path, errno);
            break;
        }
        if (!name[0] && entry->fts_info == FTS_D) {
            err = wc_why_set(why, WC_E_PATH, EX_USAGE,
                             "cannot send '%s' as a whole; name the folders in it", path);
            break;
        }
        err = entry_take(c, entry, name, entry->fts_path + strlen(path), why);
    }
    fts_close(tree);
    return err;
}

static enum wc_err find(struct wc_content *c, const char *argument, struct wc_why *why)
{
    if (!argument[0])
        return wc_why_set(why, WC_E_NOT_FOUND, EX_USAGE,
                          "a path to send is empty; name a file or a folder");
    char *path = strdup(argument);
    if (!path)
        return no_memory(why);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    enum wc_err err = walk(c, path, why);
    free(path);
    return err;
}

/* --- putting in order --- */

static int by_path(const void *a, const void *b)
{
    const struct wc_source *left = a;
    const struct wc_source *right = b;
    return strcmp(left->path, right->path);
}

static enum wc_err arrange(struct wc_content *c, struct wc_why *why)
{
    char one[WC_WHY_PATH_BYTES];
    char two[WC_WHY_PATH_BYTES];
    if (c->source_count)
        qsort(c->sources, c->source_count, sizeof(c->sources[0]), by_path);
    for (uint32_t i = 0; i < c->source_count; i++) {
        struct wc_source *source = &c->sources[i];
        if (i && strcmp(source[-1].path, source->path) == 0)
            return wc_why_set(
                why, WC_E_PATH, EX_USAGE,
                "%s and %s would have the same name; rename one, or send their parent",
                wc_why_path(one, source[-1].origin), wc_why_path(two, source->origin));
        source->offset = c->byte_count;
        if (source->byte_count > INT64_MAX - c->byte_count)
            return wc_why_set(why, WC_E_TOO_LARGE, EX_DATAERR, "%s is too large for a package",
                              wc_why_path(one, source->origin));
        c->byte_count += source->byte_count;
    }
    return WC_OK;
}

static enum wc_err refuse_empty(const struct wc_content *c, struct wc_why *why)
{
    char name[WC_WHY_PATH_BYTES];
    uint32_t file_count = 0;
    const struct wc_source *file = NULL;
    enum wc_err err;
    for (uint32_t i = 0; i < c->source_count; i++) {
        if (c->sources[i].kind != WC_FILE_REGULAR)
            continue;
        file = &c->sources[i];
        file_count++;
    }
    if (!file_count)
        err = wc_why_set(why, WC_E_NOT_FOUND, EX_NOINPUT, "nothing to send: no file was found");
    else if (file_count == 1)
        err = wc_why_set(why, WC_E_NOT_FOUND, EX_DATAERR,
                         "nothing to send: %s is empty; capture or copy it again",
                         wc_why_path(name, file->origin));
    else
        err = wc_why_set(why, WC_E_NOT_FOUND, EX_DATAERR,
                         "nothing to send: every file is empty (%s and %u more); copy them again",
                         wc_why_path(name, file->origin), file_count - 1);
    return wc_why_mark(why, err, "content.empty", WC_HR_TIMEOUT);
}

static void warn_skipped(const struct wc_content *c, const struct wc_content_options *options)
{
    struct wc_why text;
    if (!c->skipped_count || !options || !options->warn)
        return;
    wc_why_set(&text, WC_OK, 0,
               "left out %u of neither file nor folder (links, sockets, pipes, devices), first %s",
               c->skipped_count, c->skipped_first);
    options->warn(options->ctx, text.text);
}

enum wc_err wc_content_open(struct wc_content **ret, const char *const *paths, size_t count,
                            const struct wc_content_options *options, struct wc_why *why)
{
    struct wc_content *c = calloc(1, sizeof(*c));
    if (!c)
        return no_memory(why);
    c->ops = options && options->ops ? options->ops : &wc_file_ops_system;
    enum wc_err err = WC_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = find(c, paths[i], why);
    if (!err)
        err = arrange(c, why);
    if (!err && !c->byte_count)
        err = refuse_empty(c, why);
    if (err) {
        wc_content_close(c);
        return err;
    }
    warn_skipped(c, options);
    *ret = c;
    return WC_OK;
}

struct wc_content *wc_content_clone(const struct wc_content *c)
{
    struct wc_content *clone = calloc(1, sizeof(*clone));
    if (!clone)
        return NULL;
    clone->byte_count = c->byte_count;
    clone->ops = c->ops;
    for (uint32_t i = 0; i < c->source_count; i++) {
        struct wc_source *source = source_add(clone);
        if (source) {
            *source = c->sources[i];
            source->path = strdup(c->sources[i].path);
            source->origin = strdup(c->sources[i].origin);
        }
        if (!source || !source->path || !source->origin) {
            wc_content_close(clone);
            return NULL;
        }
    }
    return clone;
}

void wc_content_close(struct wc_content *c)
{
    if (!c)
        return;
    wc_file_cache_close(&c->files);
    for (uint32_t i = 0; i < c->source_count; i++) {
        free(c->sources[i].path);
        free(c->sources[i].origin);
    }
    free(c->sources);
    free(c);
}

const struct wc_source *wc_content_sources(const struct wc_content *c, uint32_t *ret_count)
{
    *ret_count = c->source_count;
    return c->sources;
}

uint64_t wc_content_bytes(const struct wc_content *c)
{
    return c->byte_count;
}

/* --- reading --- */

/* The first source whose bytes reach past `offset`. */
static uint32_t source_at(const struct wc_content *c, uint64_t offset)
{
    uint32_t low = 0;
    uint32_t high = c->source_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->sources[middle].offset + c->sources[middle].byte_count > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static enum wc_err changed(const struct wc_source *source, struct wc_why *why)
{
    char name[WC_WHY_PATH_BYTES];
    enum wc_err err =
        wc_why_set(why, WC_E_DIGEST, EX_DATAERR,
                   "%s was changed while it was being sent; send again when nothing writes to it",
                   wc_why_path(name, source->origin));
    return wc_why_mark(why, err, "content.changed", WC_HR_HASH_VALUE);
}

static bool is_same(const struct wc_source *source, const struct stat *st)
{
    return st->st_dev == source->device && st->st_ino == source->inode &&
           (uint64_t)st->st_size == source->byte_count && st->st_mtim.tv_sec == source->mtime_s &&
           st->st_mtim.tv_nsec == (long)source->mtime_ns;
}

/* An open file of the source that is still what it was. */
static enum wc_err source_fd(struct wc_content *c, uint32_t index, int *ret_fd, struct wc_why *why)
{
    const struct wc_source *source = &c->sources[index];
    int fd = wc_file_cache_get(&c->files, index);
    if (fd < 0) {
        fd = open(source->origin, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT)
            return changed(source, why);
        if (fd < 0)
            return cannot(why, "read", source->origin, errno);
        wc_file_cache_put(&c->files, index, fd);
    }
    struct stat st;
    if (fstat(fd, &st) < 0)
        return cannot(why, "read", source->origin, errno);
    if (!is_same(source, &st))
        return changed(source, why);
    *ret_fd = fd;
    return WC_OK;
}

enum wc_err wc_content_open_file(struct wc_content *c, uint32_t index, int *ret_fd,
                                 struct wc_why *why)
{
    assert(index < c->source_count && c->sources[index].kind == WC_FILE_REGULAR);
    int fd = -1;
    enum wc_err err = source_fd(c, index, &fd, why);
    if (err)
        return err;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return cannot(why, "read", c->sources[index].origin, errno);
    *ret_fd = copy;
    return WC_OK;
}

enum wc_err wc_content_read(struct wc_content *c, uint64_t offset, uint8_t *ret_bytes, size_t count,
                            struct wc_why *why)
{
    assert(offset <= c->byte_count && count <= c->byte_count - offset);
    for (uint32_t i = source_at(c, offset); count; i++) {
        const struct wc_source *source = &c->sources[i];
        uint64_t from = offset - source->offset;
        uint64_t left = source->byte_count - from;
        size_t n = left < count ? (size_t)left : count;
        if (!n) /* an empty file or a directory */
            continue;
        int fd = -1;
        enum wc_err err = source_fd(c, i, &fd, why);
        if (err)
            return err;
        err = wc_file_read(c->ops, fd, ret_bytes, n, from);
        if (err == WC_E_SHORT)
            return changed(source, why);
        if (err)
            return cannot(why, "read", source->origin, errno);
        offset += n;
        ret_bytes += n;
        count -= n;
    }
    return WC_OK;
}

enum wc_err wc_content_read_block(struct wc_content *c, const struct wc_partition *p, uint32_t sbn,
                                  uint8_t *ret_rows, struct wc_why *why)
{
    size_t byte_count = wc_partition_bytes(p, sbn);
    size_t room = (size_t)wc_partition_symbols(p, sbn) * p->symbol_bytes;
    memset(ret_rows + byte_count, 0, room - byte_count);
    return wc_content_read(c, wc_partition_offset(p, sbn), ret_rows, byte_count, why);
}

/* --- naming --- */

void wc_content_default_id(const char *path, char ret_id[WC_NAME_BYTES_MAX + 1])
{
    size_t end = strlen(path);
    while (end && path[end - 1] == '/')
        end--;
    size_t from = end;
    while (from && path[from - 1] != '/')
        from--;
    while (from < end && (path[from] == '.' || path[from] == '-'))
        from++;
    const char *dot = memrchr(path + from, '.', end - from);
    if (dot)
        end = (size_t)(dot - path);
    size_t n = 0;
    for (; from < end && n < WC_NAME_BYTES_MAX; from++, n++) {
        const char as_second[2] = {'a', path[from]};
        ret_id[n] = wc_package_id_check(as_second, 2) == WC_OK ? path[from] : '_';
    }
    ret_id[n] = '\0';
    if (!n)
        strcpy(ret_id, "package");
}
