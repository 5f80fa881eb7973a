/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/applychild.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/shield.h"

#define PIPE_BYTES (1 << 20) /* that the kernel is asked to keep in the pipe */

/* --- the parent ----------------------------------------------------------------------------- */

static enum wc_err cannot_start(struct wc_why *why, int error)
{
    return wc_why_set(why, WC_E_SYS, EX_OSERR,
                      "cannot start the process that extracts (/proc/self/exe): %s",
                      wc_why_errno_text(error));
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int spawn(pid_t *ret, const int pipes[6], const struct wc_apply_target *target)
{
    const char *const argv[] = {"wimcast-receiver", WC_APPLY_CHILD_COMMAND,
                                target->is_ntfs ? "ntfs" : "dir", target->path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (posix_spawn_file_actions_init(&actions))
        return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int error = posix_spawn_file_actions_adddup2(&actions, pipes[0], STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, pipes[3], STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, pipes[5], STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    /* A group of its own: Ctrl-C is for the parent, who ends it in an orderly way. */
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    if (!error)
        error = posix_spawn(ret, "/proc/self/exe", &actions, &attributes,
                            (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

enum wc_err wc_apply_child_start(struct wc_apply_child *ret, const struct wc_apply_target *target,
                                 struct wc_why *why)
{
    int pipes[6] = {-1, -1, -1, -1, -1, -1}; /* in, reports, words: read and write ends */
    if (pipe2(&pipes[0], O_CLOEXEC) || pipe2(&pipes[2], O_CLOEXEC) || pipe2(&pipes[4], O_CLOEXEC)) {
        int error = errno;
        close_all(pipes, 6);
        return cannot_start(why, error);
    }
    (void)fcntl(pipes[1], F_SETPIPE_SZ, PIPE_BYTES);
    int error = spawn(&ret->pid, pipes, target);
    if (error) {
        close_all(pipes, 6);
        return cannot_start(why, error);
    }
    close_all((const int[]){pipes[3], pipes[5]}, 2);
    (void)fcntl(pipes[1], F_SETFL, O_NONBLOCK);
    (void)fcntl(pipes[2], F_SETFL, O_NONBLOCK);
    (void)fcntl(pipes[4], F_SETFL, O_NONBLOCK);
    ret->in_other = pipes[0];
    ret->in = pipes[1];
    ret->reports = pipes[2];
    ret->words = pipes[4];
    return WC_OK;
}

int wc_apply_child_end(struct wc_apply_child *c, bool kill_it)
{
    int status = 0;
    if (kill_it)
        (void)kill(c->pid, SIGKILL);
    close_all((const int[]){c->in, c->in_other, c->reports, c->words}, 4);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

bool wc_apply_report_parse(const char *line, struct wc_apply_report *ret)
{
    unsigned kind;
    int at = 0;
    *ret = (struct wc_apply_report){0};
    if (sscanf(line, "p %u %" SCNu64 " %" SCNu64 "%n", &kind, &ret->done, &ret->whole, &at) == 3 &&
        kind <= WC_WIMEXTRACT_METADATA && !line[at]) {
        ret->phase = (enum wc_wimextract_phase)kind;
        return true;
    }
    if (sscanf(line, "e %u %n", &kind, &at) == 1 && kind <= WC_WIMEXTRACT_OTHER && at > 0) {
        ret->is_end = true;
        ret->end = (enum wc_wimextract_end)kind;
        snprintf(ret->text, sizeof ret->text, "%s", line + at);
        return true;
    }
    return false;
}

/* --- the child ------------------------------------------------------------------------------ */

static void on_progress(void *ctx, enum wc_wimextract_phase phase, uint64_t done, uint64_t whole)
{
    (void)ctx;
    printf("p %u %" PRIu64 " %" PRIu64 "\n", (unsigned)phase, done, whole);
    (void)fflush(stdout);
}

/* All is on the disk. */
static bool sync_target(const char *target, bool is_ntfs)
{
    int fd = open(target, O_RDONLY | O_CLOEXEC | (is_ntfs ? 0 : O_DIRECTORY));
    bool good = fd >= 0 && (is_ntfs ? fsync(fd) : syncfs(fd)) == 0;
    if (!good)
        fprintf(stderr, "cannot sync %s: %s\n", target, wc_why_errno_text(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

int wc_apply_child_main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("wimcast-receiver: " WC_APPLY_CHILD_COMMAND " is for wimcast-receiver itself; use "
              "wimcast-receiver apply\n",
              stderr);
        return EX_USAGE;
    }
    struct wc_wimextract_config config = {
        .pipe_fd = STDIN_FILENO,
        .target = argv[3],
        .is_ntfs = strcmp(argv[2], "ntfs") == 0,
        .progress = on_progress,
    };
    const char *text;
    wc_shield_confine(WC_APPLY_CHILD_MEMORY_BYTES);
    /* Symbolic links of the image lead out of the folder. libwim keeps a blob of very many files in
     * a temporary one. */
    if (!config.is_ntfs && wc_shield_fence(config.target))
        (void)setenv("TMPDIR", config.target, 1);
    enum wc_wimextract_end end = wc_wimextract_run(&config, &text);
    if (end == WC_WIMEXTRACT_DONE && !sync_target(config.target, config.is_ntfs)) {
        end = WC_WIMEXTRACT_TARGET;
        text = "the target cannot be synced";
    }
    printf("e %u %s\n", (unsigned)end, text);
    return fflush(stdout) == 0 && end == WC_WIMEXTRACT_DONE ? EX_OK : EX_SOFTWARE;
}
