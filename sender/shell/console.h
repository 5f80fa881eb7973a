/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a command that looks at this sender, or changes it, speaks: results go to standard output,
 * as text or as JSON events; what goes wrong to standard error. */
#ifndef WC_SENDER_SHELL_CONSOLE_H
#define WC_SENDER_SHELL_CONSOLE_H

#include "common/diag/finding.h"
#include "common/io/args.h"
#include "common/io/jsonl.h"
#include "common/io/term.h"
#include "common/io/why.h"

struct wc_console {
    struct wc_term *term;
    struct wc_jsonl *events; /* NULL: no --json */
    int verbosity;
    struct wc_why why; /* of what failed last */
};

/* False: no memory. Closing is due in any case. */
WC_MUST_USE bool wc_console_open(struct wc_console *ret, const struct wc_args_common *common);
void wc_console_close(struct wc_console *c);

/* Is text for people due on standard output? Not with --quiet, and JSON takes its place. */
bool wc_console_is_text(const struct wc_console *c);

/* End the event that was begun. Returns `exit_code`, or EX_IOERR when it could not be written. */
int wc_console_end(struct wc_console *c, int exit_code);

/* Say `c->why` as an error. Returns its exit code. */
int wc_console_fail(struct wc_console *c);

void wc_console_finding(struct wc_console *c, const struct wc_finding *f);

/* What several lists of findings come to. */
struct wc_console_tally {
    uint32_t count;
    const struct wc_finding_kind *worst; /* NULL: none */
};
void wc_console_list(struct wc_console *c, const struct wc_findings *list,
                     struct wc_console_tally *tally);

/* Say what it came to: `ok` when none is an error. Returns the exit code of the worst error. */
int wc_console_sum(struct wc_console *c, const struct wc_console_tally *tally, const char *ok);

/* Both, of one list. */
int wc_console_findings(struct wc_console *c, const struct wc_findings *list, const char *ok);

#endif
