/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sender's protocol core: events and time in, datagram headers and notices out. It decides
 * which symbol goes next and how fast; payload, seal and sockets are the shell's.
 *
 * One mechanism serves first pass, late joiners, resumed and blacked-out receivers: reports say
 * what each receiver lacks, a cursor goes round over the blocks that somebody lacks as a whole,
 * and partial losses are mended by fresh repair symbols, as many as the worst receiver lacks.
 * State is O(blocks + receivers).
 *
 * Call wc_sender_input for each event, then drain wc_sender_notice; call wc_sender_output until
 * it gives 0, then again at wc_sender_deadline or after the next event. One thread. Time never
 * goes back. */
#ifndef WC_SENDER_CORE_SENDER_H
#define WC_SENDER_CORE_SENDER_H

#include "common/core/err.h"
#include "common/core/manifest.h"
#include "common/core/msg.h"
#include "common/core/partition.h"
#include "common/core/wire.h"

struct wc_sender;

/* What becomes of a receiver that cannot take the floor rate: WDS's slow-client handling. */
enum wc_slow_policy {
    WC_SLOW_NONE, /* everybody waits for it */
    WC_SLOW_DISCONNECT,
    WC_SLOW_UNICAST, /* it is served by unicast */
};

struct wc_sender_config {
    uint32_t instance;
    struct wc_partition partition;
    const struct wc_manifest_run *first; /* blocks that go before others; borrowed during new */
    uint32_t first_count;
    uint32_t wire_bytes;   /* of one datagram on the line: framing, gap and headers included */
    uint64_t line_bps;     /* of the interface; 0: not known */
    uint64_t rate_max_bps; /* bits per second on the line */
    uint64_t rate_min_bps; /* the floor that slow receivers can press the rate to */
    enum wc_slow_policy slow_policy;
    uint64_t slow_bps;      /* the floor rate of that policy */
    bool multicast_only;    /* nobody is served by unicast */
    bool tail_unicast;      /* the last receiver is finished by unicast if it lacks whole blocks */
    uint32_t member_max;    /* <= WC_MEMBERS_MAX */
    uint32_t receivers_min; /* start once that many are ready or done; 0: only by WC_SENDER_START */
    wc_ns wait_max;         /* start so long after the first became ready; WC_NEVER: no limit */
    wc_ns silence_max;      /* a member unheard for so long is lost */
};

enum wc_sender_event_type {
    WC_SENDER_JOIN,    /* member: a free index, 0..member_max-1 */
    WC_SENDER_READY,   /* member heard the beacons and can store */
    WC_SENDER_REPORT,  /* report: borrowed */
    WC_SENDER_ALIVE,   /* member said something else */
    WC_SENDER_UNICAST, /* member cannot be reached by multicast */
    WC_SENDER_DONE,    /* member has everything verified and stored, or says that it failed (ok) */
    WC_SENDER_LEAVE,   /* member's control channel closed */
    WC_SENDER_START,   /* do not wait any longer */
    WC_SENDER_STOP,    /* end now */
    WC_SENDER_RATE,    /* rate_bps: new maximum */
    WC_SENDER_REFUSED  /* the kernel did not take `count` of the datagrams that output gave */
};

struct wc_sender_event {
    enum wc_sender_event_type type;
    uint32_t member;
    union {
        const struct wc_report *report;
        uint64_t rate_bps;
        uint32_t count;
        bool ok;
    };
};

enum wc_member_state {
    WC_MEMBER_NONE = 0,
    WC_MEMBER_JOINED, /* has the session descriptor; multicast not heard yet */
    WC_MEMBER_READY,
    WC_MEMBER_UNICAST, /* at work by unicast */
    WC_MEMBER_DONE,
    WC_MEMBER_FAILED, /* said so itself */
    WC_MEMBER_LOST,   /* its control channel closed before it was done */
    WC_MEMBER_SILENT, /* unheard for silence_max */
    WC_MEMBER_SLOW,   /* slower than the floor rate, and the policy is to disconnect */
};

enum wc_sender_notice_type {
    WC_SENDER_NOTICE_PHASE,  /* phase */
    WC_SENDER_NOTICE_MEMBER, /* member changed to state */
};

struct wc_sender_notice {
    enum wc_sender_notice_type type;
    enum wc_phase phase;
    uint32_t member;
    enum wc_member_state state;
};

struct wc_sender_stats {
    enum wc_phase phase;
    uint32_t joined, ready, unicast, done,
        failed;              /* ready: still at work; failed: failed, lost or silent */
    uint64_t datagram_count; /* all, beacons too */
    uint64_t source_count;   /* source symbols sent, repeats included */
    uint64_t repair_count;
    uint64_t beacon_count;
    uint64_t rate_bps;
    uint32_t block_count;
    uint32_t block_sent_count; /* blocks sent whole at least once */
    uint32_t report_interval_us;
    wc_ns started; /* WC_NEVER: not yet */
};

/* Everything is allocated here, from the configured limits. WC_E_RANGE: nonsense in the
 * configuration; WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_sender_new(struct wc_sender **ret, const struct wc_sender_config *config,
                                      const struct wc_alloc *alloc, wc_ns now);
void wc_sender_free(struct wc_sender *s);

/* WC_E_RANGE: member or a report's run lies outside; WC_E_STATE: event does not fit the member's
 * state. The core is unchanged then: what others sent never breaks it. */
WC_MUST_USE enum wc_err wc_sender_input(struct wc_sender *s, wc_ns now,
                                        const struct wc_sender_event *event);

/* Up to `capacity` headers of datagrams that may leave now, in order; 0: none yet. Consecutive
 * source symbols of one block come with consecutive ESIs, so that the shell reads a block once. */
size_t wc_sender_output(struct wc_sender *s, wc_ns now, struct wc_header *ret_headers,
                        size_t capacity);

/* When to call output again if no event comes first; never WC_NEVER before the session ended. */
wc_ns wc_sender_deadline(const struct wc_sender *s);

/* The next notice; false: none. Nothing is lost if they are drained after each input and output. */
bool wc_sender_notice(struct wc_sender *s, struct wc_sender_notice *ret);

void wc_sender_stats(const struct wc_sender *s, struct wc_sender_stats *ret);
enum wc_member_state wc_sender_member_state(const struct wc_sender *s, uint32_t member);

/* The last report's figures of a member: for progress and diagnosis. */
struct wc_member_figures {
    uint32_t block_done_count;
    uint64_t received_count, lost_count, overflow_count, refused_count;
};
void wc_sender_member_figures(const struct wc_sender *s, uint32_t member,
                              struct wc_member_figures *ret);

#endif
