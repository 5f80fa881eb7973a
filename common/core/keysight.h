/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was seen of a sender's key, without a judgement: on the sender's disk, or by a receiver in
 * the TLS handshake and in what followed it. common/io fills it, common/diag/key_rules.h makes
 * findings of it. */
#ifndef WC_CORE_KEYSIGHT_H
#define WC_CORE_KEYSIGHT_H

#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_KEY_PLACE_BYTES  272u
#define WC_KEY_DETAIL_BYTES 96u
#define WC_KEY_NAMES_BYTES  256u

/* How a file that holds a key or a certificate looks. */
enum wc_key_file {
    WC_KEY_FILE_GOOD,
    WC_KEY_FILE_MISSING,
    WC_KEY_FILE_EMPTY,
    WC_KEY_FILE_MALFORMED,  /* no PEM of what belongs there, too large, no regular file */
    WC_KEY_FILE_EXPOSED,    /* a secret that others may read or write */
    WC_KEY_FILE_FOREIGN,    /* a secret of another user, who may change it */
    WC_KEY_FILE_UNREADABLE, /* by this user, or at all */
};

/* Whose signature a certificate has. */
enum wc_key_signer {
    WC_KEY_SIGNER_NONE,  /* there is no certificate to look at */
    WC_KEY_SIGNER_SELF,  /* signed by itself */
    WC_KEY_SIGNER_SITE,  /* by the site that counts here */
    WC_KEY_SIGNER_OTHER, /* by another */
    WC_KEY_SIGNER_FALSE, /* names that site, but the signature is not its */
};

/* What a receiver saw after the handshake. */
enum wc_key_reply {
    WC_KEY_REPLY_GOOD,       /* or none was due yet */
    WC_KEY_REPLY_EMPTY,      /* the sender closed without a session descriptor */
    WC_KEY_REPLY_CUT,        /* the descriptor ends too early */
    WC_KEY_REPLY_NO_CONTENT, /* the descriptor promises a manifest of 0 bytes, or the like */
    WC_KEY_REPLY_PART,       /* the manifest ends too early: got_bytes of due_bytes */
    WC_KEY_REPLY_UNSIGNED,   /* the manifest has no signature, or half of one */
    WC_KEY_REPLY_SWAPPED,    /* the manifest is not the one that the descriptor names */
    WC_KEY_REPLY_OTHER_KEY,  /* the manifest's signature is not of the sender's key */
};

struct wc_key_sight {
    bool by_receiver;               /* else: files of this machine */
    char place[WC_KEY_PLACE_BYTES]; /* the state directory; HOST:PORT */
    int64_t now_s;                  /* seconds since 1970, UTC, by the clock of who looks */

    /* On disk. */
    enum wc_key_file key, certificate;
    char key_detail[WC_KEY_DETAIL_BYTES]; /* "mode 0644", or the system's words */
    char certificate_detail[WC_KEY_DETAIL_BYTES];
    bool has_request;       /* a request waits for the site's signature */
    bool has_next;          /* a new key waits for its certificate; the old one is in use */
    bool is_pair;           /* the certificate is of the key */
    bool belongs_to_a_site; /* the site's certificate lies beside the key, good or not */
    enum wc_key_file site_certificate;
    char site_detail[WC_KEY_DETAIL_BYTES];
    bool has_site_key;    /* the private key of the site that counts is at hand */
    uint32_t folder_mode; /* of the state directory, if others may write to it; else 0 */
    bool has_key_digest;
    uint8_t key_digest[WC_DIGEST_BYTES]; /* of the key; by_receiver: that the sender showed */

    /* The certificate. */
    enum wc_key_signer signer;
    uint8_t signer_digest[WC_DIGEST_BYTES]; /* of the key that signed it, if has_signer_digest */
    bool has_signer_digest;
    int64_t not_before_s, not_after_s;
    char names[WC_KEY_NAMES_BYTES]; /* "dp7, 10.0.0.7": cut with "..." if they are many */
    char name[WC_KEY_PLACE_BYTES];  /* that was asked for, or will be; "": names do not matter */
    bool name_fits;

    /* What counts here: the site's key, or (by_receiver) any key that a URL names. */
    bool has_pin;
    bool pin_is_site; /* known to be a site's key */
    uint8_t pin[WC_DIGEST_BYTES];

    /* After the handshake. */
    enum wc_key_reply reply;
    uint64_t got_bytes, due_bytes;
};

#endif
