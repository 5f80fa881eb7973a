/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a command and writes what it took: how it ended, time, CPU, memory, as one JSON object. Each
 * line that the command prints goes to a log with the time at which it came, so that "when did it
 * begin to send" has the same clock for every tool. CPU and memory are those of wait4(2): of the
 * command and of what it has itself waited for.
 * Usage: bench_measure RESULT_FILE LOG_FILE COMMAND [ARGUMENT...]
 * INT and TERM are handed on to the command, the second time as KILL; it also dies with us. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child_pid;
static volatile sig_atomic_t asked_to_end;

static void hand_on(int signal_number)
{
    int kept = errno;
    if (child_pid > 0)
        kill((pid_t)child_pid, asked_to_end ? SIGKILL : signal_number);
    asked_to_end = 1;
    errno = kept;
}

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static double seconds(const struct timeval *t)
{
    return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

_Noreturn static void become(char **command, int output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(command[0], command);
    perror(command[0]);
    _exit(EX_UNAVAILABLE);
}

/* Until the command, and all that has its output open, has closed it. */
static void stamp_lines(int input, FILE *log)
{
    char bytes[4096];
    bool at_start = true;
    for (;;) {
        ssize_t count = read(input, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return;
        double at = now();
        for (ssize_t i = 0; i < count; i++) {
            if (at_start)
                fprintf(log, "%.6f ", at);
            putc(bytes[i], log);
            at_start = bytes[i] == '\n';
        }
        fflush(log);
    }
}

/* Whole or not at all: that it is there means that the command has ended. */
static int write_result(const char *path, int status, const struct rusage *usage, double started)
{
    char part[PATH_MAX];
    double ended = now();
    int length = snprintf(part, sizeof part, "%s.part", path);
    FILE *file = length < (int)sizeof part ? fopen(part, "w") : NULL;
    if (!file) {
        perror(path);
        return EX_CANTCREAT;
    }
    fprintf(file,
            "{\"exit\":%d,\"signal\":%d,\"started\":%.6f,\"ended\":%.6f,\"user_s\":%.6f,"
            "\"system_s\":%.6f,\"max_rss_bytes\":%lld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, started, ended, seconds(&usage->ru_utime),
            seconds(&usage->ru_stime), (long long)usage->ru_maxrss * 1024);
    if (fclose(file) != 0 || rename(part, path) != 0) {
        perror(path);
        return EX_IOERR;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t start(char **command, int *ret_output)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become(command, ends[1]);
    close(ends[1]);
    *ret_output = ends[0];
    return pid;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_measure RESULT_FILE LOG_FILE COMMAND [ARGUMENT...]\n");
        return EX_USAGE;
    }
    FILE *log = fopen(argv[2], "w");
    if (!log) {
        perror(argv[2]);
        return EX_CANTCREAT;
    }
    struct sigaction action = {.sa_handler = hand_on};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    double started = now();
    int output;
    pid_t pid = start(argv + 3, &output);
    if (pid < 0) {
        perror("bench_measure");
        return EX_OSERR;
    }
    child_pid = (sig_atomic_t)pid;
    stamp_lines(output, log);
    fclose(log);
    int status = 0;
    struct rusage usage;
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR)
            return EX_OSERR;
    }
    return write_result(argv[1], status, &usage, started);
}
