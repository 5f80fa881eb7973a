/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spelling is that of the programs, "Succesfully" included. */
#include "common/diag/log_signs.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/codes.h"
#include "common/diag/remark.h"

#define HTTP_DISTANCE 12u

struct words {
    const char *text;
    enum wc_log_sign sign;
};

/* Words that only a multicast session has. */
static const struct words session_words[] = {
    {"sms_mcs", WC_SIGN_MULTICAST},
    {"op=keyinfo", WC_SIGN_KEY_REQUEST},
    {"MCS key", WC_SIGN_MULTICAST},
    {"mcs://", WC_SIGN_MULTICAST},
    {"OpenSessionRequest", WC_SIGN_MULTICAST},
    {"ClientRequestToMCS", WC_SIGN_MULTICAST},
    {"mcsisapiclient", WC_SIGN_MULTICAST},
    {"multicast download", WC_SIGN_MULTICAST},
    {"multicast session", WC_SIGN_MULTICAST},
    {"multicast transfer", WC_SIGN_MULTICAST},
    {"WdsTransport", WC_SIGN_MULTICAST},
    {"wdsmcast", WC_SIGN_MULTICAST},
    {"WDSMC", WC_SIGN_MULTICAST},
    {"GetMCSKey(", WC_SIGN_KEY_FAILED},
    {"Failed to get MCS key", WC_SIGN_KEY_FAILED},
    {"OpenSessionRequest failed", WC_SIGN_OPEN_FAILED},
    {"Request to MCS '", WC_SIGN_REQUEST_FAILED},
    {"PackageDownloadMulticastStatusFail", WC_SIGN_STATUS_FAILED},
    {"multicast download from", WC_SIGN_SUCCEEDED}, /* only with "succes" in front */
    {"Found sparse part of the file", WC_SIGN_SPARSE},
    {"File not processed completely", WC_SIGN_CUT_SHORT},
};

/* Words that count within a session, and say nothing alone. */
static const struct words other_words[] = {
    {"Request was successful", WC_SIGN_REQUEST_OK},
    {"reply has no message header marker", WC_SIGN_EMPTY_REPLY},
    {"Done writing to file", WC_SIGN_WRITTEN},
    {"Hash could not be matched for the downl", WC_SIGN_HASH},
    {"hash value is incorrect", WC_SIGN_HASH},
    {"hash value is not correct", WC_SIGN_HASH},
    {"Hash does not match expected", WC_SIGN_HASH},
    {"access is denied", WC_SIGN_ACCESS},
    {"access denied", WC_SIGN_ACCESS},
    {"logon failure", WC_SIGN_ACCOUNT},
};

/* What programs compute for a file of zero bytes: SHA-1, SHA-256, MD5. */
static const char *const digests_of_nothing[] = {
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d41d8cd98f00b204e9800998ecf8427e",
};

bool wc_log_names_nothing(const char *text)
{
    for (size_t i = 0; i < sizeof digests_of_nothing / sizeof digests_of_nothing[0]; i++) {
        if (wc_remark_find(text, digests_of_nothing[i]))
            return true;
    }
    return false;
}

static void set(struct wc_log_signs *s, enum wc_log_sign sign)
{
    s->signs |= 1u << sign;
}

static void clear(struct wc_log_signs *s, enum wc_log_sign sign)
{
    s->signs &= ~(1u << sign);
}

static bool has(const struct wc_log_signs *s, enum wc_log_sign sign)
{
    return wc_log_has(s->signs, sign);
}

/* --- codes ------------------------------------------------------------------------------------ */

static enum wc_log_sign sign_of_code(uint32_t code)
{
    if (WC_CODE_IS_HTTP(code))
        return WC_SIGN_HTTP;
    if (WC_CODE_IS_WDS(code))
        return WC_SIGN_WDS;
    switch (wc_code_topic_of(code)) {
    case WC_TOPIC_EMPTY:
        return WC_SIGN_TIMEOUT;
    case WC_TOPIC_ACCESS: /* not a file that is in use, or there already */
        return code == WC_HR_ACCESS_DENIED || code == 0x80070041u ? WC_SIGN_ACCESS : WC_SIGN_COUNT;
    case WC_TOPIC_ACCOUNT:
        return WC_SIGN_ACCOUNT;
    case WC_TOPIC_NETWORK:
    case WC_TOPIC_NAME:
        return WC_SIGN_NETWORK;
    case WC_TOPIC_TLS:
        return WC_SIGN_TLS;
    default:
        return code == WC_HR_HASH_VALUE ? WC_SIGN_HASH : WC_SIGN_COUNT;
    }
}

/* "HTTP status 401", "StatusCode: 500", "HTTP/1.1 403": the number, or 0. */
static uint32_t http_status(const char *message)
{
    static const char *const words[] = {"http status", "statuscode", "status code", "http/1."};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = wc_remark_find(message, words[i]);
        if (!at)
            continue;
        at += strlen(words[i]) + (i == 3); /* the minor version */
        size_t gap = strcspn(at, "0123456789");
        bool three = gap < HTTP_DISTANCE && strspn(at + gap, "0123456789") == 3;
        if (three && (at[gap] == '4' || at[gap] == '5'))
            return (uint32_t)(at[gap] - '0') * 100 + (uint32_t)(at[gap + 1] - '0') * 10 +
                   (uint32_t)(at[gap + 2] - '0');
    }
    return 0;
}

static void read_codes(const char *message, struct wc_log_signs *s)
{
    uint32_t code;
    for (const char *at = message; wc_code_next(&at, &code);) {
        if (!(code & 0x80000000u))
            continue;
        if (!s->code)
            s->code = code;
        enum wc_log_sign sign = sign_of_code(code);
        if (sign != WC_SIGN_COUNT)
            set(s, sign);
    }
    uint32_t status = http_status(message);
    if (status) {
        set(s, WC_SIGN_HTTP);
        if (!WC_CODE_IS_HTTP(s->code))
            s->code = 0x80190000u | status;
    }
}

/* --- names and numbers ------------------------------------------------------------------------ */

/* A host's name at `at`. */
static bool read_name(const char *at, char *ret)
{
    struct wc_remark p = wc_remark_of(ret, WC_LOG_NAME_BYTES);
    size_t count = 0;
    while (wc_remark_is_word(at[count]) || at[count] == '-' || at[count] == '.')
        count++;
    wc_remark_bytes(&p, at, count);
    return count > 0;
}

static void read_server(const char *message, struct wc_log_signs *s)
{
    static const char *const words[] = {"URL: http://", "URL: https://", "URL: ", "MCS '",
                                        "Server=",      "mcs://",        "://"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = wc_remark_find(message, words[i]);
        if (at && read_name(at + strlen(words[i]), s->server))
            return;
    }
    s->server[0] = '\0';
}

static void read_package(const char *message, struct wc_log_signs *s)
{
    static const char *const words[] = {"packageID=", "Packages\\", "RemoteObject="};
    const char *at = NULL;
    size_t i = 0;
    for (; i < 3 && !at; i++)
        at = wc_remark_find(message, words[i]);
    s->package[0] = '\0';
    if (!at)
        return;
    at += strlen(words[i - 1]);
    if (i == 3) { /* \\SERVER/SMSPKGD$/PACKAGE\ */
        const char *share = wc_remark_find(at, "SMSPKG");
        const char *slash = share ? strchr(share, '/') : NULL;
        if (!slash)
            return;
        at = slash + 1;
    }
    (void)read_name(at, s->package);
}

static uint64_t read_number(const char **at)
{
    uint64_t value = 0;
    *at += strcspn(*at, "0123456789");
    for (; wc_remark_is_digit(**at); ++*at)
        value = value > UINT64_MAX / 10 - 1 ? value : value * 10 + (uint64_t)(**at - '0');
    return value;
}

static void read_sizes(const char *message, struct wc_log_signs *s)
{
    const char *at = wc_remark_find(message, "sparse part of the file");
    if (has(s, WC_SIGN_SPARSE) && at) {
        s->sparse_from = read_number(&at);
        s->sparse_bytes = read_number(&at);
    }
    at = wc_remark_find(message, "len=");
    if (has(s, WC_SIGN_WRITTEN) && at)
        s->written_bytes = read_number(&at);
    else
        clear(s, WC_SIGN_WRITTEN);
}

/* --- ConfigMgr -------------------------------------------------------------------------------- */

static void read_words(const char *message, struct wc_log_signs *s)
{
    for (size_t i = 0; i < sizeof session_words / sizeof session_words[0]; i++) {
        if (!wc_remark_find(message, session_words[i].text))
            continue;
        set(s, session_words[i].sign);
        set(s, WC_SIGN_MULTICAST);
    }
    for (size_t i = 0; i < sizeof other_words / sizeof other_words[0]; i++) {
        if (wc_remark_find(message, other_words[i].text))
            set(s, other_words[i].sign);
    }
    if (has(s, WC_SIGN_SUCCEEDED) && !wc_remark_find(message, "succes"))
        clear(s, WC_SIGN_SUCCEEDED);
    if (has(s, WC_SIGN_REQUEST_FAILED) && !wc_remark_find(message, "failed"))
        clear(s, WC_SIGN_REQUEST_FAILED);
    if (wc_remark_find(message, "Download: Server=") && wc_remark_find(message, "Namespace=")) {
        set(s, WC_SIGN_DOWNLOAD);
        set(s, WC_SIGN_MULTICAST);
    }
    if (wc_remark_find(message, "VerifyPackageHash") && s->code)
        set(s, WC_SIGN_HASH);
    if (wc_remark_begins(message, "pNext != NULL, HRESULT="))
        set(s, WC_SIGN_EMPTY_REPLY);
}

/* "SignedSerializedMCSKey is empty", in whatever words. */
static void read_unsigned(const char *message, struct wc_log_signs *s)
{
    const char *key = wc_remark_find(message, "SerializedMCSKey");
    if (!key)
        return;
    set(s, WC_SIGN_MULTICAST);
    if (wc_remark_find(message, "empty") || wc_remark_find(message, "missing") ||
        wc_remark_find(message, "not signed") || wc_remark_find(message, "not found") ||
        wc_remark_find(message, "failed"))
        set(s, WC_SIGN_KEY_UNSIGNED);
}

static void read_digests(const char *message, struct wc_log_signs *s)
{
    /* What was expected may not speak for what came. */
    const char *came = wc_remark_find(message, "Downloaded ContentHash");
    if (!came)
        came = wc_remark_find(message, "actual");
    if (wc_log_names_nothing(came ? came : message))
        set(s, WC_SIGN_HASH_NOTHING);
}

/* --- wimcast ---------------------------------------------------------------------------------- */

/* "0x800705B4: ", as wimcast's errors begin. */
static bool begins_with_code(const char *message)
{
    uint32_t code;
    const char *at = message;
    return wc_remark_begins(message, "0x") && wc_code_next(&at, &code) && at == message + 10 &&
           at[0] == ':' && at[1] == ' ';
}

static bool begins_with_any(const char *message, const char *const *beginnings)
{
    for (; *beginnings; beginnings++) {
        if (wc_remark_begins(message, *beginnings))
            return true;
    }
    return false;
}

/* "receiver NAME (ADDRESS) STATE: REASON", with a state that is an end. */
static bool is_lost_member(const char *message)
{
    static const char *const states[] = {") failed", ") lost", ") silent", ") slow", NULL};
    if (!wc_remark_begins(message, "receiver "))
        return false;
    for (size_t i = 0; states[i]; i++) {
        if (wc_remark_find(message, states[i]))
            return true;
    }
    return false;
}

/* Plain lines have no name in front: these only wimcast writes. */
static bool is_own(const struct wc_log_entry *e)
{
    static const char *const beginnings[] = {"trusting key sha256:",
                                             "receivers join with:  wimcast-receiver",
                                             "looking for announced sessions on this link",
                                             "going on by unicast: ",
                                             "empty download: ",
                                             "incomplete download: ",
                                             NULL};
    const char *m = e->message;
    if (e->form == WC_LOG_EVENT || wc_remark_begins(e->component, "wimcast"))
        return true;
    if (e->form != WC_LOG_PLAIN)
        return false;
    return begins_with_any(m, beginnings) || (e->type == WC_LOG_ERROR && begins_with_code(m)) ||
           (wc_remark_begins(m, "verified: ") && wc_remark_find(m, "symbols lost")) ||
           (wc_remark_begins(m, "package ") && wc_remark_find(m, " on ") &&
            wc_remark_find(m, " file")) ||
           (e->type == WC_LOG_WARNING && is_lost_member(m)) ||
           wc_remark_find(m, " receivers have all of ") != NULL;
}

static void read_own(const struct wc_log_entry *e, struct wc_log_signs *s)
{
    static const char *const good[] = {"verified: ", "ok: ", "summary: ok", NULL};
    static const char *const bad[] = {"failed: ",           "cancelled: ",    "summary: failed",
                                      "summary: cancelled", "summary: error", NULL};
    static const char *const work[] = {"package",     "trusting key", "receivers join", "session",
                                       "looking for", "sending ",     "trust: ",        NULL};
    const char *m = e->message;
    set(s, WC_SIGN_OWN);
    set(s, WC_SIGN_MULTICAST);
    if (e->type == WC_LOG_ERROR)
        set(s, WC_SIGN_OWN_ERROR);
    else if (is_lost_member(m) || begins_with_any(m, bad))
        set(s, WC_SIGN_OWN_MEMBER);
    else if (e->type == WC_LOG_WARNING && (wc_remark_begins(m, "empty download: ") ||
                                           wc_remark_begins(m, "incomplete download: ")))
        set(s, WC_SIGN_OWN_EMPTY);
    else if (begins_with_any(m, good))
        set(s, WC_SIGN_OWN_GOOD);
    else if (wc_remark_begins(m, "wimcast-") && wc_remark_find(m, " begins"))
        set(s, WC_SIGN_OWN_BEGIN);
    else if (begins_with_any(m, work))
        set(s, WC_SIGN_OWN_WORK);
    s->failed = e->type == WC_LOG_ERROR;
}

void wc_log_signs_of(const struct wc_log_entry *entry, struct wc_log_signs *ret)
{
    const char *message = entry->message;
    *ret = (struct wc_log_signs){0};
    read_codes(message, ret);
    if (is_own(entry)) {
        ret->signs = 0; /* it has said itself what is the cause */
        read_own(entry, ret);
        read_digests(message, ret);
        return;
    }
    read_words(message, ret);
    read_unsigned(message, ret);
    read_digests(message, ret);
    read_sizes(message, ret);
    read_server(message, ret);
    read_package(message, ret);
    ret->failed = ret->code != 0 || wc_remark_find(message, "failed") != NULL;
}
