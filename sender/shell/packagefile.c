/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything is read by a function that answers with NULL or with what is wrong, so that the
 * first fault ends it and names its field. Hostile files are expected: sizes are bounded by the
 * file's own, which is bounded; jansson bounds the depth. */
#include "sender/shell/packagefile.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/manifest.h"
#include "common/core/text.h"
#include "common/io/digest.h"

/* --- writing --- */

/* The list with one more text; NULL: no memory. */
static json_t *append(json_t *list, const char *text)
{
    if (!list || json_array_append_new(list, json_string(text)) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *readers_value(const struct wc_readers *readers)
{
    if (readers->set != WC_READERS_LISTED)
        return json_string(readers->set == WC_READERS_EVERYONE ? "everyone" : "accounts");
    json_t *list = json_array();
    for (uint32_t i = 0; i < readers->listed_count; i++)
        list = append(list, readers->listed[i]);
    return list;
}

static json_t *origins_value(const struct wc_package *p)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < p->origin_count; i++)
        list = append(list, p->origins[i]);
    return list;
}

static json_t *hex_value(const uint8_t digest[WC_DIGEST_BYTES])
{
    char text[2 * WC_DIGEST_BYTES + 1];
    wc_digest_hex(digest, text);
    return json_string(text);
}

char *wc_packagefile_encode(const struct wc_package *p)
{
    json_t *manifest = json_object();
    json_t *record = json_object();
    /* Each call takes its value, and refuses one that there was no memory for. */
    bool ok =
        manifest && record &&
        !json_object_set_new(manifest, "bytes", json_integer((json_int_t)p->manifest_bytes)) &&
        !json_object_set_new(manifest, "sha256", hex_value(p->manifest_digest)) &&
        !json_object_set_new(record, "format", json_integer(WC_PACKAGEFILE_FORMAT)) &&
        !json_object_set_new(record, "id", json_string(p->id)) &&
        !json_object_set_new(record, "version", json_integer(p->version)) &&
        !json_object_set_new(record, "published", json_integer(p->published_s)) &&
        !json_object_set_new(record, "read", readers_value(&p->readers)) &&
        !json_object_set_new(record, "only_multicast", json_boolean(p->multicast_only)) &&
        !json_object_set_new(record, "origins", origins_value(p)) &&
        !json_object_set(record, "manifest", manifest) &&
        !json_object_set_new(record, "key", hex_value(p->key_digest));
    char *text = ok ? json_dumps(record, JSON_INDENT(2)) : NULL;
    json_decref(manifest);
    json_decref(record);
    return text;
}

/* --- reading --- */

static const char *take_integer(const json_t *object, const char *key, int64_t min, int64_t max,
                                int64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return "is missing, or no number in its range";
    *ret = json_integer_value(value);
    return NULL;
}

static const char *take_bool(const json_t *object, const char *key, bool *ret)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        return "is missing, or neither true nor false";
    *ret = json_is_true(value);
    return NULL;
}

static const char *take_digest(const json_t *object, const char *key, uint8_t ret[WC_DIGEST_BYTES])
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value) || json_string_length(value) != (size_t)2 * WC_DIGEST_BYTES ||
        !wc_text_unhex(json_string_value(value), ret, WC_DIGEST_BYTES))
        return "is missing, or no digest of 64 digits";
    return NULL;
}

static const char *take_id(const json_t *record, struct wc_package *p)
{
    const json_t *value = json_object_get(record, "id");
    if (!json_is_string(value) ||
        wc_package_id_check(json_string_value(value), json_string_length(value)))
        return "is missing, or no package id";
    memcpy(p->id, json_string_value(value), json_string_length(value) + 1);
    return NULL;
}

static const char *take_listed(const json_t *list, struct wc_readers *readers)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > WC_READERS_LISTED_MAX)
        return "lists nobody, or too many";
    for (size_t i = 0; i < count; i++) {
        const json_t *name = json_array_get(list, i);
        size_t byte_count = json_string_length(name); /* 0: no text */
        if (byte_count == 0 || byte_count > WC_NAME_BYTES_MAX ||
            strlen(json_string_value(name)) != byte_count ||
            !wc_text_check(json_string_value(name), byte_count))
            return "lists something that is no name of an account";
        memcpy(readers->listed[i], json_string_value(name), byte_count + 1);
    }
    readers->set = WC_READERS_LISTED;
    readers->listed_count = (uint32_t)count;
    return NULL;
}

static const char *take_readers(const json_t *record, struct wc_readers *readers)
{
    const json_t *value = json_object_get(record, "read");
    if (json_is_array(value))
        return take_listed(value, readers);
    const char *text = json_string_value(value); /* NULL: no text */
    if (text && strcmp(text, "everyone") == 0)
        readers->set = WC_READERS_EVERYONE;
    else if (text && strcmp(text, "accounts") == 0)
        readers->set = WC_READERS_ACCOUNTS;
    else
        return "is missing, or neither everyone, accounts nor a list of names";
    return NULL;
}

bool wc_packagefile_is_origin(const char *path)
{
    size_t byte_count = strlen(path);
    if (path[0] != '/' || byte_count < 2 || byte_count >= PATH_MAX ||
        !wc_text_check(path, byte_count))
        return false;
    for (const char *part = path; *part; part += strcspn(part, "/")) {
        part++;
        size_t n = strcspn(part, "/");
        if (n == 0 || (part[0] == '.' && (n == 1 || (n == 2 && part[1] == '.'))))
            return false;
    }
    return true;
}

static const char *take_origins(const json_t *record, struct wc_package *p, enum wc_err *ret_err)
{
    const json_t *list = json_object_get(record, "origins");
    size_t count = json_array_size(list); /* 0: no list */
    if (count == 0 || count > WC_PACKAGE_ORIGINS_MAX)
        return "is missing, empty or too long";
    p->origins = calloc(count, sizeof(p->origins[0]));
    for (size_t i = 0; p->origins && i < count; i++) {
        const char *path = json_string_value(json_array_get(list, i)); /* NULL: no text */
        if (!path || strlen(path) != json_string_length(json_array_get(list, i)) ||
            !wc_packagefile_is_origin(path))
            return "holds something that is no absolute path";
        p->origins[i] = strdup(path);
        if (!p->origins[i])
            break;
        p->origin_count++;
    }
    if (p->origin_count == count)
        return NULL;
    *ret_err = WC_E_NOMEM;
    return "needs more memory than there is";
}

static const char *take_manifest(const json_t *record, struct wc_package *p)
{
    const json_t *manifest = json_object_get(record, "manifest");
    int64_t bytes = 0;
    const char *fault = take_integer(manifest, "bytes", 1, WC_MANIFEST_BYTES_MAX, &bytes);
    p->manifest_bytes = (size_t)bytes;
    return fault ? fault : take_digest(manifest, "sha256", p->manifest_digest);
}

/* The first field at fault and its fault; NULL: none. */
static const char *take_all(const json_t *record, struct wc_package *p, const char **ret_field,
                            enum wc_err *ret_err)
{
    int64_t format;
    int64_t version = 0;
    const char *fault;
#define TAKE(field, call)   \
    do {                    \
        *ret_field = field; \
        fault = call;       \
        if (fault)          \
            return fault;   \
    } while (0)
    TAKE("format",
         take_integer(record, "format", WC_PACKAGEFILE_FORMAT, WC_PACKAGEFILE_FORMAT, &format));
    TAKE("id", take_id(record, p));
    TAKE("version", take_integer(record, "version", 1, UINT32_MAX, &version));
    p->version = (uint32_t)version;
    TAKE("published", take_integer(record, "published", 0, INT64_MAX, &p->published_s));
    TAKE("read", take_readers(record, &p->readers));
    TAKE("only_multicast", take_bool(record, "only_multicast", &p->multicast_only));
    TAKE("origins", take_origins(record, p, ret_err));
    TAKE("manifest", take_manifest(record, p));
    TAKE("key", take_digest(record, "key", p->key_digest));
#undef TAKE
    return NULL;
}

enum wc_err wc_packagefile_decode(struct wc_package *ret, const char *text, size_t count,
                                  char ret_detail[WC_PACKAGE_DETAIL_BYTES])
{
    json_error_t where;
    struct wc_package p = {0};
    const char *field = "";
    enum wc_err err = WC_E_FORMAT;
    *ret = p;
    json_t *record = json_loadb(text, count, JSON_REJECT_DUPLICATES, &where);
    if (!record) {
        bool is_memory = json_error_code(&where) == json_error_out_of_memory;
        snprintf(ret_detail, WC_PACKAGE_DETAIL_BYTES, "no JSON (line %d)", where.line);
        return is_memory ? WC_E_NOMEM : WC_E_FORMAT;
    }
    const char *fault = take_all(record, &p, &field, &err);
    json_decref(record);
    if (fault) {
        snprintf(ret_detail, WC_PACKAGE_DETAIL_BYTES, "'%s' %s", field, fault);
        wc_package_deinit(&p);
        return err;
    }
    *ret = p;
    return WC_OK;
}
