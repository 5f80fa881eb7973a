/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a version consists of is written before the record names it, and removed after the record
 * names another: whenever a program is interrupted, the record's version is whole. Reading says
 * what is there; what to think of it is for the rules. */
#include "sender/shell/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/core/manifest.h"
#include "common/diag/package_rules.h"
#include "common/io/digest.h"
#include "common/io/file.h"
#include "sender/shell/packagefile.h"
#include "sender/shell/packagefolder.h"

static enum wc_err no_memory(struct wc_why *why)
{
    return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
}

void wc_package_deinit(struct wc_package *p)
{
    for (uint32_t i = 0; i < p->origin_count; i++)
        free(p->origins[i]);
    free(p->origins);
    free(p->manifest);
    *p = (struct wc_package){0};
}

/* --- origins --- */

static bool is_dots(const char *name)
{
    return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* `path` without slashes at its end, absolute and without "." and "..", for free(); NULL: errno. */
static char *absolute(char *path)
{
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (is_dots(name))
        return realpath(path, NULL);
    char *kept = strdup(name);
    if (slash)
        slash[slash == path ? 1 : 0] = '\0'; /* "/a": its folder is "/" */
    char *folder = kept ? realpath(slash ? path : ".", NULL) : NULL;
    char *joined = NULL;
    if (folder && asprintf(&joined, "%s%s%s", folder, folder[1] ? "/" : "", kept) < 0)
        joined = NULL;
    free(folder);
    free(kept);
    return joined;
}

enum wc_err wc_package_add_origin(struct wc_package *p, const char *path, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    wc_why_path(shown, path);
    if (p->origin_count == WC_PACKAGE_ORIGINS_MAX)
        return wc_why_set(why, WC_E_TOO_LARGE, EX_USAGE,
                          "more than %u paths; name the folder that they are in",
                          WC_PACKAGE_ORIGINS_MAX);
    char **origins = reallocarray(p->origins, p->origin_count + 1, sizeof(p->origins[0]));
    if (!origins)
        return no_memory(why);
    p->origins = origins;
    char *copy = strdup(path);
    if (!copy)
        return no_memory(why);
    char *origin = absolute(copy);
    int error = errno;
    free(copy);
    if (!origin) {
        enum wc_err err = wc_why_set(why, wc_why_errno(error), wc_why_input_exit(error),
                                     "cannot find the folder of %s: %s; check the name", shown,
                                     wc_why_errno_text(error));
        bool is_missing = err == WC_E_NOT_FOUND;
        return wc_why_mark(why, err, is_missing ? "content.missing" : "content.unreadable",
                           is_missing ? WC_HR_NOT_FOUND : WC_HR_ACCESS_DENIED);
    }
    p->origins[p->origin_count++] = origin; /* freed with the others */
    if (wc_packagefile_is_origin(origin))
        return WC_OK;
    return wc_why_set(why, WC_E_PATH, EX_DATAERR,
                      "cannot publish %s: the name of a folder above it is no UTF-8, or holds a "
                      "control character, or it is '/'; rename it, or name the folders in it",
                      shown);
}

/* --- reading --- */

/* What is read, and where what is wrong with it goes. */
struct reading {
    const char *folder;
    enum wc_package_file *state;
    char *detail; /* WC_PACKAGE_DETAIL_BYTES */
};

/* Returns WC_OK: that it is not good stands in the sight. */
static enum wc_err note(const struct reading *r, enum wc_package_file state, const char *name,
                        const char *text)
{
    *r->state = state;
    snprintf(r->detail, WC_PACKAGE_DETAIL_BYTES, "%.31s: %.120s", name, text);
    return WC_OK;
}

static enum wc_err read_open(const struct reading *r, const char *name, int fd, size_t bytes_max,
                             uint8_t **ret, size_t *ret_count)
{
    struct stat st;
    if (fstat(fd, &st))
        return note(r, WC_PACKAGE_FILE_UNREADABLE, name, wc_why_errno_text(errno));
    if (!S_ISREG(st.st_mode))
        return note(r, WC_PACKAGE_FILE_DAMAGED, name, "no regular file");
    if (st.st_size <= 0 || (uint64_t)st.st_size > bytes_max)
        return note(r, WC_PACKAGE_FILE_DAMAGED, name, st.st_size ? "too large" : "empty");
    size_t count = (size_t)st.st_size;
    uint8_t *bytes = malloc(count);
    if (!bytes)
        return WC_E_NOMEM;
    enum wc_err err = wc_file_read(&wc_file_ops_system, fd, bytes, count, 0);
    if (err) {
        free(bytes);
        return err == WC_E_SHORT
                   ? note(r, WC_PACKAGE_FILE_DAMAGED, name, "changed while it was read")
                   : note(r, WC_PACKAGE_FILE_UNREADABLE, name, wc_why_errno_text(errno));
    }
    *ret = bytes;
    *ret_count = count;
    return WC_OK;
}

/* *ret is only set for a good file. */
static enum wc_err read_bytes(const struct reading *r, const char *name, size_t bytes_max,
                              uint8_t **ret, size_t *ret_count)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), "%s/%s", r->folder, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return note(r, WC_PACKAGE_FILE_UNREADABLE, name, wc_why_errno_text(ENAMETOOLONG));
    *r->state = WC_PACKAGE_FILE_GOOD;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;
        return note(r, is_missing ? WC_PACKAGE_FILE_MISSING : WC_PACKAGE_FILE_UNREADABLE, name,
                    wc_why_errno_text(errno));
    }
    enum wc_err err = read_open(r, name, fd, bytes_max, ret, ret_count);
    close(fd);
    return err;
}

static enum wc_err read_record(struct wc_package *p, const struct reading *r, const char *id)
{
    char fault[WC_PACKAGE_DETAIL_BYTES];
    uint8_t *text = NULL;
    size_t count = 0;
    enum wc_err err =
        read_bytes(r, WC_PACKAGE_RECORD_NAME, WC_PACKAGEFILE_BYTES_MAX, &text, &count);
    if (err || *r->state != WC_PACKAGE_FILE_GOOD)
        return err;
    err = wc_packagefile_decode(p, (const char *)text, count, fault);
    free(text);
    if (err == WC_E_FORMAT)
        return note(r, WC_PACKAGE_FILE_DAMAGED, WC_PACKAGE_RECORD_NAME, fault);
    if (!err && strcmp(p->id, id) != 0)
        return note(r, WC_PACKAGE_FILE_DAMAGED, WC_PACKAGE_RECORD_NAME, "it is of another package");
    return err;
}

static enum wc_err read_manifest(struct wc_package *p, const struct reading *r)
{
    char name[WC_PACKAGE_FILE_NAME_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    struct wc_digest *hash = NULL;
    size_t count = 0;
    enum wc_err err = read_bytes(r, wc_packagefolder_manifest(name, p->version),
                                 WC_MANIFEST_BYTES_MAX, &p->manifest, &count);
    if (err || *r->state != WC_PACKAGE_FILE_GOOD)
        return err;
    if (count != p->manifest_bytes)
        return note(r, WC_PACKAGE_FILE_DAMAGED, name, "another size than the record says");
    err = wc_digest_new(&hash);
    if (err)
        return err;
    wc_digest_of(hash, p->manifest, count, digest);
    wc_digest_free(hash);
    if (!wc_digest_equal(digest, p->manifest_digest))
        return note(r, WC_PACKAGE_FILE_DAMAGED, name, "another digest than the record says");
    return WC_OK;
}

static enum wc_err read_signature(struct wc_package *p, const struct reading *r)
{
    char name[WC_PACKAGE_FILE_NAME_BYTES];
    uint8_t *bytes = NULL;
    size_t count = 0;
    enum wc_err err = read_bytes(r, wc_packagefolder_signature(name, p->version),
                                 WC_SIGNATURE_BYTES_MAX, &bytes, &count);
    if (err || *r->state != WC_PACKAGE_FILE_GOOD)
        return err;
    memcpy(p->signature, bytes, count);
    p->signature_bytes = (uint16_t)count;
    free(bytes);
    return WC_OK;
}

static void tell_record(struct wc_package_sight *sight, const struct wc_package *p)
{
    sight->version = p->version;
    sight->published_s = p->published_s;
    sight->readers = p->readers;
    sight->multicast_only = p->multicast_only;
    memcpy(sight->signed_by, p->key_digest, WC_DIGEST_BYTES);
}

enum wc_err wc_package_read(struct wc_package *ret, struct wc_package_sight *sight,
                            const char *state_dir, const char *id, struct wc_why *why)
{
    char folder[PATH_MAX];
    struct wc_package p = {0};
    *ret = p;
    *sight = (struct wc_package_sight){.record = WC_PACKAGE_FILE_MISSING};
    enum wc_err err = wc_packagefolder_name(folder, state_dir, id, why);
    if (err)
        return err;
    snprintf(sight->id, sizeof(sight->id), "%s", id);
    wc_why_path(sight->place, folder);
    const struct reading record = {folder, &sight->record, sight->detail};
    const struct reading manifest = {folder, &sight->manifest, sight->detail};
    err = read_record(&p, &record, id);
    if (!err && sight->record == WC_PACKAGE_FILE_GOOD) {
        tell_record(sight, &p);
        err = read_manifest(&p, &manifest);
        if (!err && sight->manifest == WC_PACKAGE_FILE_GOOD)
            err = read_signature(&p, &manifest);
    }
    if (err || sight->record != WC_PACKAGE_FILE_GOOD || sight->manifest != WC_PACKAGE_FILE_GOOD)
        wc_package_deinit(&p);
    *ret = p;
    return err ? no_memory(why) : WC_OK;
}

enum wc_err wc_package_judge(const struct wc_package_sight *sight, struct wc_why *why)
{
    struct wc_findings findings = {.count = 0};
    char line[WC_SENTENCE_BYTES_MAX + 1];
    wc_package_rules(sight, &findings);
    const struct wc_finding *worst = wc_findings_worst(&findings);
    if (!worst || worst->kind->severity != WC_SEVERITY_ERROR)
        return WC_OK;
    wc_finding_line(worst, line, sizeof(line));
    return wc_why_finding(why,
                          sight->record == WC_PACKAGE_FILE_MISSING ? WC_E_NOT_FOUND : WC_E_STATE,
                          worst->kind->id, worst->kind->hresult, worst->kind->exit_code, line);
}

enum wc_err wc_package_load(struct wc_package *ret, const char *state_dir, const char *id,
                            struct wc_why *why)
{
    struct wc_package_sight sight;
    enum wc_err err = wc_package_read(ret, &sight, state_dir, id, why);
    if (!err)
        err = wc_package_judge(&sight, why);
    return err;
}

/* --- writing --- */

enum wc_err wc_package_seal(struct wc_package *p, const struct wc_identity *identity,
                            struct wc_why *why)
{
    enum wc_err err = wc_identity_sign(identity, p->manifest, p->manifest_bytes, p->signature,
                                       &p->signature_bytes);
    if (err)
        return wc_why_set(why, err, EX_SOFTWARE, "cannot sign the manifest: %s", wc_err_text(err));
    wc_identity_key_digest(identity, p->key_digest);
    return WC_OK;
}

static enum wc_err write_bytes(const char *folder, const char *name, const void *bytes,
                               size_t count, struct wc_why *why)
{
    struct wc_keyfile file;
    enum wc_err err = wc_keyfile_init(&file, folder, name, why);
    return err ? err : wc_keyfile_write(&file, folder, bytes, count);
}

/* Of all that reads packages, only a publisher could have been faster. */
static enum wc_err check_first(const struct wc_package *p, const char *state_dir,
                               struct wc_why *why)
{
    struct wc_package other;
    struct wc_package_sight sight;
    enum wc_err err = wc_package_read(&other, &sight, state_dir, p->id, why);
    if (err)
        return err;
    bool is_same =
        other.version == p->version && wc_digest_equal(other.manifest_digest, p->manifest_digest);
    bool is_late = sight.record == WC_PACKAGE_FILE_GOOD && sight.version >= p->version && !is_same;
    wc_package_deinit(&other);
    if (!is_late)
        return WC_OK;
    return wc_why_set(why, WC_E_STATE, EX_TEMPFAIL,
                      "version %u of package %s was published meanwhile; publish it again",
                      sight.version, p->id);
}

static enum wc_err write_all(const struct wc_package *p, const char *folder, struct wc_why *why)
{
    char name[WC_PACKAGE_FILE_NAME_BYTES];
    char *record = wc_packagefile_encode(p);
    if (!record)
        return no_memory(why);
    enum wc_err err = write_bytes(folder, wc_packagefolder_manifest(name, p->version), p->manifest,
                                  p->manifest_bytes, why);
    if (!err)
        err = write_bytes(folder, wc_packagefolder_signature(name, p->version), p->signature,
                          p->signature_bytes, why);
    if (!err)
        err = write_bytes(folder, WC_PACKAGE_RECORD_NAME, record, strlen(record), why);
    if (!err)
        wc_packagefolder_sweep(folder, p->version);
    free(record);
    return err;
}

enum wc_err wc_package_save(const struct wc_package *p, const char *state_dir, struct wc_why *why)
{
    char folder[PATH_MAX];
    enum wc_err err = wc_packagefolder_name(folder, state_dir, p->id, why);
    if (!err)
        err = wc_keyfile_make_directory(folder, why);
    if (err)
        return err;
    int lock = wc_packagefolder_lock(state_dir, why);
    if (lock < 0)
        return WC_E_IO;
    err = check_first(p, state_dir, why);
    if (!err)
        err = write_all(p, folder, why);
    close(lock);
    return err;
}

enum wc_err wc_package_sign(const char *state_dir, const char *id,
                            const struct wc_identity *identity, struct wc_why *why)
{
    struct wc_package p;
    enum wc_err err = wc_package_load(&p, state_dir, id, why);
    if (!err)
        err = wc_package_seal(&p, identity, why);
    if (!err)
        err = wc_package_save(&p, state_dir, why);
    wc_package_deinit(&p);
    return err;
}
