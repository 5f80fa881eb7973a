/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/shield.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* Rights that came with later versions of Landlock than this header may have. */
#define TRUNCATE (1ull << 14)

#define VERSION_MIN      2 /* before it nothing can be linked from one folder to another */
#define VERSION_TRUNCATE 3

#define CHANGES                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                               \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER)

static bool restrict_to(int folder, uint64_t rights)
{
    const struct landlock_ruleset_attr all = {.handled_access_fs = rights};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        return false;
    const struct landlock_path_beneath_attr here = {.allowed_access = rights, .parent_fd = folder};
    bool good = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &here, 0) == 0 &&
                syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return good;
}

bool wc_shield_fence(const char *folder)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    int fd = version < VERSION_MIN ? -1 : open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool good = restrict_to(fd, version >= VERSION_TRUNCATE ? CHANGES | TRUNCATE : CHANGES);
    close(fd);
    return good;
}
