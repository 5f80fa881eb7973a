/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This process has keys and passwords in memory: other processes of the same user may not look at
 * it (ptrace, /proc/PID/mem, /proc/PID/environ), and no core file keeps it. */
#ifndef WC_IO_SHIELD_H
#define WC_IO_SHIELD_H

#include "common/core/types.h"

/* Once, at the start of a program. Failing is not possible: where the system does not know it,
 * nothing changes. */
void wc_shield_raise(void);

/* For a process that works for its parent on data of strangers: no more memory than this, no new
 * rights, and it is killed when the thread that started it ends. */
void wc_shield_confine(uint64_t memory_bytes);

/* From here on this process makes, changes and removes files only in this folder and below, also
 * through symbolic links (Landlock, Linux 5.19). false: the system cannot. What is open stays as it
 * is; needs the new rights taken by wc_shield_confine. */
bool wc_shield_fence(const char *folder);

#endif
