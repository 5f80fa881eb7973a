/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/err.h"

const char *wc_err_text(enum wc_err err)
{
    switch (err) {
    case WC_OK:
        return "success";
#define WC_ERR_CASE(name, value, text) \
    case name:                         \
        return text;
        WC_ERR_LIST(WC_ERR_CASE)
#undef WC_ERR_CASE
    }
    return "unknown error";
}
