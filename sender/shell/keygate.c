/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/keygate.h"

#include <sysexits.h>

#include "common/diag/key_rules.h"

enum wc_err wc_keygate_check(const struct wc_keycheck_place *place,
                             const struct wc_keygate_listener *listener, struct wc_why *why)
{
    struct wc_key_sight sight;
    struct wc_findings findings = {.count = 0};
    char line[WC_SENTENCE_BYTES_MAX + 1];
    wc_keycheck_files(&sight, place);
    if (wc_keycheck_is_blank(&sight) && !sight.folder_mode)
        return WC_OK; /* a first use makes it */
    wc_key_rules(&sight, &findings);
    for (uint32_t i = 0; i < findings.count; i++) {
        const struct wc_finding *f = &findings.items[i];
        wc_finding_line(f, line, sizeof line);
        if (f->kind->severity == WC_SEVERITY_ERROR)
            return wc_why_finding(why, WC_E_AUTH, f->kind->id, f->kind->hresult, f->kind->exit_code,
                                  line);
        if (f->kind->severity == WC_SEVERITY_WARNING && listener)
            listener->warn(listener->ctx, f);
    }
    return WC_OK;
}

enum wc_err wc_keygate_open(struct wc_identity **ret, const char *state_dir, struct wc_why *why)
{
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
    enum wc_err err = wc_identity_open(ret, state_dir, sentence);
    if (!err)
        return WC_OK;
    return wc_why_set(why, err, err == WC_E_IO ? EX_NOPERM : EX_CONFIG, "%s", sentence);
}
