/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals as a descriptor: nothing runs inside a handler, nothing is global. */
#ifndef WC_IO_SIGNALS_H
#define WC_IO_SIGNALS_H

#include "common/core/types.h"

/* Block SIGINT, SIGTERM, SIGHUP and SIGUSR1 in this and all threads made later, ignore SIGPIPE
 * and SIGXFSZ; returns a descriptor that is readable when one came, or -1. Call before any thread
 * starts. */
int wc_signals_open(void);

/* One came and was not taken yet. */
bool wc_signals_pending(int fd);

/* The next signal, 0: none. */
int wc_signals_take(int fd);

#endif
