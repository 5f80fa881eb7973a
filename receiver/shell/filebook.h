/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The job that knows which files are verified while the package comes in: the names inside of its
 * WIMs that have data, and its other files. The map of a WIM is made from the blocks that come
 * first; without one (that is a warning) the WIM's names count when all of it is in. On demand it
 * looks into every blob, too (deepcheck.h). All of that is done by a thread of its own. */
#ifndef WC_RECEIVER_SHELL_FILEBOOK_H
#define WC_RECEIVER_SHELL_FILEBOOK_H

#include "receiver/shell/job.h"

/* WIMs of a package that are looked into; others count as one file each. */
#define WC_FILEBOOK_WIMS_MAX 64u

struct wc_filebook;

/* `is_deep`: compare every blob with its SHA-1; what is damaged ends the session (`complete`:
 * WC_E_DIGEST, with finding). NULL: no memory. */
struct wc_filebook *wc_filebook_new(bool is_deep);
/* After the session. */
void wc_filebook_free(struct wc_filebook *b);

struct wc_job wc_filebook_job(struct wc_filebook *b);

#endif
