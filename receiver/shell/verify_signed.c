/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sender keeps a package in STATE/packages/ID: manifest.N of version N, manifest.N.sig, and in
 * STATE the certificate of the key that signed it. Copied elsewhere, the certificate is named. */
#include "receiver/shell/verify_signed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/diag/key_rules.h"
#include "common/io/alloc.h"
#include "common/io/digest.h"
#include "common/io/file.h"
#include "common/io/identity.h"
#include "common/io/keyproof.h"

#define MANIFEST_PREFIX  "manifest."
#define SIGNATURE_SUFFIX ".sig"

struct paths {
    char manifest[PATH_MAX], signature[PATH_MAX], certificate[PATH_MAX];
};

/* --- where ---------------------------------------------------------------------------------- */

static enum wc_err refuse_errno(const char *path, int error, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_input_exit(error),
                      "cannot read the manifest %s: %s", wc_why_path(shown, path),
                      wc_why_errno_text(error));
}

static enum wc_err join(char ret[PATH_MAX], const char *path, const char *more, struct wc_why *why)
{
    int count = snprintf(ret, PATH_MAX, "%s%s", path, more);
    return count > 0 && count < PATH_MAX ? WC_OK : refuse_errno(path, ENAMETOOLONG, why);
}

/* The version in "manifest.VERSION"; 0: the name is another. */
static uint32_t version_of(const char *name)
{
    if (strncmp(name, MANIFEST_PREFIX, strlen(MANIFEST_PREFIX)) != 0)
        return 0;
    const char *digits = name + strlen(MANIFEST_PREFIX);
    uint64_t version = 0;
    for (; *digits >= '0' && *digits <= '9' && version <= UINT32_MAX; digits++)
        version = version * 10 + (uint64_t)(*digits - '0');
    return *digits || version > UINT32_MAX ? 0 : (uint32_t)version;
}

static enum wc_err find_newest(char ret[PATH_MAX], const char *folder, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES], name[32];
    uint32_t newest = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return refuse_errno(folder, errno, why);
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint32_t version = version_of(entry->d_name);
        newest = version > newest ? version : newest;
    }
    closedir(dir);
    if (!newest)
        return wc_why_set(why, WC_E_NOT_FOUND, EX_NOINPUT,
                          "%s is no folder of a package: there is no manifest in it, such as "
                          "manifest.1",
                          wc_why_path(shown, folder));
    snprintf(name, sizeof name, "/" MANIFEST_PREFIX "%u", newest);
    return join(ret, folder, name, why);
}

static enum wc_err find_paths(struct paths *ret, const struct wc_verify_options *o,
                              struct wc_why *why)
{
    struct stat st;
    bool is_folder = stat(o->manifest, &st) == 0 && S_ISDIR(st.st_mode);
    enum wc_err err = is_folder ? find_newest(ret->manifest, o->manifest, why)
                                : join(ret->manifest, o->manifest, "", why);
    if (!err)
        err = o->signature ? join(ret->signature, o->signature, "", why)
                           : join(ret->signature, ret->manifest, SIGNATURE_SUFFIX, why);
    if (err || o->certificate)
        return err ? err : join(ret->certificate, o->certificate, "", why);
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", ret->manifest);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    return join(ret->certificate, slash ? folder : ".", "/../../" WC_IDENTITY_CERTIFICATE_NAME,
                why);
}

/* --- its bytes ------------------------------------------------------------------------------ */

static enum wc_err read_bytes(uint8_t **ret, size_t *ret_count, const char *path,
                              struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return refuse_errno(path, errno, why);
    enum wc_err err = WC_OK;
    uint8_t *bytes = NULL;
    if (fstat(fd, &st))
        err = refuse_errno(path, errno, why);
    else if (!S_ISREG(st.st_mode))
        err = refuse_errno(path, EINVAL, why);
    else if (st.st_size > (off_t)WC_MANIFEST_BYTES_MAX)
        err = wc_why_set(why, WC_E_TOO_LARGE, EX_DATAERR, "%s is too large for a manifest",
                         wc_why_path(shown, path));
    else if (!(bytes = malloc((size_t)st.st_size + 1)))
        err = wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    else if (wc_file_read(&wc_file_ops_system, fd, bytes, (size_t)st.st_size, 0))
        err = refuse_errno(path, errno ? errno : EIO, why);
    close(fd);
    if (err) {
        free(bytes);
        return err;
    }
    *ret = bytes;
    *ret_count = (size_t)st.st_size;
    return WC_OK;
}

/* --- whose signature ------------------------------------------------------------------------ */

static enum wc_err judge(struct wc_verify_signed *ret, const struct wc_key_sight *sight,
                         struct wc_why *why)
{
    struct wc_findings findings = {.count = 0};
    char line[WC_SENTENCE_BYTES_MAX + 1];
    wc_key_rules(sight, &findings);
    const struct wc_finding *worst = wc_findings_worst(&findings);
    if (worst && worst->kind->severity == WC_SEVERITY_ERROR) {
        wc_finding_line(worst, line, sizeof line);
        return wc_why_finding(why, WC_E_AUTH, worst->kind->id, worst->kind->hresult, EX_NOPERM,
                              line);
    }
    ret->is_signed = true;
    ret->has_site = sight->pin_is_site;
    memcpy(ret->key_digest, sight->key_digest, WC_DIGEST_BYTES);
    memcpy(ret->site_digest, sight->pin, WC_DIGEST_BYTES);
    return WC_OK;
}

static void say_signed(const struct wc_verify_signed *v, struct wc_verify_report *report,
                       const struct wc_key_sight *sight)
{
    char key[2 * WC_DIGEST_BYTES + 1], site[2 * WC_DIGEST_BYTES + 1];
    wc_digest_hex(v->key_digest, key);
    wc_digest_hex(v->site_digest, site);
    wc_term_say(report->term, WC_TERM_INFO,
                "version %u of package %s, signed by sha256:%s (%s)%s%s", v->manifest.version,
                v->manifest.id, key, sight->names[0] ? sight->names : "without a name",
                v->has_site ? ", a sender of the site sha256:"
                            : "; whose key that is only --site-key can tell",
                v->has_site ? site : "");
}

static void say_unsigned(struct wc_verify_report *report, const struct paths *paths)
{
    struct wc_finding f;
    wc_wim_rules_unchecked(wc_verify_last(paths->manifest), "the signature",
                           "name what is not beside it: --signature FILE, --certificate FILE", &f);
    wc_verify_report_finding(report, &f);
}

static enum wc_err prove(struct wc_verify_signed *v, const struct wc_verify_options *o,
                         struct wc_verify_report *report, const struct paths *paths,
                         struct wc_keyproof *proof, struct wc_why *why)
{
    struct wc_key_sight sight;
    bool must = o->signature || o->certificate || o->session.site_key;
    proof->signature_path = paths->signature;
    proof->certificate_path = paths->certificate;
    proof->now_s = (int64_t)time(NULL);
    enum wc_err err = wc_keyproof_look(&sight, proof, why);
    if (err == WC_E_NOT_FOUND && !must) {
        say_unsigned(report, paths);
        return WC_OK;
    }
    if (!err)
        err = judge(v, &sight, why);
    if (!err)
        say_signed(v, report, &sight);
    return err;
}

enum wc_err wc_verify_signed_read(struct wc_verify_signed *ret,
                                  const struct wc_verify_options *options,
                                  struct wc_verify_report *report, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct paths paths;
    struct wc_keyproof proof = {0};
    struct wc_site *site = NULL;
    uint8_t *bytes = NULL;
    *ret = (struct wc_verify_signed){.is_signed = false};
    enum wc_err err = find_paths(&paths, options, why);
    if (!err && options->session.site_key)
        err = wc_site_read(&site, options->session.site_key, why);
    if (!err)
        err = read_bytes(&bytes, &proof.byte_count, paths.manifest, why);
    if (!err) {
        err = wc_manifest_decode(&ret->manifest, bytes, proof.byte_count, &wc_alloc_libc);
        if (err)
            err = wc_why_set(why, err, err == WC_E_NOMEM ? EX_OSERR : EX_DATAERR,
                             "%s is no manifest of a package: %s",
                             wc_why_path(shown, paths.manifest), wc_err_text(err));
    }
    proof.bytes = bytes;
    proof.site = site;
    if (!err)
        err = prove(ret, options, report, &paths, &proof, why);
    wc_site_free(site);
    free(bytes);
    return err;
}
