/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process in which libwim extracts: this program again, started with an internal command. A
 * crash, a loop or a greed for memory that an image causes stays in it. It reads the WIM from its
 * standard input, says on standard output how far it is, and on standard error what it complains
 * about. It ends with its parent. */
#ifndef WC_RECEIVER_SHELL_APPLYCHILD_H
#define WC_RECEIVER_SHELL_APPLYCHILD_H

#include <sys/types.h>

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"
#include "common/io/wimextract.h"
#include "receiver/shell/applytarget.h"

/* argv: this command, "dir" or "ntfs", and the target. */
#define WC_APPLY_CHILD_COMMAND "apply-child"

/* Memory that it may have: a Windows image takes some 100 MB, one with 2^23 names some 3 GB. */
#define WC_APPLY_CHILD_MEMORY_BYTES (4ull << 30)

struct wc_apply_child {
    pid_t pid;
    int in;       /* the WIM goes in here; does not block */
    int in_other; /* the pipe's other end: says how much is unread, also when the child is gone */
    int reports;  /* do not block */
    int words;
};

/* What a line of a report says. */
struct wc_apply_report {
    bool is_end;
    enum wc_wimextract_phase phase; /* else: how far it is */
    uint64_t done, whole;
    enum wc_wimextract_end end;
    char text[120]; /* of the end: libwim's name for it */
};

/* Start it on the target. WC_E_SYS, with `why`. From the thread that lives as long as the child is
 * to: it is killed when that thread ends. */
WC_MUST_USE enum wc_err wc_apply_child_start(struct wc_apply_child *ret,
                                             const struct wc_apply_target *target,
                                             struct wc_why *why);

/* Kill it if it still runs, wait for it, close all. Returns what waitpid said. */
int wc_apply_child_end(struct wc_apply_child *c, bool kill_it);

/* Read a line, without its newline; false: it is none. */
bool wc_apply_report_parse(const char *line, struct wc_apply_report *ret);

/* The child itself: main() calls it when argv[1] is the command. Returns the exit code. */
int wc_apply_child_main(int argc, char **argv);

#endif
