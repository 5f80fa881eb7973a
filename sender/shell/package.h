/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published packages: made once by `publish`, sent as often as wanted by `send ID`. Each has a
 * folder in the state directory:
 *     packages/ID/package.json     what it is; written last, so that what it names is there
 *     packages/ID/manifest.N       the manifest of version N, encoded
 *     packages/ID/manifest.N.sig   its signature by the MCS key
 * The content stays where it was published from; a package only knows where that is. */
#ifndef WC_SENDER_SHELL_PACKAGE_H
#define WC_SENDER_SHELL_PACKAGE_H

#include "common/core/packagesight.h"
#include "common/io/identity.h"
#include "common/io/why.h"

#define WC_PACKAGE_ORIGINS_MAX 1024u

struct wc_package {
    char id[WC_NAME_BYTES_MAX + 1];
    uint32_t version; /* from 1 */
    int64_t published_s;
    struct wc_readers readers;
    bool multicast_only;
    char **origins; /* the paths that were published: absolute, without "." and ".."; owned */
    uint32_t origin_count;
    uint8_t *manifest; /* encoded; owned */
    size_t manifest_bytes;
    uint8_t manifest_digest[WC_DIGEST_BYTES];
    uint8_t signature[WC_SIGNATURE_BYTES_MAX];
    uint16_t signature_bytes;
    uint8_t key_digest[WC_DIGEST_BYTES]; /* of the key that signed it */
};
void wc_package_deinit(struct wc_package *p); /* zeroed is fine */

/* Add a path to the origins, made absolute; a last part that is a symbolic link stays one. `why`
 * says what is wrong: no such folder, not UTF-8, too many. */
WC_MUST_USE enum wc_err wc_package_add_origin(struct wc_package *p, const char *path,
                                              struct wc_why *why);

/* Sign the manifest anew, in memory. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_package_seal(struct wc_package *p, const struct wc_identity *identity,
                                        struct wc_why *why);

/* Read what there is. `sight` gets what was seen, good or not, up to the bytes of the manifest;
 * *ret is whole if record and manifest are good there, else zeroed. WC_E_FORMAT: no package id;
 * WC_E_NOMEM; WC_E_IO: a name that is too long. */
WC_MUST_USE enum wc_err wc_package_read(struct wc_package *ret, struct wc_package_sight *sight,
                                        const char *state_dir, const char *id, struct wc_why *why);

/* The first error of the rules as `why`, with its finding: WC_E_NOT_FOUND for an unknown package,
 * else WC_E_STATE. WC_OK: there is none. */
WC_MUST_USE enum wc_err wc_package_judge(const struct wc_package_sight *sight, struct wc_why *why);

/* Both: read it, or say what is wrong. */
WC_MUST_USE enum wc_err wc_package_load(struct wc_package *ret, const char *state_dir,
                                        const char *id, struct wc_why *why);

/* Put it on stable storage, and remove older versions. WC_E_STATE: the same or a later version was
 * published meanwhile; WC_E_IO, WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_package_save(const struct wc_package *p, const char *state_dir,
                                        struct wc_why *why);

/* Load, sign with this key, save. */
WC_MUST_USE enum wc_err wc_package_sign(const char *state_dir, const char *id,
                                        const struct wc_identity *identity, struct wc_why *why);

/* The highest version that the folder knows of; 0: none. */
uint32_t wc_package_last_version(const char *state_dir, const char *id);

/* Forget a package, whatever state it is in; its content is not touched. WC_E_NOT_FOUND with
 * finding package.unknown; WC_E_IO. */
WC_MUST_USE enum wc_err wc_package_remove(const char *state_dir, const char *id,
                                          struct wc_why *why);

/* The ids of all packages, sorted, damaged ones too; for free(). WC_E_IO, WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_package_list(const char *state_dir,
                                        char (**ret_ids)[WC_NAME_BYTES_MAX + 1],
                                        uint32_t *ret_count, struct wc_why *why);

/* Is there a package of this id? `id` may be any text. */
bool wc_package_exists(const char *state_dir, const char *id);

#endif
