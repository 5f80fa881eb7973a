/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may log on at this sender: the file accounts.json in the state directory (mode 0600).
 *
 *     {"anonymous": true,
 *      "accounts": [{"name": "lab", "scrypt": {"n": 16384, "r": 8, "p": 1,
 *                                              "salt": HEX, "hash": HEX}},
 *                   {"name": "pc7", "certificate": SHA-256 of its public key, HEX}]}
 *
 * No file: no accounts, and receivers without one are allowed. A file that is not exactly of this
 * form is refused as a whole: nobody shall be let in by a slip of the pen. One thread. */
#ifndef WC_IO_ACCOUNTS_H
#define WC_IO_ACCOUNTS_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/io/password.h"
#include "common/io/why.h"

#define WC_ACCOUNTS_FILE_NAME "accounts.json"
#define WC_ACCOUNTS_MAX       64u

struct wc_account {
    char name[WC_NAME_BYTES_MAX + 1];
    bool by_certificate;
    struct wc_password password;          /* unless by_certificate */
    uint8_t certificate[WC_DIGEST_BYTES]; /* of its SubjectPublicKeyInfo, if by_certificate */
};

struct wc_accounts;

/* Read those of a state directory. WC_E_FORMAT, WC_E_AUTH (open to other users), WC_E_IO,
 * WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_accounts_open(struct wc_accounts **ret, const char *state_dir,
                                         struct wc_why *why);
void wc_accounts_close(struct wc_accounts *a); /* NULL is fine */

/* Write them, whole or not at all; under the lock of `state_dir` (wc_keyfile_lock), taken before
 * they were opened. WC_E_FULL: too many; WC_E_IO, WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_accounts_save(const struct wc_accounts *a, const char *state_dir,
                                         struct wc_why *why);

/* Has the file changed since it was opened? Only asked, not read. */
bool wc_accounts_have_changed(const struct wc_accounts *a, const char *state_dir);

bool wc_accounts_are_there(const struct wc_accounts *a); /* was there a file? */
bool wc_accounts_anonymous(const struct wc_accounts *a); /* allowed? */
uint32_t wc_accounts_count(const struct wc_accounts *a);
const char *wc_accounts_name(const struct wc_accounts *a, uint32_t index);
const struct wc_account *wc_accounts_at(const struct wc_accounts *a, uint32_t index);
/* NULL: none. */
const struct wc_account *wc_accounts_find(const struct wc_accounts *a, const char *name);
const struct wc_account *wc_accounts_find_certificate(const struct wc_accounts *a,
                                                      const uint8_t digest[WC_DIGEST_BYTES]);

void wc_accounts_set_anonymous(struct wc_accounts *a, bool allowed);
/* Add it, or replace the one of that name. WC_E_FULL: WC_ACCOUNTS_MAX are there; WC_E_STATE:
 * another account has this certificate. */
WC_MUST_USE enum wc_err wc_accounts_put(struct wc_accounts *a, const struct wc_account *account);
/* False: there is none of that name. */
bool wc_accounts_remove(struct wc_accounts *a, const char *name);

/* Can it be the name of an account: 1 to WC_NAME_BYTES_MAX bytes of text without control
 * characters or commas, without blanks at its ends or a dash in front; and neither "everyone" nor
 * "accounts". */
bool wc_accounts_name_check(const char *name);

#endif
