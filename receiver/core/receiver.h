/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receiver's protocol core: authentic datagram headers and time in, reports and requests to
 * decode and store out. It knows which symbol lies in which row of which slot of the shell's
 * memory, never the bytes themselves.
 *
 * For each datagram: wc_receiver_place says where its symbol belongs, the shell opens the seal
 * right into that row, and only an authentic one becomes WC_RECEIVER_DATAGRAM. One thread. Time
 * never goes back. */
#ifndef WC_RECEIVER_CORE_RECEIVER_H
#define WC_RECEIVER_CORE_RECEIVER_H

#include "common/core/err.h"
#include "common/core/manifest.h"
#include "common/core/msg.h"
#include "common/core/partition.h"
#include "common/core/wire.h"

struct wc_receiver;

struct wc_receiver_config {
    uint32_t instance;
    struct wc_partition partition;
    uint32_t slot_count;  /* blocks in memory at once, each of partition.large_symbols rows; >= 1 */
    const uint64_t *have; /* blocks that need not come (bitmap, borrowed during new); NULL: none */
    /* Blocks that may not come before an OPEN (bitmap, borrowed during new); NULL: none. */
    const uint64_t *shut;
    const struct wc_manifest_run *first; /* blocks that go before others; borrowed during new */
    uint32_t first_count;
    wc_ns report_interval; /* until a STATUS says otherwise */
    wc_ns beacon_timeout;  /* nothing heard of this session for so long: NOTICE_UNREACHED */
    wc_ns silence_max;     /* neither datagram nor STATUS for so long: NOTICE_SENDER_SILENT */
    uint32_t void_max;     /* a block void so often is asked for by unicast; 0: never (voids.h) */
    bool multicast_only;   /* unicast is not allowed */
    uint64_t seed;
};

enum wc_receiver_event_type {
    WC_RECEIVER_DATAGRAM, /* header: authentic, fresh; its symbol lies where place said */
    WC_RECEIVER_STORED,   /* block sbn: ok = verified and written, else its symbols are void */
    WC_RECEIVER_STATUS,   /* status: borrowed, from the sender */
    WC_RECEIVER_UNICAST,  /* from now on all blocks come by unicast, asked for by NOTICE_FETCH */
    WC_RECEIVER_SYMBOL,   /* symbol: came by unicast, and lies where place_symbol said */
    WC_RECEIVER_OPEN,     /* open: these blocks may come from now on */
    WC_RECEIVER_OVERFLOW, /* count: datagrams this host's socket buffer dropped, in all */
};

struct wc_receiver_event {
    enum wc_receiver_event_type type;
    union {
        const struct wc_header *header;
        const struct wc_status *status;
        struct {
            uint32_t sbn;
            bool ok;
        } stored;
        struct {
            uint32_t sbn;
            uint8_t esi;
            bool last; /* of this answer: what is not here now must be asked for again */
        } symbol;
        struct {
            uint32_t sbn;
            uint32_t block_count;
        } open;
        uint64_t count;
    };
};

enum wc_place_kind {
    WC_PLACE_ROW,     /* open into row `row` of slot `slot` */
    WC_PLACE_SCRATCH, /* not needed here, but its packet number counts: open anywhere */
    WC_PLACE_DROP,    /* replayed, another instance, or not of this object: do not even open */
};

struct wc_place {
    enum wc_place_kind kind;
    uint32_t slot;
    uint32_t row;
};

enum wc_receiver_notice_type {
    WC_RECEIVER_NOTICE_REACHED,   /* first datagram of the session came: send READY */
    WC_RECEIVER_NOTICE_UNREACHED, /* none came within beacon_timeout, at first or after others */
    WC_RECEIVER_NOTICE_DECODE, /* block sbn in slot complete: decode, verify, store, then STORED */
    WC_RECEIVER_NOTICE_COMPLETE, /* every block is stored */
    WC_RECEIVER_NOTICE_SENDER_SILENT,
    WC_RECEIVER_NOTICE_FETCH,   /* ask the sender for block sbn by unicast */
    WC_RECEIVER_NOTICE_BEHIND,  /* blocks passed while they were shut, and are open now: go on by
                                   unicast (not if it is not allowed); said once */
    WC_RECEIVER_NOTICE_DAMAGED, /* block sbn is wrong each time, however it comes: said once */
};

struct wc_receiver_notice {
    enum wc_receiver_notice_type type;
    uint32_t sbn;
    uint32_t slot;
    const uint8_t *esi; /* of each row of the slot; stays until STORED */
    uint64_t pn;        /* REACHED: of the datagram */
};

struct wc_receiver_stats {
    uint64_t received_count;  /* authentic and fresh */
    uint64_t lost_count;      /* packet numbers since the first heard that did not come (yet) */
    uint64_t duplicate_count; /* symbols that were here already or of stored blocks */
    uint64_t refused_count;   /* no free slot */
    uint64_t shut_count;      /* symbols of blocks that may not come yet */
    uint64_t repaired_count;  /* source symbols that repair symbols stood in for */
    uint64_t void_count;      /* blocks whose hash did not match */
    uint64_t mended_count;    /* blocks that were void, and right when they came again */
    uint32_t block_done_count;
    uint32_t block_count;
    uint32_t slot_used_count;
};

/* WC_E_RANGE, WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_receiver_new(struct wc_receiver **ret,
                                        const struct wc_receiver_config *config,
                                        const struct wc_alloc *alloc, wc_ns now);
void wc_receiver_free(struct wc_receiver *r);

/* Where the symbol of this (not yet authentic) datagram belongs. Changes nothing. */
struct wc_place wc_receiver_place(const struct wc_receiver *r, const struct wc_header *header);

/* The same for a source symbol that came by unicast: ROW, or DROP. */
struct wc_place wc_receiver_place_symbol(const struct wc_receiver *r, uint32_t sbn, uint8_t esi);

/* WC_E_RANGE, WC_E_STATE: the event cannot be (a shell's bug or a late result); nothing changed. */
WC_MUST_USE enum wc_err wc_receiver_input(struct wc_receiver *r, wc_ns now,
                                          const struct wc_receiver_event *event);

/* The report that is due now; false: none. */
bool wc_receiver_output(struct wc_receiver *r, wc_ns now, struct wc_report *ret_report);

/* When to call output again if no event comes first; until the end: reports also tell that this
 * receiver lives. */
wc_ns wc_receiver_deadline(const struct wc_receiver *r);

bool wc_receiver_notice(struct wc_receiver *r, struct wc_receiver_notice *ret);

void wc_receiver_stats(const struct wc_receiver *r, struct wc_receiver_stats *ret);

#endif
