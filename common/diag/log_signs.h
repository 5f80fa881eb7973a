/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one entry of a log says about a multicast session: signs, each found by words that the
 * programs write (ConfigMgr's client and server, wimcast), and the facts in them. What the signs
 * mean together is log_rules.c's. */
#ifndef WC_DIAG_LOG_SIGNS_H
#define WC_DIAG_LOG_SIGNS_H

#include "common/diag/logline.h"

enum wc_log_sign {
    /* Of any multicast session. */
    WC_SIGN_MULTICAST,      /* speaks of multicast at all */
    WC_SIGN_KEY_REQUEST,    /* the client asks for the MCS key */
    WC_SIGN_REQUEST_OK,     /* an HTTP request was answered */
    WC_SIGN_EMPTY_REPLY,    /* with nothing in the answer */
    WC_SIGN_KEY_FAILED,     /* no MCS key */
    WC_SIGN_KEY_UNSIGNED,   /* somebody says that the key is not signed */
    WC_SIGN_OPEN_FAILED,    /* no session */
    WC_SIGN_REQUEST_FAILED, /* to a distribution point, by name */
    WC_SIGN_STATUS_FAILED,  /* the client reports that multicast failed */
    WC_SIGN_DOWNLOAD,       /* the transfer begins */
    WC_SIGN_SPARSE,         /* a part of a file was not written */
    WC_SIGN_CUT_SHORT,      /* a file was not processed completely */
    WC_SIGN_WRITTEN,        /* a file was written, with its length */
    WC_SIGN_SUCCEEDED,      /* the transfer is over and well */
    WC_SIGN_HASH,           /* what came is not what was published */
    WC_SIGN_HASH_NOTHING,   /* and its digest is that of nothing */
    /* What may be a cause, wherever it stands. */
    WC_SIGN_TIMEOUT,
    WC_SIGN_HTTP, /* a status of 400 and above */
    WC_SIGN_ACCESS,
    WC_SIGN_ACCOUNT,
    WC_SIGN_NETWORK, /* also: names */
    WC_SIGN_TLS,
    WC_SIGN_WDS,
    /* wimcast's own. */
    WC_SIGN_OWN,        /* said by one of its programs */
    WC_SIGN_OWN_BEGIN,  /* the program started */
    WC_SIGN_OWN_WORK,   /* a session is under way */
    WC_SIGN_OWN_EMPTY,  /* no multicast came, and unicast did: a warning */
    WC_SIGN_OWN_MEMBER, /* the sender lost a receiver */
    WC_SIGN_OWN_ERROR,
    WC_SIGN_OWN_GOOD,
};
#define WC_SIGN_COUNT 30u

#define WC_LOG_NAME_BYTES 96u

struct wc_log_signs {
    uint32_t signs;       /* bit 1 << enum wc_log_sign */
    uint32_t code;        /* the first failure in it, as an HRESULT; 0: none */
    uint64_t sparse_from; /* of WC_SIGN_SPARSE */
    uint64_t sparse_bytes;
    uint64_t written_bytes;          /* of WC_SIGN_WRITTEN */
    char server[WC_LOG_NAME_BYTES];  /* the distribution point it names; "": none */
    char package[WC_LOG_NAME_BYTES]; /* "": none */
    bool failed;                     /* a code, or words of failure */
};

_Static_assert(WC_SIGN_COUNT == WC_SIGN_OWN_GOOD + 1 && WC_SIGN_COUNT <= 32, "a bit for each");

/* The digest of a file of zero bytes (SHA-1, SHA-256, MD5) is in `text`, in hexadecimal digits. */
bool wc_log_names_nothing(const char *text);

void wc_log_signs_of(const struct wc_log_entry *entry, struct wc_log_signs *ret);

static inline bool wc_log_has(uint32_t signs, enum wc_log_sign sign)
{
    return (signs >> sign & 1) != 0;
}

#endif
