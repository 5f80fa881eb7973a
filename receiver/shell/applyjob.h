/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that extracts an image while its WIM comes in: blocks wait in a room (room.h) until the
 * applier has read them. As soon as the blocks of manifest->first are in, a thread of its own opens
 * the WIM, chooses the image, looks at the target, marks it, and starts the applier; until then
 * nothing is written outside of the room. It goes on alone when everything is received. */
#ifndef WC_RECEIVER_SHELL_APPLYJOB_H
#define WC_RECEIVER_SHELL_APPLYJOB_H

#include "receiver/shell/job.h"

struct wc_applyjob_options { /* what it points to is borrowed until free */
    const char *file;        /* which file of the package; NULL: the only WIM in it */
    const char *image;       /* number or name; NULL: the only one */
    const char *target;
    bool force;
    const char *spool_dir;      /* as in room.h */
    uint64_t spool_limit_bytes; /* 0: none */
};

struct wc_applyjob;

/* NULL: no memory. */
struct wc_applyjob *wc_applyjob_new(const struct wc_applyjob_options *options);
/* After the session. NULL is fine. */
void wc_applyjob_free(struct wc_applyjob *j);

struct wc_job wc_applyjob_job(struct wc_applyjob *j);

#endif
