/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One list of errors for all modules; 0 is success. Texts are for logs, never for decisions. */
#ifndef WC_CORE_ERR_H
#define WC_CORE_ERR_H

#define WC_ERR_LIST(X)                                  \
    X(WC_E_NOMEM, -1, "out of memory")                  \
    X(WC_E_RANGE, -2, "value out of range")             \
    X(WC_E_SHORT, -3, "input ends too early")           \
    X(WC_E_VERSION, -4, "unknown protocol version")     \
    X(WC_E_TYPE, -5, "unknown type")                    \
    X(WC_E_FORMAT, -6, "malformed input")               \
    X(WC_E_TOO_LARGE, -7, "exceeds a limit")            \
    X(WC_E_PATH, -8, "path not allowed")                \
    X(WC_E_AUTH, -9, "authentication failed")           \
    X(WC_E_DIGEST, -10, "digest differs")               \
    X(WC_E_IO, -11, "input/output error")               \
    X(WC_E_FULL, -12, "no space left")                  \
    X(WC_E_CLOSED, -13, "closed by the other side")     \
    X(WC_E_AGAIN, -14, "not now")                       \
    X(WC_E_CRYPTO, -15, "cryptographic library failed") \
    X(WC_E_STATE, -16, "not allowed in this state")     \
    X(WC_E_NOT_FOUND, -17, "not found")                 \
    X(WC_E_SYS, -18, "system call failed")

enum wc_err {
    WC_OK = 0,
#define WC_ERR_ENUM(name, value, text) name = value,
    WC_ERR_LIST(WC_ERR_ENUM)
#undef WC_ERR_ENUM
};

/* Static text, never NULL. */
const char *wc_err_text(enum wc_err err);

#endif
