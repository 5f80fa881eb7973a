/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/refused.h"

#include <stdio.h>

#include "common/io/format.h"

const char *wc_refused_line(const struct wc_refusal *r, const char *package,
                            char ret[WC_SENTENCE_BYTES_MAX + 1])
{
    char due[WC_FORMAT_BYTES];
    char lead[160];
    if (r->due_bytes)
        snprintf(lead, sizeof lead, "empty download: 0 of %s%s%s",
                 wc_format_bytes(due, r->due_bytes), package[0] ? " of " : "", package);
    else
        snprintf(lead, sizeof lead, "the sender refused");
    int count = snprintf(ret, WC_SENTENCE_BYTES_MAX + 1, "%s: %s%s%s", lead, r->sentence,
                         r->fix[0] ? "; " : "", r->fix);
    if (count < 0)
        ret[0] = '\0';
    return ret;
}
