/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This process has keys and passwords in memory: other processes of the same user may not look at
 * it (ptrace, /proc/PID/mem, /proc/PID/environ), and no core file keeps it. */
#ifndef WC_IO_SHIELD_H
#define WC_IO_SHIELD_H

/* Once, at the start of a program. Failing is not possible: where the system does not know it,
 * nothing changes. */
void wc_shield_raise(void);

#endif
