/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each message has a put and a get, side by side, that name its fields in the order of the wire.
 * A put asserts what the get of the other side refuses. */
#include "common/core/msg.h"

#include <assert.h>

#include "common/core/manifest.h"
#include "common/core/text.h"

/* The verdict on fields that were read one after the other. */
static enum wc_err verdict(const struct wc_reader *r, bool in_range)
{
    if (r->failed)
        return WC_E_SHORT;
    return in_range ? WC_OK : WC_E_RANGE;
}

static void get_array(struct wc_reader *r, uint8_t *ret, size_t count)
{
    const uint8_t *bytes = wc_get_bytes(r, count);
    if (bytes)
        memcpy(ret, bytes, count);
}

/* An address: u8 family; family 4: 4 bytes, 6: 16 bytes; then u16 port. Family 0: nothing
 * follows. */

static size_t addr_bytes(uint8_t family)
{
    return family == 4 ? 4 : family == 6 ? 16 : 0;
}

static void addr_put(struct wc_writer *w, const struct wc_addr *a)
{
    assert(a->family == 0 || addr_bytes(a->family));
    wc_put_u8(w, a->family);
    if (!a->family)
        return;
    wc_put_bytes(w, a->bytes, addr_bytes(a->family));
    wc_put_u16(w, a->port);
}

static enum wc_err addr_get(struct wc_reader *r, struct wc_addr *ret)
{
    ret->family = wc_get_u8(r);
    if (!ret->family)
        return verdict(r, true);
    if (!addr_bytes(ret->family))
        return WC_E_RANGE;
    get_array(r, ret->bytes, addr_bytes(ret->family));
    ret->port = wc_get_u16(r);
    return verdict(r, true);
}

/* HELLO */

static bool hello_package_ok(const char *id)
{
    return !*id || wc_package_id_check(id, strlen(id)) == WC_OK;
}

static void hello_put(struct wc_writer *w, const struct wc_hello *m)
{
    assert(hello_package_ok(m->package));
    wc_put_u16(w, m->version);
    wc_text_put(w, m->name, sizeof(m->name));
    wc_text_put(w, m->package, sizeof(m->package));
    wc_text_put(w, m->account, sizeof(m->account));
    wc_text_put(w, m->password, sizeof(m->password));
}

static enum wc_err hello_get(struct wc_reader *r, struct wc_hello *m)
{
    m->version = wc_get_u16(r);
    if (r->failed)
        return WC_E_SHORT;
    if (m->version != WC_PROTOCOL_VERSION)
        return WC_E_VERSION;
    enum wc_err err = wc_text_get(r, m->name, sizeof(m->name));
    if (!err)
        err = wc_text_get(r, m->package, sizeof(m->package));
    if (!err)
        err = wc_text_get(r, m->account, sizeof(m->account));
    if (!err)
        err = wc_text_get(r, m->password, sizeof(m->password));
    if (err)
        return err;
    return hello_package_ok(m->package) ? WC_OK : WC_E_FORMAT;
}

/* WELCOME */

#define WELCOME_MULTICAST_ONLY 1u

static bool welcome_ok(const struct wc_welcome *m)
{
    return m->group.family && m->group.port && m->pn <= WC_PN_MAX && m->report_interval_us &&
           m->manifest_bytes && m->manifest_bytes <= WC_MANIFEST_BYTES_MAX &&
           m->signature_bytes <= WC_SIGNATURE_BYTES_MAX;
}

static void welcome_put(struct wc_writer *w, const struct wc_welcome *m)
{
    assert(welcome_ok(m));
    assert(wc_package_id_check(m->package, strlen(m->package)) == WC_OK);
    wc_put_u16(w, m->version);
    wc_put_u32(w, m->instance);
    wc_text_put(w, m->package, sizeof(m->package));
    wc_put_bytes(w, m->key, sizeof(m->key));
    addr_put(w, &m->group);
    addr_put(w, &m->source);
    wc_put_u8(w, m->ttl);
    wc_put_u64(w, m->pn);
    wc_put_u32(w, m->report_interval_us);
    wc_put_u32(w, m->manifest_bytes);
    wc_put_bytes(w, m->manifest_digest, sizeof(m->manifest_digest));
    wc_put_u16(w, m->signature_bytes);
    wc_put_bytes(w, m->signature, m->signature_bytes);
    wc_put_u8(w, m->multicast_only ? WELCOME_MULTICAST_ONLY : 0);
}

/* What follows the addresses. */
static enum wc_err welcome_get_rest(struct wc_reader *r, struct wc_welcome *m)
{
    m->ttl = wc_get_u8(r);
    m->pn = wc_get_u64(r);
    m->report_interval_us = wc_get_u32(r);
    m->manifest_bytes = wc_get_u32(r);
    get_array(r, m->manifest_digest, sizeof(m->manifest_digest));
    m->signature_bytes = wc_get_u16(r);
    enum wc_err err = verdict(r, welcome_ok(m));
    if (err)
        return err;
    get_array(r, m->signature, m->signature_bytes);
    uint8_t flags = wc_get_u8(r);
    m->multicast_only = flags & WELCOME_MULTICAST_ONLY;
    return verdict(r, (flags & ~WELCOME_MULTICAST_ONLY) == 0);
}

static enum wc_err welcome_get(struct wc_reader *r, struct wc_welcome *m)
{
    m->version = wc_get_u16(r);
    if (r->failed)
        return WC_E_SHORT;
    if (m->version != WC_PROTOCOL_VERSION)
        return WC_E_VERSION;
    m->instance = wc_get_u32(r);
    enum wc_err err = wc_text_get(r, m->package, sizeof(m->package));
    if (!err)
        err = wc_package_id_check(m->package, strlen(m->package));
    if (err)
        return err;
    get_array(r, m->key, sizeof(m->key));
    err = addr_get(r, &m->group);
    if (!err)
        err = addr_get(r, &m->source);
    return err ? err : welcome_get_rest(r, m);
}

/* REFUSE and BYE */

static void refusal_put(struct wc_writer *w, const struct wc_refusal *m)
{
    wc_put_u32(w, m->hresult);
    wc_text_put(w, m->sentence, sizeof(m->sentence));
    wc_text_put(w, m->fix, sizeof(m->fix));
    wc_text_put(w, m->finding, sizeof(m->finding));
    wc_put_u64(w, m->due_bytes);
}

static enum wc_err refusal_get(struct wc_reader *r, struct wc_refusal *m)
{
    m->hresult = wc_get_u32(r);
    enum wc_err err = wc_text_get(r, m->sentence, sizeof(m->sentence));
    if (!err)
        err = wc_text_get(r, m->fix, sizeof(m->fix));
    if (!err)
        err = wc_text_get(r, m->finding, sizeof(m->finding));
    if (err)
        return err;
    m->due_bytes = wc_get_u64(r);
    return verdict(r, true);
}

/* MANIFEST */

static bool manifest_part_ok(const struct wc_manifest_part *m)
{
    return m->byte_count && m->byte_count <= WC_MANIFEST_PART_MAX &&
           m->offset <= WC_MANIFEST_BYTES_MAX - m->byte_count;
}

static void manifest_part_put(struct wc_writer *w, const struct wc_manifest_part *m)
{
    assert(manifest_part_ok(m));
    wc_put_u32(w, m->offset);
    wc_put_u32(w, m->byte_count);
    wc_put_bytes(w, m->bytes, m->byte_count);
}

static enum wc_err manifest_part_get(struct wc_reader *r, struct wc_manifest_part *m)
{
    m->offset = wc_get_u32(r);
    m->byte_count = wc_get_u32(r);
    enum wc_err err = verdict(r, manifest_part_ok(m));
    if (err)
        return err;
    m->bytes = wc_get_bytes(r, m->byte_count);
    return verdict(r, true);
}

/* READY */

static void ready_put(struct wc_writer *w, const struct wc_ready *m)
{
    assert(m->pn <= WC_PN_MAX);
    wc_put_u64(w, m->pn);
}

static enum wc_err ready_get(struct wc_reader *r, struct wc_ready *m)
{
    m->pn = wc_get_u64(r);
    return verdict(r, m->pn <= WC_PN_MAX);
}

/* STATUS */

static bool status_ok(const struct wc_status *m)
{
    return m->phase <= WC_PHASE_ENDED && m->report_interval_us;
}

static void status_put(struct wc_writer *w, const struct wc_status *m)
{
    assert(status_ok(m));
    wc_put_u8(w, m->phase);
    wc_put_u32(w, m->report_interval_us);
    wc_put_u32(w, m->receivers);
    wc_put_u32(w, m->ready);
    wc_put_u32(w, m->done);
    wc_put_u64(w, m->rate_bps);
}

static enum wc_err status_get(struct wc_reader *r, struct wc_status *m)
{
    m->phase = wc_get_u8(r);
    m->report_interval_us = wc_get_u32(r);
    m->receivers = wc_get_u32(r);
    m->ready = wc_get_u32(r);
    m->done = wc_get_u32(r);
    m->rate_bps = wc_get_u64(r);
    return verdict(r, status_ok(m));
}

/* REPORT */

static bool report_ok(const struct wc_report *m)
{
    return m->pn <= WC_PN_MAX && m->block_done_count <= WC_BLOCKS_MAX &&
           m->run_count <= WC_REPORT_RUNS_MAX;
}

/* `from`: the block after the run before. */
static bool run_ok(const struct wc_run *run, uint32_t from)
{
    return run->sbn >= from && run->sbn < WC_BLOCKS_MAX && run->block_count &&
           run->block_count <= WC_BLOCKS_MAX - run->sbn && run->missing &&
           run->missing <= WC_SOURCE_SYMBOLS_MAX;
}

static void report_put(struct wc_writer *w, const struct wc_report *m)
{
    assert(report_ok(m));
    wc_put_u64(w, m->pn);
    wc_put_u64(w, m->received_count);
    wc_put_u64(w, m->lost_count);
    wc_put_u64(w, m->overflow_count);
    wc_put_u64(w, m->refused_count);
    wc_put_u32(w, m->block_done_count);
    wc_put_u32(w, m->run_count);
    uint32_t from = 0;
    for (uint32_t i = 0; i < m->run_count; i++) {
        const struct wc_run *run = &m->runs[i];
        assert(run_ok(run, from));
        from = run->sbn + run->block_count;
        wc_put_u32(w, run->sbn);
        wc_put_u32(w, run->block_count);
        wc_put_u8(w, run->missing);
    }
}

static enum wc_err report_get(struct wc_reader *r, struct wc_report *m)
{
    m->pn = wc_get_u64(r);
    m->received_count = wc_get_u64(r);
    m->lost_count = wc_get_u64(r);
    m->overflow_count = wc_get_u64(r);
    m->refused_count = wc_get_u64(r);
    m->block_done_count = wc_get_u32(r);
    m->run_count = wc_get_u32(r);
    enum wc_err err = verdict(r, report_ok(m));
    uint32_t from = 0;
    for (uint32_t i = 0; !err && i < m->run_count; i++) {
        struct wc_run *run = &m->runs[i];
        run->sbn = wc_get_u32(r);
        run->block_count = wc_get_u32(r);
        run->missing = wc_get_u8(r);
        err = verdict(r, run_ok(run, from));
        from = run->sbn + run->block_count;
    }
    return err;
}

/* DONE */

static void done_put(struct wc_writer *w, const struct wc_done *m)
{
    wc_put_u32(w, m->hresult);
    wc_put_u64(w, m->bytes);
    wc_text_put(w, m->sentence, sizeof(m->sentence));
}

static enum wc_err done_get(struct wc_reader *r, struct wc_done *m)
{
    m->hresult = wc_get_u32(r);
    m->bytes = wc_get_u64(r);
    return wc_text_get(r, m->sentence, sizeof(m->sentence));
}

/* UNICAST, FETCH, SYMBOLS */

static bool fetch_ok(const struct wc_fetch *m)
{
    return m->block_count && m->block_count <= WC_FETCH_BLOCKS_MAX &&
           m->sbn <= UINT32_MAX - m->block_count;
}

static void fetch_put(struct wc_writer *w, const struct wc_fetch *m)
{
    assert(fetch_ok(m));
    wc_put_u32(w, m->sbn);
    wc_put_u32(w, m->block_count);
}

static enum wc_err fetch_get(struct wc_reader *r, struct wc_fetch *m)
{
    m->sbn = wc_get_u32(r);
    m->block_count = wc_get_u32(r);
    return verdict(r, fetch_ok(m));
}

static bool symbols_ok(const struct wc_symbols *m)
{
    return m->first < WC_SOURCE_SYMBOLS_MAX && m->last <= 1 && m->byte_count &&
           m->byte_count <= WC_SYMBOLS_BYTES_MAX;
}

static void symbols_put(struct wc_writer *w, const struct wc_symbols *m)
{
    assert(symbols_ok(m));
    wc_put_u32(w, m->sbn);
    wc_put_u8(w, m->first);
    wc_put_u8(w, m->last);
    wc_put_u32(w, m->byte_count);
    wc_put_bytes(w, m->bytes, m->byte_count);
}

static enum wc_err symbols_get(struct wc_reader *r, struct wc_symbols *m)
{
    m->sbn = wc_get_u32(r);
    m->first = wc_get_u8(r);
    m->last = wc_get_u8(r);
    m->byte_count = wc_get_u32(r);
    enum wc_err err = verdict(r, symbols_ok(m));
    if (err)
        return err;
    m->bytes = wc_get_bytes(r, m->byte_count);
    return verdict(r, true);
}

/* VOID */

static void void_put(struct wc_writer *w, const struct wc_void *m)
{
    assert(m->sbn < WC_BLOCKS_MAX);
    wc_put_u32(w, m->sbn);
    wc_put_u8(w, m->differs);
    wc_put_bytes(w, m->digest, sizeof(m->digest));
}

static enum wc_err void_get(struct wc_reader *r, struct wc_void *m)
{
    m->sbn = wc_get_u32(r);
    uint8_t differs = wc_get_u8(r);
    m->differs = differs == 1;
    get_array(r, m->digest, sizeof(m->digest));
    return verdict(r, m->sbn < WC_BLOCKS_MAX && differs <= 1);
}

/* PROGRESS */

static void progress_put(struct wc_writer *w, const struct wc_progress *m)
{
    assert(m->files_verified <= m->files_total);
    wc_put_u32(w, m->files_verified);
    wc_put_u32(w, m->files_total);
}

static enum wc_err progress_get(struct wc_reader *r, struct wc_progress *m)
{
    m->files_verified = wc_get_u32(r);
    m->files_total = wc_get_u32(r);
    return verdict(r, m->files_verified <= m->files_total);
}

/* All together */

static void body_put(struct wc_writer *w, const struct wc_msg *msg)
{
    switch (msg->type) {
    case WC_MSG_HELLO:
        hello_put(w, &msg->hello);
        return;
    case WC_MSG_WELCOME:
        welcome_put(w, &msg->welcome);
        return;
    case WC_MSG_REFUSE:
    case WC_MSG_BYE:
        refusal_put(w, &msg->refusal);
        return;
    case WC_MSG_MANIFEST:
        manifest_part_put(w, &msg->manifest_part);
        return;
    case WC_MSG_READY:
        ready_put(w, &msg->ready);
        return;
    case WC_MSG_STATUS:
        status_put(w, &msg->status);
        return;
    case WC_MSG_REPORT:
        report_put(w, &msg->report);
        return;
    case WC_MSG_DONE:
        done_put(w, &msg->done);
        return;
    case WC_MSG_ALIVE:
        return;
    case WC_MSG_UNICAST:
        wc_text_put(w, msg->unicast.sentence, sizeof(msg->unicast.sentence));
        return;
    case WC_MSG_FETCH:
        fetch_put(w, &msg->fetch);
        return;
    case WC_MSG_SYMBOLS:
        symbols_put(w, &msg->symbols);
        return;
    case WC_MSG_VOID:
        void_put(w, &msg->void_block);
        return;
    case WC_MSG_PROGRESS:
        progress_put(w, &msg->progress);
        return;
    default:
        assert(false); /* no type of enum wc_msg_type */
    }
}

enum wc_err wc_frame_decode(const uint8_t *bytes, size_t byte_count, uint8_t *ret_type,
                            uint32_t *ret_body_bytes)
{
    struct wc_reader r = wc_reader_of(bytes, byte_count);
    uint32_t follow = wc_get_u32(&r);
    uint8_t type = wc_get_u8(&r);
    if (r.failed)
        return WC_E_SHORT;
    if (!follow)
        return WC_E_FORMAT;
    if (follow > WC_FRAME_BODY_MAX + 1)
        return WC_E_TOO_LARGE;
    *ret_type = type;
    *ret_body_bytes = follow - 1;
    return WC_OK;
}

enum wc_err wc_msg_encode(const struct wc_msg *msg, uint8_t *bytes, size_t capacity,
                          size_t *ret_byte_count)
{
    if (capacity < WC_FRAME_HEADER_BYTES)
        return WC_E_SHORT;
    struct wc_writer body =
        wc_writer_of(bytes + WC_FRAME_HEADER_BYTES, capacity - WC_FRAME_HEADER_BYTES);
    body_put(&body, msg);
    if (body.failed)
        return WC_E_SHORT;
    size_t body_bytes = capacity - WC_FRAME_HEADER_BYTES - body.left;
    assert(body_bytes <= WC_FRAME_BODY_MAX);

    struct wc_writer header = wc_writer_of(bytes, WC_FRAME_HEADER_BYTES);
    wc_put_u32(&header, (uint32_t)body_bytes + 1);
    wc_put_u8(&header, msg->type);
    *ret_byte_count = WC_FRAME_HEADER_BYTES + body_bytes;
    return WC_OK;
}

enum wc_err wc_msg_decode(uint8_t type, const uint8_t *body, size_t body_bytes, struct wc_msg *ret)
{
    struct wc_reader r = wc_reader_of(body, body_bytes);
    ret->type = type;
    switch (type) {
    case WC_MSG_HELLO:
        ret->hello = (struct wc_hello){0};
        return hello_get(&r, &ret->hello);
    case WC_MSG_WELCOME:
        ret->welcome = (struct wc_welcome){0};
        return welcome_get(&r, &ret->welcome);
    case WC_MSG_REFUSE:
    case WC_MSG_BYE:
        ret->refusal = (struct wc_refusal){0};
        return refusal_get(&r, &ret->refusal);
    case WC_MSG_MANIFEST:
        return manifest_part_get(&r, &ret->manifest_part);
    case WC_MSG_READY:
        return ready_get(&r, &ret->ready);
    case WC_MSG_STATUS:
        return status_get(&r, &ret->status);
    case WC_MSG_REPORT:
        return report_get(&r, &ret->report);
    case WC_MSG_DONE:
        ret->done = (struct wc_done){0};
        return done_get(&r, &ret->done);
    case WC_MSG_ALIVE:
        return WC_OK;
    case WC_MSG_UNICAST:
        ret->unicast = (struct wc_unicast){0};
        return wc_text_get(&r, ret->unicast.sentence, sizeof(ret->unicast.sentence));
    case WC_MSG_FETCH:
        return fetch_get(&r, &ret->fetch);
    case WC_MSG_SYMBOLS:
        return symbols_get(&r, &ret->symbols);
    case WC_MSG_VOID:
        return void_get(&r, &ret->void_block);
    case WC_MSG_PROGRESS:
        return progress_get(&r, &ret->progress);
    default:
        return WC_E_TYPE;
    }
}
