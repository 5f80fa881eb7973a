/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/hearing.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "common/io/clock.h"
#include "receiver/shell/verdict.h"

/* The sender is told of so many void blocks at most. */
#define VOID_TOLD_MAX 256u

static void take_unreached(struct wc_session *s)
{
    struct wc_verdict_path path = wc_session_look(s);
    struct wc_finding finding;
    struct wc_why why;
    path.is_unreached = true;
    path.waited = s->options->beacon_timeout;
    if (!wc_verdict_find(&path, &finding))
        return;
    uint32_t hresult = wc_verdict_why(&finding, &why);
    if (s->welcome->multicast_only) {
        wc_session_give_up(s, "failed", hresult, &why);
        return;
    }
    wc_display_finding(s->display, &finding);
    wc_client_unicast(s->client, why.text);
}

void wc_hearing_judge(struct wc_session *s)
{
    struct wc_verdict_path path = wc_session_look(s);
    struct wc_finding finding;
    struct wc_why why;
    if (s->verdict_known || !wc_verdict_find(&path, &finding))
        return;
    if (finding.kind->severity == WC_SEVERITY_ERROR)
        wc_session_give_up(s, "failed", wc_verdict_why(&finding, &why), &why);
    else if (s->damage_told != finding.kind->id)
        wc_display_finding(s->display, &finding);
    s->damage_told = finding.kind->id;
}

static void take_void(struct wc_session *s, const struct wc_void *void_block)
{
    wc_voidbook_add(&s->voids, void_block);
    if (s->voids.void_count <= VOID_TOLD_MAX)
        wc_client_void(s->client, void_block);
    if (void_block->differs)
        wc_hearing_judge(s);
}

/* Once a second, if there is news; before DONE at once. */
static void tell_progress(struct wc_session *s, bool is_last)
{
    const struct wc_job_progress *p = &s->progress;
    wc_ns now = wc_clock_now();
    bool is_news =
        p->files_verified != s->told.files_verified || p->files_total != s->told.files_total;
    if (!is_news || p->files_verified > p->files_total || (!is_last && now < s->tell_due))
        return;
    s->tell_due = now + WC_S(1);
    s->told = (struct wc_progress){p->files_verified, p->files_total};
    wc_client_progress(s->client, &s->told);
}

static void show(struct wc_session *s)
{
    wc_jobs_progress(&s->jobs, &s->progress);
    wc_jobs_talk(&s->jobs, s->display);
    wc_display_progress(s->display, s->manifest, &s->stats, &s->status, &s->progress,
                        wc_clock_now());
}

static void take_stats(struct wc_session *s, const struct wc_rx_stats *stats)
{
    bool has_mended = stats->core.mended_count > s->stats.core.mended_count;
    s->stats = *stats;
    if (has_mended)
        wc_hearing_judge(s);
    show(s);
    tell_progress(s, false);
}

static void take_silence(struct wc_session *s)
{
    struct wc_why why;
    (void)wc_why_set(&why, WC_OK, EX_TEMPFAIL,
                     "the sender %s fell silent: nothing heard for 10 s; %s",
                     wc_client_sender_text(s->client), wc_jobs_left(&s->jobs));
    wc_session_give_up(s, "failed", WC_HR_CONNECTION, &why);
}

static void take_notice(struct wc_session *s, struct wc_rx_notice *notice)
{
    switch (notice->type) {
    case WC_RX_REACHED:
        wc_display_ready(s->display);
        wc_client_ready(s->client, notice->pn);
        break;
    case WC_RX_UNREACHED:
        take_unreached(s);
        break;
    case WC_RX_SENDER_SILENT:
        take_silence(s);
        break;
    case WC_RX_BEHIND:
        wc_client_unicast(s->client, "what it makes of the blocks is slower than the stream, and "
                                     "its room for them is bounded");
        break;
    case WC_RX_FETCH:
        wc_client_fetch(s->client, notice->sbn);
        break;
    case WC_RX_REPORT:
        wc_client_report(s->client, notice->report);
        free(notice->report);
        break;
    case WC_RX_STATS:
        take_stats(s, &notice->stats);
        break;
    case WC_RX_VOID:
        take_void(s, &notice->void_block);
        break;
    case WC_RX_DAMAGED: /* judged when the sender had time to look at its source */
        s->is_damaged = true;
        s->damaged_sbn = notice->sbn;
        break;
    case WC_RX_FINISHED:
        s->complete = true;
        wc_jobs_progress(&s->jobs, &s->progress);
        tell_progress(s, true);
        wc_client_done(s->client, 0, s->manifest->partition.object_bytes, "");
        break;
    case WC_RX_FAILED:
        wc_session_fail(s, notice->failed.err, &notice->failed.why);
        break;
    }
}

void wc_hearing_take(struct wc_session *s)
{
    struct wc_rx_notice notice;
    while (s->rxloop && wc_rxloop_notice(s->rxloop, &notice)) {
        if (s->ended && notice.type == WC_RX_REPORT)
            free(notice.report);
        else if (!s->ended)
            take_notice(s, &notice);
    }
}

static void widen(struct wc_session *s)
{
    while (s->wide_count || wc_jobs_widen(&s->jobs, &s->wide_sbn, &s->wide_count)) {
        if (!wc_rxloop_open(s->rxloop, s->wide_sbn, s->wide_count))
            return;
        s->wide_count = 0;
    }
}

void wc_hearing_look(struct wc_session *s)
{
    struct wc_why why;
    if (s->verdict_known || s->opening || !s->store)
        return;
    enum wc_err err = wc_jobs_check(&s->jobs, &why);
    if (err)
        wc_session_fail(s, err, &why);
    else if (s->rxloop && !s->ended)
        widen(s);
    if (!s->is_alone)
        return;
    show(s);
    if (!wc_jobs_are_busy(&s->jobs))
        wc_session_close_handles(s);
}
