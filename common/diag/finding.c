/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/finding.h"

#include <stddef.h>
#include <string.h>

struct wc_finding *wc_findings_add(struct wc_findings *list, const struct wc_finding_kind *kind)
{
    if (list->count == WC_FINDINGS_MAX) {
        list->dropped_count++;
        return NULL;
    }
    struct wc_finding *finding = &list->items[list->count++];
    *finding = (struct wc_finding){.kind = kind};
    return finding;
}

const struct wc_finding *wc_findings_worst(const struct wc_findings *list)
{
    const struct wc_finding *worst = NULL;
    for (uint32_t i = 0; i < list->count; i++)
        if (!worst || list->items[i].kind->severity > worst->kind->severity)
            worst = &list->items[i];
    return worst;
}

const char *wc_severity_text(enum wc_severity severity)
{
    static const char *const texts[] = {
        [WC_SEVERITY_NOTICE] = "notice",
        [WC_SEVERITY_WARNING] = "warning",
        [WC_SEVERITY_ERROR] = "error",
    };
    return texts[severity];
}

void wc_finding_line(const struct wc_finding *finding, char *ret, size_t capacity)
{
    const char *const parts[] = {finding->sentence, finding->evidence[0] ? ": " : "",
                                 finding->evidence, finding->fix[0] ? "; " : "", finding->fix};
    size_t at = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        size_t count = strnlen(parts[i], WC_FINDING_TEXT_BYTES);
        if (count > capacity - 1 - at)
            count = capacity - 1 - at;
        memcpy(ret + at, parts[i], count);
        at += count;
    }
    ret[at] = '\0';
}
