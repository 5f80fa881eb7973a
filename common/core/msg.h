/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages of the control channel. Each travels inside TLS as a frame:
 *
 *     0..3   bytes that follow: type and body, 1 .. WC_FRAME_BODY_MAX + 1
 *     4      type
 *     5..    body
 *
 * Fields are big-endian, texts are a u16 length and bytes without NUL. A decoder accepts extra
 * bytes at a body's end (fields of later versions) and refuses everything else that it does not
 * expect. Frames of unknown type are skipped by their length.
 *
 * Order: receiver HELLO; sender WELCOME and MANIFEST parts, or REFUSE; receiver READY once it has
 * heard the session's beacons; then REPORTs up and STATUS down until the receiver says DONE, or
 * either says BYE. */
#ifndef WC_CORE_MSG_H
#define WC_CORE_MSG_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_FRAME_HEADER_BYTES 5

enum wc_msg_type {
    WC_MSG_HELLO = 1,
    WC_MSG_WELCOME = 2,
    WC_MSG_REFUSE = 3,
    WC_MSG_MANIFEST = 4,
    WC_MSG_READY = 5,
    WC_MSG_STATUS = 6,
    WC_MSG_REPORT = 7,
    WC_MSG_DONE = 8,
    WC_MSG_BYE = 9,
    WC_MSG_ALIVE = 10,    /* receiver -> sender, no body: still getting ready (opening the store) */
    WC_MSG_UNICAST = 11,  /* either side: from now on by unicast, and why */
    WC_MSG_FETCH = 12,    /* receiver -> sender: send me these blocks by unicast */
    WC_MSG_SYMBOLS = 13,  /* sender -> receiver: source symbols of a block asked for */
    WC_MSG_VOID = 14,     /* receiver -> sender: a block came whole, but its digest is wrong */
    WC_MSG_PROGRESS = 15, /* receiver -> sender: how many files are verified */
};

/* A network address as bytes. */
struct wc_addr {
    uint8_t family;    /* 4 or 6; 0 = none */
    uint8_t bytes[16]; /* IPv4: the first four */
    uint16_t port;     /* host order */
};

/* receiver -> sender, first: who I am and what I want. */
struct wc_hello {
    uint16_t version;                         /* WC_PROTOCOL_VERSION */
    char name[WC_NAME_BYTES_MAX + 1];         /* of the receiver, for people */
    char package[WC_NAME_BYTES_MAX + 1];      /* id; "" = whatever is sent */
    char account[WC_NAME_BYTES_MAX + 1];      /* "" = none: anonymous, or by client certificate */
    char password[WC_PASSWORD_BYTES_MAX + 1]; /* of the account; wipe it after use */
};

/* sender -> receiver: the session descriptor. */
struct wc_welcome {
    uint16_t version;
    uint32_t instance;
    char package[WC_NAME_BYTES_MAX + 1];
    uint8_t key[32];       /* group key of this session instance */
    struct wc_addr group;  /* where data goes */
    struct wc_addr source; /* from where; family 0 = any source */
    uint8_t ttl;
    uint64_t pn; /* next packet number at the time of writing */
    uint32_t report_interval_us;
    uint32_t manifest_bytes;
    uint8_t manifest_digest[WC_DIGEST_BYTES]; /* SHA-256 of the manifest */
    uint16_t signature_bytes;                 /* of the manifest, by the MCS key */
    uint8_t signature[WC_SIGNATURE_BYTES_MAX];
    bool multicast_only; /* transfer only via multicast: UNICAST would be refused */
};

/* sender -> receiver, last: why not (REFUSE), and either way, why I leave (BYE). */
struct wc_refusal {
    uint32_t hresult;
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
    char fix[WC_SENTENCE_BYTES_MAX + 1];
    char finding[WC_NAME_BYTES_MAX + 1]; /* its stable id, such as access.denied; "": none */
    uint64_t due_bytes; /* that the package would have brought; 0: not known, or not told */
};

/* sender -> receiver: bytes [offset, offset + byte_count) of the manifest. */
struct wc_manifest_part {
    uint32_t offset;
    uint32_t byte_count;  /* 1..WC_MANIFEST_PART_MAX */
    const uint8_t *bytes; /* borrowed */
};

/* receiver -> sender: store is open and multicast was heard. */
struct wc_ready {
    uint64_t pn; /* of the beacon heard */
};

enum wc_phase {
    WC_PHASE_WAITING = 0,   /* for receivers */
    WC_PHASE_STREAMING = 1, /* until everybody is done, demoted or dropped */
    WC_PHASE_ENDED = 2,
};

/* sender -> receiver, at least once a second: also the proof that the sender lives. */
struct wc_status {
    uint8_t phase; /* enum wc_phase */
    uint32_t report_interval_us;
    uint32_t receivers; /* joined */
    uint32_t ready;
    uint32_t done;
    uint64_t rate_bps; /* current, on the wire */
};

/* `block_count` consecutive blocks from `sbn` that each lack `missing` symbols. */
struct wc_run {
    uint32_t sbn;
    uint32_t block_count; /* >= 1 */
    uint8_t missing;      /* 1..k; k = nothing was received of them */
};

/* receiver -> sender: all that this receiver still lacks (as far as WC_REPORT_RUNS_MAX goes: lowest
 * blocks first), and what it counted since its start. Idempotent: a later report replaces an
 * earlier one. */
struct wc_report {
    uint64_t
        pn; /* highest packet number processed; everything sent up to it that is not here is lost */
    uint64_t received_count; /* authentic datagrams */
    uint64_t lost_count;     /* packet numbers that never came */
    uint64_t overflow_count; /* of those, dropped by this host's socket buffer */
    uint64_t refused_count;  /* authentic symbols dropped because storage was behind */
    uint32_t block_done_count;
    uint32_t run_count;
    struct wc_run runs[WC_REPORT_RUNS_MAX];
};

/* receiver -> sender, last: the package is verified and on stable storage, or why not. */
struct wc_done {
    uint32_t hresult; /* 0 = all files verified */
    uint64_t bytes;
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
};

/* either side: why this receiver is served by unicast. */
struct wc_unicast {
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
};

/* receiver -> sender: block_count blocks from sbn. */
struct wc_fetch {
    uint32_t sbn;
    uint32_t block_count; /* 1..WC_FETCH_BLOCKS_MAX */
};

/* sender -> receiver: `byte_count` bytes of whole source symbols of block `sbn`, from ESI `first`
 * on. */
struct wc_symbols {
    uint32_t sbn;
    uint8_t first;
    uint8_t last;         /* 1: the last part of this block */
    uint32_t byte_count;  /* 1..WC_SYMBOLS_BYTES_MAX */
    const uint8_t *bytes; /* borrowed */
};

/* receiver -> sender: all of block `sbn` came, authentic, and is not what the manifest says. */
struct wc_void {
    uint32_t sbn;
    bool differs; /* hashing the same bytes again gave another digest: this machine's memory */
    uint8_t digest[WC_DIGEST_BYTES]; /* of what came */
};

/* receiver -> sender, once a second at most, and before DONE: of the package's files, or of those
 * inside its WIMs. */
struct wc_progress {
    uint32_t files_verified; /* 0..files_total */
    uint32_t files_total;
};

struct wc_msg {
    uint8_t type; /* enum wc_msg_type */
    union {
        struct wc_hello hello;
        struct wc_welcome welcome;
        struct wc_refusal refusal; /* REFUSE and BYE */
        struct wc_manifest_part manifest_part;
        struct wc_ready ready;
        struct wc_status status;
        struct wc_report report;
        struct wc_done done;
        struct wc_unicast unicast;
        struct wc_fetch fetch;
        struct wc_symbols symbols;
        struct wc_void void_block;
        struct wc_progress progress;
    };
};

/* Read a frame's header: its type, and the bytes of body that follow. WC_E_SHORT: needs
 * WC_FRAME_HEADER_BYTES; WC_E_TOO_LARGE, WC_E_FORMAT (no type). */
WC_MUST_USE enum wc_err wc_frame_decode(const uint8_t *bytes, size_t byte_count, uint8_t *ret_type,
                                        uint32_t *ret_body_bytes);

/* Write a whole frame. WC_E_SHORT: `capacity` too small (WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX
 * always suffices). The message's own ranges are asserted. */
WC_MUST_USE enum wc_err wc_msg_encode(const struct wc_msg *msg, uint8_t *bytes, size_t capacity,
                                      size_t *ret_byte_count);

/* Read a frame's body. WC_E_TYPE: unknown type, skip it; WC_E_VERSION: HELLO or WELCOME of
 * another version, which is in `ret` so that it can be named; WC_E_SHORT, WC_E_RANGE,
 * WC_E_FORMAT. `ret` borrows from `body` (manifest part and symbols) and is otherwise unspecified
 * on error. */
WC_MUST_USE enum wc_err wc_msg_decode(uint8_t type, const uint8_t *body, size_t body_bytes,
                                      struct wc_msg *ret);

#endif
