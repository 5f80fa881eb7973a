/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two passes over the content. The first asks for each file of the manifest whether it is still
 * there, may be opened, and has its size and time: so every fault is seen, and the first is named.
 * Only then the content is opened as for sending, which also shows what was added. */
#include "sender/shell/packagelook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/alloc.h"

void wc_package_opened_release(struct wc_package_opened *o)
{
    wc_content_close(o->content);
    wc_publish_deinit(&o->publication);
    wc_package_deinit(&o->package);
    *o = (struct wc_package_opened){.content = NULL};
}

/* --- the content --- */

struct look {
    struct wc_package_sight *sight;
    const struct wc_package *package;
    const struct wc_manifest *manifest;
    uint32_t full_count, emptied_count; /* files that had bytes when published, and have none now */
    char emptied_path[WC_PACKAGE_PLACE_BYTES]; /* of the first of them */
    uint64_t emptied_bytes;                    /* that it had */
};

/* The last part of an origin is the first of the paths that come from it. */
static bool is_of(const char *origin, const char *path)
{
    const char *base = strrchr(origin, '/') + 1;
    size_t n = strlen(base);
    return strncmp(path, base, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Where a path of the manifest lies on this machine. false: nowhere, or its name is too long. */
static bool locate(const struct wc_package *p, const char *path, char ret[PATH_MAX])
{
    for (uint32_t i = 0; i < p->origin_count; i++) {
        if (!is_of(p->origins[i], path))
            continue;
        int folder_bytes = (int)(strrchr(p->origins[i], '/') + 1 - p->origins[i]);
        int count = snprintf(ret, PATH_MAX, "%.*s%s", folder_bytes, p->origins[i], path);
        return count > 0 && count < PATH_MAX;
    }
    return false;
}

/* "permission denied for nobody (uid 65534)". */
static void tell_denied(char ret[WC_PACKAGE_DETAIL_BYTES], int error)
{
    uid_t uid = geteuid();
    const struct passwd *entry = getpwuid(uid);
    snprintf(ret, WC_PACKAGE_DETAIL_BYTES, "%s, for the user %.64s (uid %u)",
             wc_why_errno_text(error), entry ? entry->pw_name : "without a name", (unsigned)uid);
}

/* Count a fault; only the first is described. Returns whether this is it. */
static bool is_first(struct look *l, enum wc_package_content state, const char *shown)
{
    if (l->sight->fault_count++)
        return false;
    l->sight->content = state;
    wc_why_path(l->sight->path, shown);
    return true;
}

static void miss(struct look *l, const char *shown, int error)
{
    bool is_missing = error == ENOENT || error == ENOTDIR;
    enum wc_package_content state =
        is_missing ? WC_PACKAGE_CONTENT_MISSING : WC_PACKAGE_CONTENT_UNREADABLE;
    if (!is_first(l, state, shown))
        return;
    if (error == EACCES || error == EPERM)
        tell_denied(l->sight->content_detail, error);
    else
        snprintf(l->sight->content_detail, sizeof(l->sight->content_detail), "%s",
                 wc_why_errno_text(error));
}

static void compare(struct look *l, const struct wc_file *file, const char *shown,
                    const struct stat *st)
{
    bool is_folder = file->kind == WC_FILE_DIRECTORY;
    bool is_other_kind = is_folder ? !S_ISDIR(st->st_mode) : !S_ISREG(st->st_mode);
    /* A folder's size is of no use, and its time changes with what is in it. */
    bool is_same = is_folder || ((uint64_t)st->st_size == file->byte_count &&
                                 st->st_mtim.tv_sec == file->mtime_s);
    if (is_same && !is_other_kind)
        return;
    if (!is_other_kind && file->byte_count && !st->st_size && l->emptied_count++ == 0) {
        wc_why_path(l->emptied_path, shown);
        l->emptied_bytes = file->byte_count;
    }
    if (!is_first(l, WC_PACKAGE_CONTENT_CHANGED, shown))
        return;
    l->sight->is_other_kind = is_other_kind;
    l->sight->published_bytes = file->byte_count;
    l->sight->published_mtime_s = file->mtime_s;
    l->sight->found_bytes = (uint64_t)st->st_size;
    l->sight->found_mtime_s = st->st_mtim.tv_sec;
}

static void look_at(struct look *l, const struct wc_file *file)
{
    char path[PATH_MAX];
    struct stat st;
    if (file->kind == WC_FILE_REGULAR && file->byte_count)
        l->full_count++;
    if (!locate(l->package, file->path, path)) {
        miss(l, file->path, ENOENT);
        return;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int error = fd < 0 || fstat(fd, &st) ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (error)
        miss(l, path, error);
    else
        compare(l, file, path, &st);
}

/* Something was published that is not in the manifest, or the other way round. */
static void compare_paths(struct look *l, const struct wc_content *c)
{
    uint32_t count;
    const struct wc_source *sources = wc_content_sources(c, &count);
    uint32_t known = 0; /* both lists are sorted */
    for (uint32_t i = 0; i < count; i++) {
        if (known < l->manifest->file_count &&
            strcmp(sources[i].path, l->manifest->files[known].path) == 0)
            known++;
        else
            (void)is_first(l, WC_PACKAGE_CONTENT_ADDED, sources[i].origin);
    }
    if (known < l->manifest->file_count && !l->sight->fault_count)
        miss(l, l->manifest->files[known].path, ENOENT);
}

static enum wc_err open_content(struct look *l, struct wc_content **ret, struct wc_why *why)
{
    struct wc_why reason;
    struct wc_content *c = NULL;
    enum wc_err err = wc_content_open(&c, (const char *const *)l->package->origins,
                                      l->package->origin_count, NULL, &reason);
    if (err == WC_E_NOMEM)
        return wc_why_set(why, err, EX_OSERR, "out of memory");
    if (err) {
        (void)is_first(l, WC_PACKAGE_CONTENT_REFUSED, "");
        snprintf(l->sight->content_detail, sizeof(l->sight->content_detail), "%.*s",
                 (int)sizeof(l->sight->content_detail) - 1, reason.text);
        return WC_OK;
    }
    compare_paths(l, c);
    if (!l->sight->fault_count)
        l->sight->content = WC_PACKAGE_CONTENT_GOOD;
    if (l->sight->fault_count || !ret)
        wc_content_close(c);
    else
        *ret = c;
    return WC_OK;
}

/* The first fault may be of another file: one that was empty all along, and was touched. */
static void tell_empty(const struct look *l)
{
    l->sight->content = WC_PACKAGE_CONTENT_EMPTY;
    l->sight->fault_count = l->emptied_count;
    l->sight->published_bytes = l->emptied_bytes;
    l->sight->found_bytes = 0;
    memcpy(l->sight->path, l->emptied_path, sizeof(l->sight->path));
}

enum wc_err wc_packagelook_content(struct wc_package_sight *sight, const struct wc_package *p,
                                   const struct wc_manifest *m, struct wc_content **ret_content,
                                   struct wc_why *why)
{
    struct look l = {.sight = sight, .package = p, .manifest = m};
    if (ret_content)
        *ret_content = NULL;
    for (uint32_t i = 0; i < m->file_count; i++)
        look_at(&l, &m->files[i]);
    if (l.full_count && l.emptied_count == l.full_count &&
        sight->content == WC_PACKAGE_CONTENT_CHANGED)
        tell_empty(&l);
    return sight->fault_count ? WC_OK : open_content(&l, ret_content, why);
}

/* --- the package --- */

static void tell_damaged(struct wc_package_sight *sight, const char *text)
{
    sight->manifest = WC_PACKAGE_FILE_DAMAGED;
    snprintf(sight->detail, sizeof(sight->detail), "%s", text);
}

static void check_signature(struct wc_package_sight *sight, const struct wc_package *p,
                            const struct wc_identity *identity)
{
    if (!identity)
        return;
    wc_identity_key_digest(identity, sight->key_digest);
    if (wc_identity_verify(identity, p->manifest, p->manifest_bytes, p->signature,
                           p->signature_bytes) == WC_OK) {
        sight->signature = WC_PACKAGE_SIGNATURE_GOOD;
        return;
    }
    bool is_own = memcmp(sight->key_digest, sight->signed_by, WC_DIGEST_BYTES) == 0;
    sight->signature = is_own ? WC_PACKAGE_SIGNATURE_WRONG : WC_PACKAGE_SIGNATURE_OTHER_KEY;
    if (is_own)
        snprintf(sight->detail, sizeof(sight->detail),
                 "the signature is not this sender's, though the record says so");
}

/* Hand the manifest over to a publication; true: it is one of this package. */
static bool take_manifest(struct wc_package_opened *o, struct wc_package_sight *sight,
                          enum wc_err *ret_err)
{
    struct wc_publication *pub = &o->publication;
    pub->bytes = o->package.manifest;
    pub->byte_count = o->package.manifest_bytes;
    memcpy(pub->digest, o->package.manifest_digest, WC_DIGEST_BYTES);
    o->package.manifest = NULL;
    *ret_err = wc_manifest_decode(&pub->manifest, pub->bytes, pub->byte_count, &wc_alloc_libc);
    if (*ret_err == WC_E_NOMEM)
        return false;
    bool is_manifest = *ret_err == WC_OK;
    *ret_err = WC_OK;
    if (!is_manifest || strcmp(pub->manifest.id, o->package.id) != 0 ||
        pub->manifest.version != o->package.version) {
        tell_damaged(sight, is_manifest ? "the manifest is of another package, or version"
                                        : "the manifest is malformed");
        return false;
    }
    sight->object_bytes = pub->manifest.partition.object_bytes;
    sight->file_count = pub->manifest.file_count;
    return true;
}

enum wc_err wc_packagelook_open(struct wc_package_opened *ret, struct wc_package_sight *sight,
                                const char *state_dir, const char *id,
                                const struct wc_identity *identity, struct wc_why *why)
{
    *ret = (struct wc_package_opened){.content = NULL};
    enum wc_err err = wc_package_read(&ret->package, sight, state_dir, id, why);
    if (err || !ret->package.manifest)
        return err;
    check_signature(sight, &ret->package, identity);
    if (!take_manifest(ret, sight, &err))
        return err ? wc_why_set(why, err, EX_OSERR, "out of memory") : WC_OK;
    return wc_packagelook_content(sight, &ret->package, &ret->publication.manifest, &ret->content,
                                  why);
}

enum wc_err wc_package_look(struct wc_package_sight *ret, const char *state_dir, const char *id,
                            const struct wc_identity *identity, struct wc_why *why)
{
    struct wc_package_opened opened;
    enum wc_err err = wc_packagelook_open(&opened, ret, state_dir, id, identity, why);
    wc_package_opened_release(&opened);
    return err;
}
