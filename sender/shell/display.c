/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/io/clock.h"
#include "common/io/format.h"
#include "common/io/netaddr.h"
#include "common/io/voice.h"
#include "sender/shell/reader_list.h"
#include "sender/shell/tally.h"
#include "sender/shell/wimscan.h"

#define BAR_WIDTH  30u
#define LINE_BYTES 200u

struct wc_display {
    struct wc_voice voice;
    wc_ns event_due; /* of the next progress event */
};

enum wc_err wc_display_open(struct wc_display **ret, const struct wc_args_common *common,
                            const struct wc_cmtrace_options *log, struct wc_why *why)
{
    struct wc_display *d = calloc(1, sizeof *d);
    if (!d)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    enum wc_err err = wc_voice_open(&d->voice, "wimcast-sender", common, log, why);
    if (err) {
        free(d);
        return err;
    }
    *ret = d;
    return WC_OK;
}

void wc_display_close(struct wc_display *d)
{
    if (!d)
        return;
    wc_voice_close(&d->voice);
    free(d);
}

void wc_display_warning(struct wc_display *d, const char *sentence)
{
    struct wc_why why;
    (void)wc_why_set(&why, WC_OK, EX_OK, "%s", sentence);
    wc_voice_warning(&d->voice, &why);
}

void wc_display_finding(struct wc_display *d, const struct wc_finding *finding)
{
    char line[WC_SENTENCE_BYTES_MAX + 1];
    struct wc_why why;
    wc_finding_line(finding, line, sizeof line);
    (void)wc_why_finding(&why, WC_OK, finding->kind->id, finding->kind->hresult,
                         finding->kind->exit_code, line);
    wc_voice_warning(&d->voice, &why);
}

void wc_display_error(struct wc_display *d, const struct wc_why *why)
{
    wc_voice_error(&d->voice, why);
}

void wc_display_publishing(struct wc_display *d, uint64_t done_bytes, uint64_t bytes)
{
    wc_ns now = wc_clock_now();
    if (!wc_term_is_due(d->voice.term, now))
        return;
    char bar[BAR_WIDTH + 1], line[LINE_BYTES], percent[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    snprintf(line, sizeof line, "reading %s %s of %s",
             wc_term_bar(bar, BAR_WIDTH, done_bytes, bytes),
             wc_format_percent(percent, done_bytes, bytes), wc_format_bytes(size, bytes));
    wc_term_draw(d->voice.term, now, (const char *const[]){line}, 1);
}

void wc_display_wims(struct wc_display *d, const struct wc_manifest *m, struct wc_content *content)
{
    if (m->wim_count)
        wc_term_finish(d->voice.term, false);
    for (uint32_t i = 0; i < m->wim_count; i++) {
        struct wc_wimscan_words words;
        wc_wimscan_describe(&words, m, i, content);
        wc_term_say(d->voice.term, WC_TERM_INFO, "%s", words.text);
        wc_wimscan_event(d->voice.events, m, i, &words);
        wc_voice_end(&d->voice);
    }
}

void wc_display_published(struct wc_display *d, const struct wc_package *package,
                          const struct wc_manifest *m)
{
    char size[WC_FORMAT_BYTES], readers[WC_READER_LIST_BYTES];
    wc_reader_list_text(&package->readers, readers);
    wc_term_finish(d->voice.term, false);
    wc_term_say(d->voice.term, WC_TERM_INFO,
                "published %s, version %u: %u file%s, %s, read by %s%s", m->id, m->version,
                m->file_count, m->file_count == 1 ? "" : "s",
                wc_format_bytes(size, m->partition.object_bytes), readers,
                package->multicast_only ? ", only via multicast" : "");
    wc_term_say(d->voice.term, WC_TERM_INFO, "send it with:  wimcast-sender send %s", m->id);
    wc_jsonl_begin(d->voice.events, "published");
    wc_jsonl_str(d->voice.events, "package", m->id);
    wc_jsonl_uint(d->voice.events, "version", m->version);
    wc_jsonl_uint(d->voice.events, "bytes", m->partition.object_bytes);
    wc_jsonl_uint(d->voice.events, "files", m->file_count);
    wc_jsonl_uint(d->voice.events, "symbol_bytes", m->partition.symbol_bytes);
    wc_jsonl_str(d->voice.events, "read", readers);
    wc_jsonl_bool(d->voice.events, "only_multicast", package->multicast_only);
    wc_jsonl_hex(d->voice.events, "manifest", package->manifest_digest, WC_DIGEST_BYTES);
    wc_voice_end(&d->voice);
}

void wc_display_session(struct wc_display *d, const struct wc_session *session, const char *url)
{
    const struct wc_manifest *m = &session->publication.manifest;
    char size[WC_FORMAT_BYTES], group[WC_NETADDR_TEXT_BYTES];
    wc_netaddr_format(&session->welcome.group, true, group);
    wc_term_finish(d->voice.term, false);
    wc_term_say(d->voice.term, WC_TERM_INFO, "package %s: %u file%s, %s, to %s on %s", m->id,
                m->file_count, m->file_count == 1 ? "" : "s",
                wc_format_bytes(size, m->partition.object_bytes), group, session->netif.name);
    wc_term_say(d->voice.term, WC_TERM_INFO, "receivers join with:  wimcast-receiver fetch '%s'",
                url);
    wc_jsonl_begin(d->voice.events, "session");
    wc_jsonl_str(d->voice.events, "url", url);
    wc_jsonl_str(d->voice.events, "package", m->id);
    wc_jsonl_uint(d->voice.events, "version", m->version);
    wc_jsonl_uint(d->voice.events, "bytes", m->partition.object_bytes);
    wc_jsonl_uint(d->voice.events, "files", m->file_count);
    wc_jsonl_str(d->voice.events, "group", group);
    wc_jsonl_str(d->voice.events, "interface", session->netif.name);
    wc_jsonl_uint(d->voice.events, "symbol_bytes", m->partition.symbol_bytes);
    wc_jsonl_uint(d->voice.events, "source_symbols", m->partition.symbol_count);
    wc_jsonl_uint(d->voice.events, "ttl", session->welcome.ttl);
    wc_voice_end(&d->voice);
}

void wc_display_phase(struct wc_display *d, enum wc_phase phase)
{
    static const char *const names[] = {"waiting", "streaming", "ended"};
    wc_term_say(d->voice.term, WC_TERM_DETAIL, "session is %s", names[phase]);
    wc_jsonl_begin(d->voice.events, "phase");
    wc_jsonl_str(d->voice.events, "phase", names[phase]);
    wc_voice_end(&d->voice);
}

static const char *state_text(enum wc_member_state state)
{
    switch (state) {
    case WC_MEMBER_NONE:
        break;
    case WC_MEMBER_JOINED:
        return "joined";
    case WC_MEMBER_READY:
        return "ready";
    case WC_MEMBER_UNICAST:
        return "unicast";
    case WC_MEMBER_DONE:
        return "done";
    case WC_MEMBER_FAILED:
        return "failed";
    case WC_MEMBER_LOST:
        return "lost";
    case WC_MEMBER_SILENT:
        return "silent";
    case WC_MEMBER_SLOW:
        return "slow";
    }
    return "unknown";
}

static void files_members(struct wc_display *d, const struct wc_progress *files)
{
    if (!files->files_total)
        return;
    wc_jsonl_uint(d->voice.events, "files_verified", files->files_verified);
    wc_jsonl_uint(d->voice.events, "files_total", files->files_total);
}

void wc_display_receiver(struct wc_display *d, const struct wc_roster_entry *entry)
{
    bool bad = entry->state >= WC_MEMBER_FAILED || entry->state == WC_MEMBER_UNICAST;
    bool minor = entry->state == WC_MEMBER_JOINED;
    enum wc_term_level level = bad ? WC_TERM_WARNING : minor ? WC_TERM_DETAIL : WC_TERM_INFO;
    bool has_files = !bad && entry->state == WC_MEMBER_DONE && entry->files.files_total;
    char files[WC_TALLY_TEXT_BYTES];
    wc_tally_text(files, &entry->files);
    wc_term_say(d->voice.term, level, "receiver %s (%s) %s%s%s", entry->name, entry->peer,
                state_text(entry->state), bad || has_files ? ": " : "",
                bad         ? entry->reason
                : has_files ? files
                            : "");
    wc_jsonl_begin(d->voice.events, "receiver");
    wc_jsonl_str(d->voice.events, "name", entry->name);
    wc_jsonl_str(d->voice.events, "address", entry->peer);
    wc_jsonl_str(d->voice.events, "state", state_text(entry->state));
    if (bad)
        wc_jsonl_str(d->voice.events, "reason", entry->reason);
    files_members(d, &entry->files);
    wc_voice_end(&d->voice);
}

static double repair_share(const struct wc_sender_stats *s)
{
    uint64_t all = s->source_count + s->repair_count;
    return all ? 100.0 * (double)s->repair_count / (double)all : 0.0;
}

/* From the blocks not yet sent and the rate: repairs of what was lost come on top. */
static wc_ns time_left(const struct wc_session *session, const struct wc_sender_stats *s)
{
    uint64_t blocks_left = s->block_count - s->block_sent_count;
    uint64_t symbols = blocks_left * session->publication.manifest.partition.large_symbols;
    return (wc_ns)((double)symbols * session->wire_bytes * 8e9 / (double)s->rate_bps);
}

static void progress_event(struct wc_display *d, const struct wc_sender_stats *s,
                           const struct wc_roster *roster, const struct wc_progress *files,
                           wc_ns now)
{
    if (!d->voice.events || now < d->event_due)
        return;
    d->event_due = now + WC_S(1);
    wc_jsonl_begin(d->voice.events, "progress");
    wc_jsonl_uint(d->voice.events, "blocks", s->block_count);
    wc_jsonl_uint(d->voice.events, "blocks_sent", s->block_sent_count);
    wc_jsonl_uint(d->voice.events, "source_symbols", s->source_count);
    wc_jsonl_uint(d->voice.events, "repair_symbols", s->repair_count);
    wc_jsonl_uint(d->voice.events, "rate_bps", s->rate_bps);
    wc_jsonl_uint(d->voice.events, "receivers", s->joined);
    wc_jsonl_uint(d->voice.events, "ready", s->ready);
    wc_jsonl_uint(d->voice.events, "unicast", s->unicast);
    wc_jsonl_uint(d->voice.events, "done", s->done);
    wc_jsonl_uint(d->voice.events, "failed", s->failed);
    files_members(d, files);
    wc_tally_list(roster, d->voice.events);
    wc_voice_end(&d->voice);
}

void wc_display_progress(struct wc_display *d, const struct wc_session *session,
                         const struct wc_tx_stats *stats, const struct wc_roster *roster,
                         bool has_keyboard, wc_ns now)
{
    const struct wc_sender_stats *s = &stats->core;
    struct wc_progress files = wc_tally_least(roster);
    progress_event(d, s, roster, &files, now);
    if (!wc_term_is_due(d->voice.term, now))
        return;
    char line[2][LINE_BYTES], bar[BAR_WIDTH + 1], a[WC_FORMAT_BYTES], b[WC_FORMAT_BYTES],
        c[WC_FORMAT_BYTES];
    if (s->phase == WC_PHASE_WAITING)
        snprintf(line[0], LINE_BYTES, "waiting for receivers: %u ready%s", s->ready + s->done,
                 has_keyboard ? " (Enter starts now)" : "");
    else
        snprintf(line[0], LINE_BYTES, "%s %s  %s  repair %.1f %%  ETA %s",
                 wc_term_bar(bar, BAR_WIDTH, s->block_sent_count, s->block_count),
                 wc_format_percent(a, s->block_sent_count, s->block_count),
                 wc_format_bitrate(b, s->rate_bps), repair_share(s),
                 wc_format_duration(c, time_left(session, s)));
    snprintf(line[1], LINE_BYTES,
             "receivers: %u joined, %u at work, %u by unicast, %u done, %u failed", s->joined,
             s->ready + s->unicast, s->unicast, s->done, s->failed);
    char verified[WC_TALLY_TEXT_BYTES], last[LINE_BYTES];
    snprintf(last, sizeof last, "%s by the slowest", wc_tally_text(verified, &files));
    wc_term_draw(d->voice.term, now, (const char *const[]){line[0], line[1], last},
                 files.files_total ? 3 : 2);
}

void wc_display_summary(struct wc_display *d, const struct wc_send_summary *s)
{
    double goodput_bps = s->seconds > 0 ? (double)s->bytes * 8.0 / s->seconds : 0.0;
    char size[WC_FORMAT_BYTES], rate[WC_FORMAT_BYTES], verified[WC_TALLY_TEXT_BYTES];
    wc_term_finish(d->voice.term, false);
    bool began = strcmp(s->result, "error") != 0; /* else the error has said all */
    if (began)
        wc_term_say(
            d->voice.term, s->failed ? WC_TERM_WARNING : WC_TERM_INFO,
            "%s: %u of %u receivers have all of %s, %.1f s, %s each; %llu source and %llu repair "
            "symbols%s%s",
            s->result, s->completed, s->receivers, wc_format_bytes(size, s->bytes), s->seconds,
            wc_format_bitrate(rate, (uint64_t)goodput_bps), (unsigned long long)s->source_symbols,
            (unsigned long long)s->repair_symbols, s->files.files_total ? "; " : "",
            wc_tally_text(verified, &s->files));
    wc_jsonl_begin(d->voice.events, "summary");
    wc_jsonl_str(d->voice.events, "result", s->result);
    wc_jsonl_uint(d->voice.events, "bytes", s->bytes);
    wc_jsonl_real(d->voice.events, "seconds", s->seconds);
    wc_jsonl_uint(d->voice.events, "goodput_bps", (uint64_t)goodput_bps);
    wc_jsonl_uint(d->voice.events, "wire_bytes", s->wire_bytes);
    wc_jsonl_uint(d->voice.events, "source_symbols", s->source_symbols);
    wc_jsonl_uint(d->voice.events, "repair_symbols", s->repair_symbols);
    wc_jsonl_uint(d->voice.events, "receivers", s->receivers);
    wc_jsonl_uint(d->voice.events, "completed", s->completed);
    wc_jsonl_uint(d->voice.events, "failed", s->failed);
    files_members(d, &s->files);
    wc_voice_end(&d->voice);
}
