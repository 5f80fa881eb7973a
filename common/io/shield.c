/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/shield.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void wc_shield_raise(void)
{
    /* Not the limit alone: with a pipe in core_pattern the kernel does not look at it. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
}

/* A sanitizer reserves far more addresses than any program has memory. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#if !defined(IS_SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define IS_SANITIZED true
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

void wc_shield_confine(uint64_t memory_bytes)
{
    const struct rlimit limit = {.rlim_cur = memory_bytes, .rlim_max = memory_bytes};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!IS_SANITIZED)
        (void)setrlimit(RLIMIT_AS, &limit);
}
