/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/announce.h"

#include <assert.h>

#include "common/core/manifest.h"
#include "common/core/msg.h"
#include "common/core/text.h"

#define ANNOUNCE_VERSION 1

static const uint8_t magic[4] = {'W', 'C', 'A', 'N'};

enum wc_err wc_announce_encode(const struct wc_announce *a, uint8_t *bytes, size_t capacity,
                               size_t *ret_byte_count)
{
    assert(a->port && a->phase <= WC_PHASE_ENDED);
    assert(wc_package_id_check(a->package, strlen(a->package)) == WC_OK);

    struct wc_writer w = wc_writer_of(bytes, capacity);
    wc_put_bytes(&w, magic, sizeof(magic));
    wc_put_u8(&w, ANNOUNCE_VERSION);
    wc_put_u32(&w, a->instance);
    wc_put_u16(&w, a->port);
    wc_put_bytes(&w, a->key, sizeof(a->key));
    wc_text_put(&w, a->package, sizeof(a->package));
    wc_text_put(&w, a->name, sizeof(a->name));
    wc_put_u8(&w, a->phase);
    wc_put_u64(&w, a->object_bytes);
    if (w.failed)
        return WC_E_SHORT;
    *ret_byte_count = capacity - w.left;
    return WC_OK;
}

/* Everything after the version. */
static enum wc_err body_get(struct wc_reader *r, struct wc_announce *a)
{
    a->instance = wc_get_u32(r);
    a->port = wc_get_u16(r);
    const uint8_t *key = wc_get_bytes(r, sizeof(a->key));
    if (!key)
        return WC_E_SHORT;
    memcpy(a->key, key, sizeof(a->key));
    enum wc_err err = wc_text_get(r, a->package, sizeof(a->package));
    if (!err)
        err = wc_text_get(r, a->name, sizeof(a->name));
    if (err)
        return err;
    a->phase = wc_get_u8(r);
    a->object_bytes = wc_get_u64(r);
    if (r->failed)
        return WC_E_SHORT;
    if (!a->port || a->phase > WC_PHASE_ENDED)
        return WC_E_RANGE;
    return wc_package_id_check(a->package, strlen(a->package));
}

enum wc_err wc_announce_decode(const uint8_t *bytes, size_t byte_count, struct wc_announce *ret)
{
    struct wc_reader r = wc_reader_of(bytes, byte_count);
    const uint8_t *head = wc_get_bytes(&r, sizeof(magic));
    uint8_t version = wc_get_u8(&r);
    if (r.failed)
        return WC_E_SHORT;
    if (memcmp(head, magic, sizeof(magic)) != 0)
        return WC_E_FORMAT;
    if (version != ANNOUNCE_VERSION)
        return WC_E_VERSION;
    struct wc_announce a = {0};
    enum wc_err err = body_get(&r, &a);
    if (!err)
        *ret = a;
    return err;
}
