/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The events that wimcast writes with --json, read back as entries of a log: what the program would
 * have said in words. No JSON parser: only what wimcast itself writes is understood. */
#ifndef WC_DIAG_LOGEVENT_H
#define WC_DIAG_LOGEVENT_H

#include "common/diag/logline.h"

/* Fills form, type, component and message. false: no such event, *ret is unspecified in these. */
bool wc_log_event_parse(const char *line, struct wc_log_entry *ret);

#endif
