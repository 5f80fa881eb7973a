/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which multicast sessions a log tells of, and what was the first thing that went wrong in each:
 * entries go in, in the order of time, and what was found is counted. A session is what its signs
 * (log_signs.h) make of it: the key, the session, the transfer, the hash. What fails later because
 * something failed before is no cause: an empty download is never reported as a hash error. */
#ifndef WC_DIAG_LOG_RULES_H
#define WC_DIAG_LOG_RULES_H

#include "common/diag/log_signs.h"

enum wc_log_cause {
    WC_CAUSE_NONE,       /* all went well */
    WC_CAUSE_UNFINISHED, /* the log ends before the session does */
    WC_CAUSE_KEY,
    WC_CAUSE_UNAUTHORISED, /* nobody knows who asks */
    WC_CAUSE_ACCESS,       /* somebody knows, and refuses */
    WC_CAUSE_HTTP,         /* any other status */
    WC_CAUSE_NETWORK,
    WC_CAUSE_TLS,
    WC_CAUSE_WDS,
    WC_CAUSE_OPEN, /* no session, with a code that says why, or does not */
    WC_CAUSE_EMPTY,
    WC_CAUSE_SPARSE,     /* zeros that were not written changed the hash */
    WC_CAUSE_INCOMPLETE, /* a part came */
    WC_CAUSE_DAMAGE,
    WC_CAUSE_OWN_ERROR, /* of wimcast's programs, which name their causes themselves */
    WC_CAUSE_OWN_MEMBER,
    WC_CAUSE_OWN_EMPTY,
};

/* Where something was seen. */
struct wc_log_place {
    uint64_t line;
    uint32_t source; /* as given to wc_log_rules_take */
    bool has_time;
    int64_t time_ms;
    char quote[200];
};

/* One kind of failure; sessions that failed in the same way are counted. */
#define WC_LOG_EVIDENCE_MAX 4u
struct wc_log_found {
    enum wc_log_cause cause;
    uint32_t code; /* 0: none was said */
    uint32_t session_count;
    uint32_t evidence_count;
    struct wc_log_place evidence[WC_LOG_EVIDENCE_MAX]; /* of the first */
    char server[WC_LOG_NAME_BYTES];
    char package[WC_LOG_NAME_BYTES];
    char sentence[400]; /* what wimcast said; "": another program */
};

/* A distribution point that failed. */
struct wc_log_server {
    char name[WC_LOG_NAME_BYTES];
    uint32_t failure_count;
    struct wc_log_place first, last;
};

/* A session under way. */
struct wc_log_session {
    bool open;
    bool own;           /* of wimcast */
    uint32_t thread;    /* that wrote of it; 0 with ConfigMgr: any */
    uint32_t source;    /* in which it is told of last */
    uint32_t seen;      /* signs */
    uint64_t used;      /* when it was last heard of, in entries */
    unsigned rank;      /* how far it came */
    bool whole_sparse;  /* a file of nothing but a hole */
    bool wrote_nothing; /* a file of length 0 */
    bool real_digest;   /* a wrong digest that is not the one of nothing */
    bool server_counted;
    uint32_t code[WC_SIGN_COUNT];
    uint64_t order[WC_SIGN_COUNT];
    struct wc_log_place place[WC_SIGN_COUNT]; /* where each was first seen */
    char server[WC_LOG_NAME_BYTES];
    char package[WC_LOG_NAME_BYTES];
    char sentence[400];
};

#define WC_LOG_SESSIONS_MAX 72u /* under way at once: several machines' logs read as one */
#define WC_LOG_FOUND_MAX    24u
#define WC_LOG_SERVERS_MAX  16u

struct wc_log_rules {
    uint64_t entry_count;
    uint64_t form_count[WC_LOG_FORM_COUNT];
    uint64_t torn_count;
    uint64_t session_count;
    uint64_t good_count;
    bool has_time;
    int64_t first_ms, last_ms;
    uint32_t first_code; /* the first failure anywhere; 0: none */
    uint32_t found_count, found_dropped;
    uint32_t server_count;
    uint32_t place_count; /* of sessions that were ever used */
    struct wc_log_session sessions[WC_LOG_SESSIONS_MAX];
    struct wc_log_found found[WC_LOG_FOUND_MAX];
    struct wc_log_server servers[WC_LOG_SERVERS_MAX];
};

/* Some 700 KB: not for a stack. */
void wc_log_rules_init(struct wc_log_rules *r);
/* The next entry; `source` is the number of its file. */
void wc_log_rules_take(struct wc_log_rules *r, const struct wc_log_entry *entry, uint32_t source);
/* There are no more: sessions under way end here. */
void wc_log_rules_end(struct wc_log_rules *r);

#endif
