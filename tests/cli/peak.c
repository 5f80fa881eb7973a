/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a command, and says how much memory it held at most.
 * usage: peak FILE COMMAND...      KiB into FILE; ends as the command does */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    if (argc < 3)
        return EX_USAGE;
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return EX_OSERR;
    FILE *f = fopen(argv[1], "we");
    if (!f || fprintf(f, "%ld\n", usage.ru_maxrss) < 0 || fclose(f))
        return EX_IOERR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
