/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/session.h"

void wc_session_verdict(struct wc_session *s, const char *result, uint32_t hresult,
                        const struct wc_why *why)
{
    if (s->verdict_known)
        return;
    s->verdict_known = true;
    s->result = result;
    s->why = *why;
    s->why.hresult = hresult;
}

void wc_session_give_up(struct wc_session *s, const char *result, uint32_t hresult,
                        const struct wc_why *why)
{
    wc_session_verdict(s, result, hresult, why);
    if (s->is_alone)
        wc_session_close_handles(s);
    else
        wc_client_done(s->client, hresult, 0, why->text);
}

/* A finding has a code of its own. */
void wc_session_fail(struct wc_session *s, enum wc_err err, const struct wc_why *why)
{
    if (why->hresult)
        wc_session_give_up(s, "failed", why->hresult, why);
    else
        wc_session_give_up(s, "error", wc_verdict_of_store(err), why);
}

void wc_session_close_handles(struct wc_session *s)
{
    if (s->handles_closed || s->opening)
        return;
    s->handles_closed = true;
    uv_close((uv_handle_t *)&s->wake, NULL);
    uv_close((uv_handle_t *)&s->alive, NULL);
    uv_close((uv_handle_t *)&s->look, NULL);
    uv_close((uv_handle_t *)&s->signals, NULL);
}

struct wc_verdict_path wc_session_look(const struct wc_session *s)
{
    return (struct wc_verdict_path){
        .stats = &s->stats,
        .welcome = s->welcome,
        .manifest = s->manifest,
        .voids = &s->voids,
        .netif = s->netif.name,
        .sender = wc_client_sender_text(s->client),
        .resumed_bytes = s->store ? wc_store_resumed_bytes(s->store) : 0,
        .is_damaged = s->is_damaged,
        .damaged_sbn = s->damaged_sbn,
    };
}
