/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/accounts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/core/text.h"
#include "common/io/keyfile.h"

#define TEXT_BYTES (WC_KEYFILE_BYTES_MAX + 2)
#define HEX_DIGITS "0123456789abcdef"

struct wc_accounts {
    bool anonymous;
    bool is_there; /* the file */
    uint32_t count;
    struct wc_account items[WC_ACCOUNTS_MAX];
    struct stat seen; /* of the file; zeroed: there was none */
};

/* --- reading --------------------------------------------------------------------------------- */

static bool get_hex(const json_t *value, uint8_t *ret, size_t count)
{
    const char *text = json_string_value(value);
    return text && json_string_length(value) == 2 * count && wc_text_unhex(text, ret, count);
}

static bool get_uint(const json_t *value, uint32_t *ret)
{
    json_int_t number = json_integer_value(value); /* 0: it is none */
    if (number < 1 || number > UINT32_MAX)
        return false;
    *ret = (uint32_t)number;
    return true;
}

static bool get_password(const json_t *value, struct wc_password *ret)
{
    return json_is_object(value) && json_object_size(value) == 5 &&
           get_uint(json_object_get(value, "n"), &ret->n) &&
           get_uint(json_object_get(value, "r"), &ret->r) &&
           get_uint(json_object_get(value, "p"), &ret->p) &&
           get_hex(json_object_get(value, "salt"), ret->salt, sizeof(ret->salt)) &&
           get_hex(json_object_get(value, "hash"), ret->hash, sizeof(ret->hash)) &&
           wc_password_is_sane(ret);
}

static bool get_account(const json_t *value, struct wc_account *ret)
{
    const char *name = json_string_value(json_object_get(value, "name"));
    const json_t *certificate = json_object_get(value, "certificate");
    *ret = (struct wc_account){.by_certificate = certificate != NULL};
    if (!name || json_object_size(value) != 2 ||
        strlen(name) != json_string_length(json_object_get(value, "name")) ||
        !wc_accounts_name_check(name))
        return false;
    memcpy(ret->name, name, strlen(name) + 1); /* the check holds its length */
    return certificate ? get_hex(certificate, ret->certificate, sizeof(ret->certificate))
                       : get_password(json_object_get(value, "scrypt"), &ret->password);
}

/* NULL: all is well; else what is wrong. */
static const char *get_all(struct wc_accounts *a, const json_t *root)
{
    const json_t *list = json_object_get(root, "accounts");
    const json_t *anonymous = json_object_get(root, "anonymous");
    if (!json_is_boolean(anonymous))
        return "'anonymous' must be true or false";
    if (!json_is_array(list) || json_array_size(list) > WC_ACCOUNTS_MAX)
        return "'accounts' must be a list of at most 64";
    if (json_object_size(root) != 2)
        return "something besides 'anonymous' and 'accounts' is in it";
    a->anonymous = json_is_true(anonymous);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct wc_account account;
        if (!get_account(json_array_get(list, i), &account))
            return "an account is malformed";
        if (wc_accounts_find(a, account.name) || wc_accounts_put(a, &account))
            return "an account is there twice";
    }
    return NULL;
}

/* Who only removes it opens the door to everybody, which the sentence prevents. */
static enum wc_err refuse(const struct wc_keyfile *file, const char *wrong)
{
    return wc_why_set(file->why, WC_E_FORMAT, EX_CONFIG,
                      "%s is malformed (%.100s); restore it from a backup, or remove it, then "
                      "wimcast-sender account anonymous refuse, if it was so (without the file "
                      "everybody may connect), and wimcast-sender account add NAME",
                      file->shown, wrong);
}

static enum wc_err parse(struct wc_accounts *a, const struct wc_keyfile *file, const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    const char *wrong = root ? get_all(a, root) : error.text;
    enum wc_err err = wrong ? refuse(file, wrong) : WC_OK;
    json_decref(root);
    return err;
}

enum wc_err wc_accounts_open(struct wc_accounts **ret, const char *state_dir, struct wc_why *why)
{
    struct wc_keyfile file;
    char text[TEXT_BYTES];
    struct wc_accounts *a = calloc(1, sizeof(*a));
    if (!a)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory for accounts");
    a->anonymous = true;
    enum wc_err err = wc_keyfile_init(&file, state_dir, WC_ACCOUNTS_FILE_NAME, why);
    if (!err && stat(file.path, &a->seen))
        a->seen = (struct stat){0};
    if (!err)
        err = wc_keyfile_read(&file, true, text);
    a->is_there = !err;
    if (!err)
        err = parse(a, &file, text);
    else if (err == WC_E_NOT_FOUND)
        err = WC_OK;
    else if (err == WC_E_FORMAT)
        err = refuse(&file, "empty, too large, or no regular file");
    explicit_bzero(text, sizeof(text));
    if (err) {
        wc_accounts_close(a);
        return err;
    }
    *ret = a;
    return WC_OK;
}

void wc_accounts_close(struct wc_accounts *a)
{
    if (!a)
        return;
    explicit_bzero(a, sizeof(*a));
    free(a);
}

bool wc_accounts_have_changed(const struct wc_accounts *a, const char *state_dir)
{
    struct wc_keyfile file;
    struct stat now;
    if (wc_keyfile_init(&file, state_dir, WC_ACCOUNTS_FILE_NAME, NULL))
        return false;
    if (stat(file.path, &now))
        now = (struct stat){0};
    return now.st_ino != a->seen.st_ino || now.st_dev != a->seen.st_dev ||
           now.st_size != a->seen.st_size || now.st_mtim.tv_sec != a->seen.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != a->seen.st_mtim.tv_nsec;
}

/* --- writing --------------------------------------------------------------------------------- */

static json_t *hex(const uint8_t *bytes, size_t count)
{
    char text[2 * WC_DIGEST_BYTES];
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = HEX_DIGITS[bytes[i] >> 4];
        text[2 * i + 1] = HEX_DIGITS[bytes[i] & 15];
    }
    return json_stringn(text, 2 * count);
}

_Static_assert(WC_PASSWORD_HASH_BYTES <= WC_DIGEST_BYTES &&
                   WC_PASSWORD_SALT_BYTES <= WC_DIGEST_BYTES,
               "hex() has room for the longest");

static json_t *account_of(const struct wc_account *account)
{
    const struct wc_password *p = &account->password;
    if (account->by_certificate)
        return json_pack("{s:s, s:o}", "name", account->name, "certificate",
                         hex(account->certificate, sizeof(account->certificate)));
    return json_pack("{s:s, s:{s:I, s:I, s:I, s:o, s:o}}", "name", account->name, "scrypt", "n",
                     (json_int_t)p->n, "r", (json_int_t)p->r, "p", (json_int_t)p->p, "salt",
                     hex(p->salt, sizeof(p->salt)), "hash", hex(p->hash, sizeof(p->hash)));
}

/* NULL: no memory. */
static char *text_of(const struct wc_accounts *a)
{
    json_t *list = json_array();
    bool ok = list != NULL;
    for (uint32_t i = 0; ok && i < a->count; i++)
        ok = json_array_append_new(list, account_of(&a->items[i])) == 0;
    json_t *root = ok ? json_pack("{s:b, s:O}", "anonymous", a->anonymous, "accounts", list) : NULL;
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    json_decref(list);
    return text;
}

enum wc_err wc_accounts_save(const struct wc_accounts *a, const char *state_dir, struct wc_why *why)
{
    struct wc_keyfile file;
    enum wc_err err = wc_keyfile_init(&file, state_dir, WC_ACCOUNTS_FILE_NAME, why);
    char *text = err ? NULL : text_of(a);
    if (!err && !text)
        err = wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory for accounts");
    size_t byte_count = text ? strlen(text) : 0;
    if (byte_count > WC_KEYFILE_BYTES_MAX)
        err = wc_why_set(why, WC_E_FULL, EX_DATAERR,
                         "%s would have more than %u bytes; remove accounts, or give them shorter "
                         "names",
                         file.shown, WC_KEYFILE_BYTES_MAX);
    if (!err)
        err = wc_keyfile_write(&file, state_dir, text, byte_count);
    if (text)
        explicit_bzero(text, byte_count);
    free(text);
    return err;
}

/* --- what is in it --------------------------------------------------------------------------- */

bool wc_accounts_are_there(const struct wc_accounts *a)
{
    return a->is_there;
}

bool wc_accounts_anonymous(const struct wc_accounts *a)
{
    return a->anonymous;
}

uint32_t wc_accounts_count(const struct wc_accounts *a)
{
    return a->count;
}

const struct wc_account *wc_accounts_at(const struct wc_accounts *a, uint32_t index)
{
    return index < a->count ? &a->items[index] : NULL;
}

const char *wc_accounts_name(const struct wc_accounts *a, uint32_t index)
{
    const struct wc_account *account = wc_accounts_at(a, index);
    return account ? account->name : NULL;
}

const struct wc_account *wc_accounts_find(const struct wc_accounts *a, const char *name)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i].name, name) == 0)
            return &a->items[i];
    return NULL;
}

const struct wc_account *wc_accounts_find_certificate(const struct wc_accounts *a,
                                                      const uint8_t digest[WC_DIGEST_BYTES])
{
    for (uint32_t i = 0; i < a->count; i++)
        if (a->items[i].by_certificate &&
            memcmp(a->items[i].certificate, digest, WC_DIGEST_BYTES) == 0)
            return &a->items[i];
    return NULL;
}

void wc_accounts_set_anonymous(struct wc_accounts *a, bool allowed)
{
    a->anonymous = allowed;
}

enum wc_err wc_accounts_put(struct wc_accounts *a, const struct wc_account *account)
{
    const struct wc_account *twin =
        account->by_certificate ? wc_accounts_find_certificate(a, account->certificate) : NULL;
    if (twin && strcmp(twin->name, account->name) != 0)
        return WC_E_STATE;
    for (uint32_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i].name, account->name) != 0)
            continue;
        a->items[i] = *account;
        return WC_OK;
    }
    if (a->count == WC_ACCOUNTS_MAX)
        return WC_E_FULL;
    a->items[a->count++] = *account;
    return WC_OK;
}

bool wc_accounts_remove(struct wc_accounts *a, const char *name)
{
    const struct wc_account *found = wc_accounts_find(a, name);
    if (!found)
        return false;
    a->items[found - a->items] = a->items[a->count - 1];
    explicit_bzero(&a->items[--a->count], sizeof(a->items[0]));
    return true;
}

bool wc_accounts_name_check(const char *name)
{
    size_t byte_count = strnlen(name, WC_NAME_BYTES_MAX + 1);
    return byte_count >= 1 && byte_count <= WC_NAME_BYTES_MAX && wc_text_check(name, byte_count) &&
           !memchr(name, ',', byte_count) && name[0] != ' ' && name[byte_count - 1] != ' ' &&
           name[0] != '-' && strcmp(name, "everyone") != 0 && strcmp(name, "accounts") != 0;
}
