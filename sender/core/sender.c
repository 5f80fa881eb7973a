/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The four calls. What goes next is schedule.c, how fast rate.c, who is there members.c; here
 * they meet. */
#include "sender/core/sender.h"

#include <assert.h>

#include "common/core/pacer.h"
#include "sender/core/members.h"
#include "sender/core/rate.h"
#include "sender/core/schedule.h"

/* While receivers look for multicast, and to tell that this sender is alive. */
#define BEACON_INTERVAL WC_MS(100)
/* A receiver that just joined listens by then; many joins at once are answered together. */
#define JOIN_BEACON_DELAY WC_MS(10)
/* When nothing is queued: at once, then ever more rarely, since a beacon may be lost too. */
#define IDLE_BEACON_FIRST WC_MS(2)
#define IDLE_BEACON_LAST  WC_MS(250)
/* The roster is looked through for silent members this often. */
#define ROSTER_INTERVAL WC_MS(250)

/* Fewer blocks than these are sent to the group once more, even to a single receiver. */
#define TAIL_BLOCKS_MIN 4u

/* Datagrams after which our own share of refused ones is looked at. */
#define OWN_SAMPLE_COUNT 256u

/* Reports of all receivers together take less than 1 % of the line. */
#define FEEDBACK_SHARE_INVERSE 110u
#define REPORT_OVERHEAD_BYTES  200u /* frame, TLS, TCP, IP, Ethernet */
#define REPORT_RUN_BYTES       9u
#define REPORT_INTERVAL_MIN    WC_MS(20)
#define REPORT_INTERVAL_MAX    WC_S(2)

/* An event yields at most one notice for each member and one for the phase. */
#define NOTICE_SLACK 4u

struct wc_sender {
    struct wc_sender_config config;
    struct wc_alloc alloc;
    struct wc_schedule schedule;
    struct wc_members members;
    struct wc_rate rate;
    struct wc_pacer pacer;
    enum wc_phase phase;
    uint64_t pn; /* next packet number */
    wc_ns now;
    wc_ns first_ready; /* WC_NEVER: nobody yet */
    wc_ns started;     /* WC_NEVER: not yet */
    wc_ns beacon_due;
    wc_ns idle_interval;
    wc_ns roster_due;
    wc_ns report_interval;
    uint64_t report_bytes_x16; /* of a report on the line, smoothed */
    uint32_t slow_count;       /* set aside and disconnected */
    uint64_t beacon_count;
    uint64_t refused_count; /* datagrams the kernel refused since the last rate sample */
    uint64_t offered_pn;    /* packet number at the last rate sample of our own */
    struct wc_sender_notice *notices;
    uint32_t notice_capacity, notice_head, notice_count;
};

static void notice_push(struct wc_sender *s, struct wc_sender_notice notice)
{
    assert(s->notice_count < s->notice_capacity);
    s->notices[(s->notice_head + s->notice_count++) % s->notice_capacity] = notice;
}

bool wc_sender_notice(struct wc_sender *s, struct wc_sender_notice *ret)
{
    if (s->notice_count == 0)
        return false;
    *ret = s->notices[s->notice_head];
    s->notice_head = (s->notice_head + 1) % s->notice_capacity;
    s->notice_count--;
    return true;
}

static bool phase_may_move(enum wc_phase from, enum wc_phase to)
{
    static const bool allowed[3][3] = {
        [WC_PHASE_WAITING] = {[WC_PHASE_STREAMING] = true, [WC_PHASE_ENDED] = true},
        [WC_PHASE_STREAMING] = {[WC_PHASE_ENDED] = true},
    };
    return allowed[from][to];
}

static void phase_move(struct wc_sender *s, enum wc_phase to)
{
    assert(phase_may_move(s->phase, to));
    s->phase = to;
    notice_push(s, (struct wc_sender_notice){.type = WC_SENDER_NOTICE_PHASE, .phase = to});
}

static void member_move(struct wc_sender *s, uint32_t member, enum wc_member_state to)
{
    wc_members_move(&s->members, member, to);
    if (to != WC_MEMBER_JOINED && to != WC_MEMBER_READY)
        wc_rate_forget(&s->rate, member);
    notice_push(s, (struct wc_sender_notice){
                       .type = WC_SENDER_NOTICE_MEMBER, .member = member, .state = to});
}

static bool config_is_sane(const struct wc_sender_config *c)
{
    for (uint32_t i = 0; i < c->first_count; i++) {
        const struct wc_manifest_run *run = &c->first[i];
        if (run->sbn > c->partition.block_count ||
            run->block_count > c->partition.block_count - run->sbn)
            return false;
    }
    return c->partition.block_count > 0 && c->wire_bytes > 0 && c->rate_max_bps > 0 &&
           c->member_max > 0 && c->member_max <= WC_MEMBERS_MAX;
}

enum wc_err wc_sender_new(struct wc_sender **ret, const struct wc_sender_config *config,
                          const struct wc_alloc *alloc, wc_ns now)
{
    if (!config_is_sane(config))
        return WC_E_RANGE;
    struct wc_sender *s = alloc->zalloc(alloc->ctx, 1, sizeof *s);
    if (!s)
        return WC_E_NOMEM;
    s->config = *config;
    s->alloc = *alloc;
    s->now = now;
    s->first_ready = WC_NEVER;
    s->started = WC_NEVER;
    s->beacon_due = now;
    s->idle_interval = IDLE_BEACON_FIRST;
    s->roster_due = now + ROSTER_INTERVAL;
    s->report_interval = REPORT_INTERVAL_MIN;
    s->report_bytes_x16 = 16u * REPORT_OVERHEAD_BYTES;
    wc_rate_init(&s->rate, config->rate_max_bps, config->rate_min_bps ? config->rate_min_bps : 1,
                 now);
    if (config->slow_policy != WC_SLOW_NONE)
        s->rate.slow_bps = config->slow_bps;
    wc_pacer_init(&s->pacer, config->wire_bytes, s->rate.bps, config->line_bps, now);
    s->notice_capacity = config->member_max + NOTICE_SLACK;
    s->notices = alloc->zalloc(alloc->ctx, s->notice_capacity, sizeof *s->notices);
    enum wc_err err = s->notices ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = wc_schedule_init(&s->schedule, &config->partition, alloc);
    for (uint32_t i = 0; !err && i < config->first_count; i++)
        wc_schedule_put_first(&s->schedule, config->first[i].sbn, config->first[i].block_count);
    wc_parity_init(&s->schedule.parity, now);
    if (!err)
        err = wc_members_init(&s->members, config->member_max, alloc);
    if (err) {
        wc_sender_free(s);
        return err;
    }
    *ret = s;
    return WC_OK;
}

void wc_sender_free(struct wc_sender *s)
{
    if (!s)
        return;
    struct wc_alloc alloc = s->alloc;
    wc_schedule_deinit(&s->schedule, &alloc);
    wc_members_deinit(&s->members, &alloc);
    alloc.free(alloc.ctx, s->notices);
    alloc.free(alloc.ctx, s);
}

/* The interval grows with the number of receivers so that feedback stays a small share of the
 * line. */
static void set_report_interval(struct wc_sender *s)
{
    uint64_t bits = s->members.ready * s->report_bytes_x16 / 16u * 8u * FEEDBACK_SHARE_INVERSE;
    wc_ns interval = WC_US(bits * 1000000u / s->rate.bps);
    if (interval < REPORT_INTERVAL_MIN)
        interval = REPORT_INTERVAL_MIN;
    s->report_interval = interval > REPORT_INTERVAL_MAX ? REPORT_INTERVAL_MAX : interval;
}

static void start(struct wc_sender *s)
{
    s->started = s->now;
    wc_pacer_init(&s->pacer, s->config.wire_bytes, s->rate.bps, s->config.line_bps, s->now);
    phase_move(s, WC_PHASE_STREAMING);
}

/* A receiver that had everything already is done without having been ready: it counts as well. */
static uint32_t there_count(const struct wc_sender *s)
{
    return s->members.ready + s->members.unicast + s->members.done;
}

static bool start_is_due(const struct wc_sender *s)
{
    const struct wc_sender_config *c = &s->config;
    uint32_t there = there_count(s);
    if (c->receivers_min && there >= c->receivers_min)
        return true;
    return there && c->wait_max != WC_NEVER && s->first_ready != WC_NEVER &&
           s->now - s->first_ready >= c->wait_max;
}

/* Phases follow from the roster: called after whatever may have changed it. */
static void settle(struct wc_sender *s)
{
    if (s->phase == WC_PHASE_WAITING && start_is_due(s))
        start(s);
    bool at_work = s->members.joined || s->members.ready || s->members.unicast;
    if (s->phase == WC_PHASE_STREAMING && !at_work)
        phase_move(s, WC_PHASE_ENDED);
    set_report_interval(s);
}

/* What came and what was lost are packet numbers up to the report's, each counted once. */
static bool counters_are_possible(const struct wc_report *report)
{
    uint64_t sent = report->pn + 1;
    return report->received_count <= sent && report->lost_count <= sent - report->received_count &&
           report->refused_count <= report->received_count;
}

static enum wc_err report_check(const struct wc_sender *s, const struct wc_report *report)
{
    if (report->run_count > WC_REPORT_RUNS_MAX || report->pn >= s->pn ||
        !counters_are_possible(report))
        return WC_E_RANGE;
    for (uint32_t i = 0; i < report->run_count; i++) {
        const struct wc_run *run = &report->runs[i];
        if (run->block_count == 0 || run->missing == 0 ||
            run->sbn >= s->config.partition.block_count ||
            run->block_count > s->config.partition.block_count - run->sbn)
            return WC_E_RANGE;
    }
    return WC_OK;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

/* Samples of a few datagrams say nothing: they add up until they do. */
static void sample_rate(struct wc_sender *s, uint32_t member, const struct wc_report *report)
{
    struct wc_member *who = &s->members.list[member];
    const struct wc_member_figures *before = &who->sampled;
    struct wc_rate_sample sample = {
        .member = member,
        .from_pn = who->sampled_pn,
        .received_count = grown(report->received_count, before->received_count),
        .lost_count = grown(report->lost_count, before->lost_count),
        .overflow_count = grown(report->overflow_count, before->overflow_count),
        .refused_count = grown(report->refused_count, before->refused_count),
    };
    bool is_old = who->sampled_pn < s->rate.change_pn;
    if (!is_old && sample.received_count + sample.lost_count < WC_RATE_SAMPLE_MIN)
        return;
    if (s->phase == WC_PHASE_STREAMING && who->state == WC_MEMBER_READY)
        wc_rate_sample(&s->rate, &sample);
    who->sampled = who->figures;
    who->sampled_pn = report->pn;
}

static void take_figures(struct wc_sender *s, uint32_t member, const struct wc_report *report)
{
    struct wc_member *who = &s->members.list[member];
    who->figures = (struct wc_member_figures){
        .block_done_count = report->block_done_count,
        .received_count = report->received_count,
        .lost_count = report->lost_count,
        .overflow_count = report->overflow_count,
        .refused_count = report->refused_count,
    };
    sample_rate(s, member, report);
    who->pn = report->pn;
}

/* The receiver no longer counts for the stream. */
static void set_aside(struct wc_sender *s, uint32_t member, enum wc_slow_policy policy)
{
    if (s->members.list[member].state != WC_MEMBER_READY)
        return;
    bool unicast = policy == WC_SLOW_UNICAST && !s->config.multicast_only;
    wc_schedule_forget_repeats(&s->schedule);
    s->slow_count += !unicast;
    member_move(s, member, unicast ? WC_MEMBER_UNICAST : WC_MEMBER_SLOW);
}

/* Only this receiver is left, and it lacks whole blocks that were sent: finishing it is no work
 * for a group. */
static bool is_tail(const struct wc_sender *s, const struct wc_report *report)
{
    bool alone = s->members.ready == 1 && s->members.joined == 0 && s->members.done > 0;
    if (!s->config.tail_unicast || s->config.multicast_only || !alone ||
        s->phase != WC_PHASE_STREAMING)
        return false;
    uint32_t whole_count = 0;
    for (uint32_t i = 0; i < report->run_count; i++)
        if (report->runs[i].missing > WC_REPAIR_SYMBOLS_MAX)
            whole_count += report->runs[i].block_count;
    return whole_count >= TAIL_BLOCKS_MIN;
}

static enum wc_err take_report(struct wc_sender *s, uint32_t member, const struct wc_report *report)
{
    struct wc_member *who = &s->members.list[member];
    if (who->state != WC_MEMBER_READY && who->state != WC_MEMBER_UNICAST)
        return WC_E_STATE;
    enum wc_err err = report_check(s, report);
    if (err)
        return err;
    who->heard = s->now;
    take_figures(s, member, report);
    if (who->state == WC_MEMBER_UNICAST)
        return WC_OK; /* it asks for what it lacks by itself */
    if (is_tail(s, report)) {
        set_aside(s, member, WC_SLOW_UNICAST);
        return WC_OK;
    }
    uint64_t bytes = REPORT_OVERHEAD_BYTES + (uint64_t)report->run_count * REPORT_RUN_BYTES;
    s->report_bytes_x16 += bytes - s->report_bytes_x16 / 16u;
    bool was_idle = wc_schedule_is_idle(&s->schedule);
    for (uint32_t i = 0; i < report->run_count; i++) {
        const struct wc_run *run = &report->runs[i];
        wc_schedule_want_run(&s->schedule, run->sbn, run->block_count, run->missing,
                             report->pn + 1);
    }
    if (was_idle && !wc_schedule_is_idle(&s->schedule))
        s->idle_interval = IDLE_BEACON_FIRST;
    return WC_OK;
}

static enum wc_err member_event(struct wc_sender *s, uint32_t member, enum wc_member_state to)
{
    struct wc_member *who = &s->members.list[member];
    if (!wc_member_may_move(who->state, to))
        return WC_E_STATE;
    if (to == WC_MEMBER_JOINED) {
        *who = (struct wc_member){.state = who->state};
        wc_ns soon = s->now + JOIN_BEACON_DELAY;
        s->beacon_due = soon < s->beacon_due ? soon : s->beacon_due;
    }
    who->heard = s->now;
    if (to != WC_MEMBER_JOINED && s->first_ready == WC_NEVER)
        s->first_ready = s->now;
    member_move(s, member, to);
    return WC_OK;
}

static enum wc_err command(struct wc_sender *s, const struct wc_sender_event *event)
{
    switch (event->type) {
    case WC_SENDER_START:
        if (s->phase != WC_PHASE_WAITING || there_count(s) == 0)
            return WC_E_STATE;
        start(s);
        return WC_OK;
    case WC_SENDER_STOP:
        if (s->phase == WC_PHASE_ENDED)
            return WC_E_STATE;
        phase_move(s, WC_PHASE_ENDED);
        return WC_OK;
    case WC_SENDER_RATE:
        if (event->rate_bps == 0)
            return WC_E_RANGE;
        wc_rate_set_max(&s->rate, event->rate_bps);
        wc_pacer_set_rate(&s->pacer, s->config.wire_bytes, s->rate.bps);
        return WC_OK;
    case WC_SENDER_REFUSED:
        s->refused_count += event->count;
        return WC_OK;
    default:
        return WC_E_RANGE;
    }
}

static enum wc_err dispatch(struct wc_sender *s, const struct wc_sender_event *event)
{
    bool of_member = event->type <= WC_SENDER_LEAVE;
    if (of_member && event->member >= s->members.max)
        return WC_E_RANGE;
    switch (event->type) {
    case WC_SENDER_JOIN:
        return s->phase == WC_PHASE_ENDED ? WC_E_STATE
                                          : member_event(s, event->member, WC_MEMBER_JOINED);
    case WC_SENDER_READY:
        return member_event(s, event->member, WC_MEMBER_READY);
    case WC_SENDER_REPORT:
        return take_report(s, event->member, event->report);
    case WC_SENDER_ALIVE:
        s->members.list[event->member].heard = s->now;
        return WC_OK;
    case WC_SENDER_UNICAST:
        return s->config.multicast_only ? WC_E_STATE
                                        : member_event(s, event->member, WC_MEMBER_UNICAST);
    case WC_SENDER_DONE:
        return member_event(s, event->member, event->ok ? WC_MEMBER_DONE : WC_MEMBER_FAILED);
    case WC_SENDER_LEAVE:
        return member_event(s, event->member, WC_MEMBER_LOST);
    default:
        return command(s, event);
    }
}

enum wc_err wc_sender_input(struct wc_sender *s, wc_ns now, const struct wc_sender_event *event)
{
    assert(now >= s->now);
    s->now = now;
    enum wc_err err = dispatch(s, event);
    if (!err)
        settle(s);
    return err;
}

static void drop_silent(struct wc_sender *s)
{
    if (s->now < s->roster_due)
        return;
    s->roster_due = s->now + ROSTER_INTERVAL;
    for (uint32_t i = 0; i < s->members.max; i++) {
        const struct wc_member *who = &s->members.list[i];
        if (wc_member_is_at_work(who->state) && s->now - who->heard >= s->config.silence_max)
            member_move(s, i, WC_MEMBER_SILENT);
    }
}

/* What the kernel refused is loss at this host; a share of a few datagrams says nothing. */
static void sample_own_loss(struct wc_sender *s)
{
    uint64_t offered = s->pn - s->offered_pn;
    if (offered < OWN_SAMPLE_COUNT)
        return;
    uint64_t refused = s->refused_count < offered ? s->refused_count : offered;
    struct wc_rate_sample own = {.member = WC_MEMBERS_MAX,
                                 .from_pn = s->offered_pn,
                                 .received_count = offered - refused,
                                 .lost_count = refused,
                                 .overflow_count = refused};
    if (refused)
        wc_rate_sample(&s->rate, &own);
    s->refused_count = 0;
    s->offered_pn = s->pn;
}

/* A slow receiver is set aside for the sake of others. When half of all would be, it is the network
 * that is slow. */
static bool is_exception(const struct wc_sender *s)
{
    const struct wc_members *m = &s->members;
    uint32_t aside = m->unicast + s->slow_count + 1;
    return m->ready > 1 && 2 * aside <= m->ready + aside + m->done;
}

static void step_rate(struct wc_sender *s)
{
    sample_own_loss(s);
    wc_parity_step(&s->schedule.parity, s->now, s->report_interval);
    if (wc_rate_step(&s->rate, s->now, s->report_interval, s->pn))
        wc_pacer_set_rate(&s->pacer, s->config.wire_bytes, s->rate.bps);
    uint32_t member;
    if (!wc_rate_too_slow(&s->rate, &member) || member >= s->members.max)
        return;
    if (is_exception(s))
        set_aside(s, member, s->config.slow_policy);
    else
        s->rate.slow_bps = 0; /* from now on all are followed */
}

static struct wc_header header_of(struct wc_sender *s, uint8_t type)
{
    return (struct wc_header){.type = type, .instance = s->config.instance, .pn = s->pn++};
}

static struct wc_header beacon(struct wc_sender *s)
{
    struct wc_header header = header_of(s, WC_DATAGRAM_BEACON);
    bool streaming = s->phase == WC_PHASE_STREAMING;
    bool idle = streaming && wc_schedule_is_idle(&s->schedule);
    header.esi = (uint8_t)((streaming ? WC_BEACON_STREAMING : 0) | (idle ? WC_BEACON_IDLE : 0));
    header.sbn = s->members.joined + s->members.ready + s->members.unicast;
    s->beacon_count++;
    if (idle) {
        s->beacon_due = s->now + s->idle_interval;
        s->idle_interval =
            2 * s->idle_interval < IDLE_BEACON_LAST ? 2 * s->idle_interval : IDLE_BEACON_LAST;
    } else {
        s->beacon_due = s->now + BEACON_INTERVAL;
    }
    return header;
}

static size_t stream(struct wc_sender *s, struct wc_header *ret, size_t capacity)
{
    uint32_t credit = wc_pacer_credit(&s->pacer, s->now);
    size_t limit = credit < capacity ? credit : capacity;
    size_t count = 0;
    struct wc_symbol_ref ref;
    while (count < limit && wc_schedule_next(&s->schedule, s->pn + 1, &ref)) {
        struct wc_header *header = &ret[count++];
        *header = header_of(s, WC_DATAGRAM_DATA);
        header->sbn = ref.sbn;
        header->esi = ref.esi;
    }
    wc_pacer_spend(&s->pacer, (uint32_t)count);
    wc_rate_sent(&s->rate, (uint64_t)count * s->config.wire_bytes * 8u);
    if (count < limit)
        wc_rate_idle(&s->rate);
    if (count && wc_schedule_is_idle(&s->schedule)) {
        s->idle_interval = IDLE_BEACON_FIRST;
        s->beacon_due = s->now;
    }
    return count;
}

size_t wc_sender_output(struct wc_sender *s, wc_ns now, struct wc_header *ret_headers,
                        size_t capacity)
{
    assert(now >= s->now && capacity > 0);
    s->now = now;
    drop_silent(s);
    settle(s);
    if (s->phase == WC_PHASE_ENDED)
        return 0;
    size_t count = 0;
    if (s->phase == WC_PHASE_STREAMING) {
        step_rate(s);
        count = stream(s, ret_headers, capacity);
    }
    if (count < capacity && now >= s->beacon_due) {
        ret_headers[count++] = beacon(s);
        wc_pacer_spend(&s->pacer, 1);
    }
    return count;
}

wc_ns wc_sender_deadline(const struct wc_sender *s)
{
    if (s->phase == WC_PHASE_ENDED)
        return WC_NEVER;
    wc_ns due = s->beacon_due < s->roster_due ? s->beacon_due : s->roster_due;
    if (s->phase == WC_PHASE_STREAMING && !wc_schedule_is_idle(&s->schedule)) {
        wc_ns credit = wc_pacer_deadline(&s->pacer);
        due = credit < due ? credit : due;
    }
    if (s->phase == WC_PHASE_WAITING && s->first_ready != WC_NEVER &&
        s->config.wait_max != WC_NEVER && s->members.ready + s->members.done > 0) {
        wc_ns start_due = s->first_ready + s->config.wait_max;
        due = start_due < due ? start_due : due;
    }
    return due;
}

void wc_sender_stats(const struct wc_sender *s, struct wc_sender_stats *ret)
{
    *ret = (struct wc_sender_stats){
        .phase = s->phase,
        .joined = s->members.joined + s->members.ready + s->members.unicast + s->members.done +
                  s->members.failed,
        .ready = s->members.ready,
        .unicast = s->members.unicast,
        .done = s->members.done,
        .failed = s->members.failed,
        .datagram_count = s->pn,
        .source_count = s->schedule.source_count,
        .repair_count = s->schedule.repair_count,
        .beacon_count = s->beacon_count,
        .rate_bps = s->rate.bps,
        .block_count = s->config.partition.block_count,
        .block_sent_count = s->schedule.block_sent_count,
        .report_interval_us = (uint32_t)(s->report_interval / WC_US(1)),
        .started = s->started,
    };
}

enum wc_member_state wc_sender_member_state(const struct wc_sender *s, uint32_t member)
{
    return member < s->members.max ? s->members.list[member].state : WC_MEMBER_NONE;
}

void wc_sender_member_figures(const struct wc_sender *s, uint32_t member,
                              struct wc_member_figures *ret)
{
    assert(member < s->members.max);
    *ret = s->members.list[member].figures;
}
