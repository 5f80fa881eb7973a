/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Codes as people have them: an HRESULT from a log with or without its 0x, or with a zero lost on
 * the way, as a signed or unsigned number, a plain Win32 error, an exit code. What each is called,
 * what it says, what that means when machines are deployed by multicast, and what to do. */
#ifndef WC_DIAG_CODES_H
#define WC_DIAG_CODES_H

#include "common/core/types.h"

/* What codes have in common: the meaning and the fix. */
enum wc_code_topic {
    WC_TOPIC_SUCCESS,
    WC_TOPIC_FAIL,      /* E_FAIL: at the MCS key, more often than not */
    WC_TOPIC_EMPTY,     /* nothing came */
    WC_TOPIC_DAMAGE,    /* something else came */
    WC_TOPIC_ACCESS,    /* known, and not allowed */
    WC_TOPIC_ACCOUNT,   /* not known: name, password */
    WC_TOPIC_MISSING,   /* no such package, file, namespace */
    WC_TOPIC_NETWORK,   /* the other side is not reached, or lost */
    WC_TOPIC_NAME,      /* of a host */
    WC_TOPIC_TLS,       /* certificates */
    WC_TOPIC_SERVER,    /* the other side is reached, and broken */
    WC_TOPIC_SPACE,     /* of a disk */
    WC_TOPIC_DISK,      /* errors of it */
    WC_TOPIC_SIGNATURE, /* a key or a signature of another kind */
    WC_TOPIC_SECURITY,  /* of WDS: client and server disagree */
    WC_TOPIC_WDS,       /* its server */
    WC_TOPIC_WDSCLIENT, /* its client */
    WC_TOPIC_SERVICE,   /* of Windows, not running */
    WC_TOPIC_RESOURCE,  /* memory, handles */
    WC_TOPIC_CANCELLED,
    WC_TOPIC_REBOOT,
    WC_TOPIC_BUSY,     /* wimcast: full */
    WC_TOPIC_PROTOCOL, /* wimcast: versions */
    WC_TOPIC_USAGE,    /* a call that Windows does not take */
    WC_TOPIC_UNKNOWN,
};

struct wc_code_row {
    uint32_t hresult;
    enum wc_code_topic topic;
    const char *symbol;
    const char *sentence;
};

/* The table, in ascending order, for a binary search; and what a topic says. */
extern const struct wc_code_row wc_code_table[];
extern const size_t wc_code_table_count;
const char *wc_code_meaning(enum wc_code_topic topic);
const char *wc_code_fix(enum wc_code_topic topic);

/* The row of a code; NULL: not in the table. */
const struct wc_code_row *wc_code_find(uint32_t hresult);
/* Its topic: of its row, or as far as its facility tells. */
enum wc_code_topic wc_code_topic_of(uint32_t hresult);

/* All that can be said of a code, in words. */
#define WC_CODE_TEXT_BYTES 512u
struct wc_code_text {
    char hex[16];    /* "0x800705B4" */
    char symbol[64]; /* "ERROR_TIMEOUT"; of an unknown one "" */
    char sentence[WC_CODE_TEXT_BYTES];
    const char *meaning; /* static */
    const char *fix;     /* static */
};
void wc_code_describe(uint32_t hresult, struct wc_code_text *ret);

/* What a person typed, the whole text: "0x800705b4", "800705B4", "8004005" (a zero is put back),
 * "2147945410", "-2147467259", "1460". Win32 errors become HRESULTs, as HRESULT_FROM_WIN32 does.
 * false: no code. */
bool wc_code_parse(const char *text, uint32_t *ret);

/* The next code in a message, from *at on, which moves behind it: "HRESULT=80004005",
 * "(Code 0x80004005)", "failed. 801901F4", "exit code 2147945410". Numbers that only might be codes
 * are none: threads, sizes, package ids, GUIDs. false: no more. */
bool wc_code_next(const char **at, uint32_t *ret);

#define WC_CODE_IS_HTTP(code) (((code)&0xffff0000u) == 0x80190000u)
#define WC_CODE_IS_WDS(code) \
    (((code)&0xffff0000u) == 0xc1210000u || ((code)&0xffff0000u) == 0xc1220000u)

#endif
