/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/firewall.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (32u << 20)
#define ANSWER_FIRST     (64u << 10)
#define ANSWER_WAIT_MS   5000 /* for each part of it */

struct answer {
    char *bytes;
    size_t count, capacity;
};

/* --- asking ----------------------------------------------------------------------------------- */

static const char *find_program(void)
{
    static const char *const places[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft",
                                         "/usr/local/sbin/nft"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

/* Its standard output goes to `fd`, what it says beside that nowhere. */
static bool start(const char *path, int fd, pid_t *ret)
{
    char name[] = "nft", json[] = "-j", list[] = "list", all[] = "ruleset";
    char locale[] = "LC_ALL=C";
    char *const argv[] = {name, json, list, all, NULL};
    char *const environment[] = {locale, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return false;
    bool ok =
        !posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) &&
        !posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO) &&
        !posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) &&
        !posix_spawn(ret, path, &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return ok;
}

static bool make_room(struct answer *a)
{
    if (a->count < a->capacity)
        return true;
    size_t capacity = a->capacity ? 2 * a->capacity : ANSWER_FIRST;
    char *bytes = capacity <= ANSWER_BYTES_MAX ? realloc(a->bytes, capacity) : NULL;
    if (!bytes)
        return false;
    a->bytes = bytes;
    a->capacity = capacity;
    return true;
}

static bool take_answer(struct answer *a, int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    while (make_room(a) && poll(&readable, 1, ANSWER_WAIT_MS) == 1) {
        ssize_t got = read(fd, a->bytes + a->count, a->capacity - a->count);
        if (got <= 0)
            return got == 0;
        a->count += (size_t)got;
    }
    return false;
}

static bool ended_well(pid_t pid, bool is_whole)
{
    int status = 0;
    if (!is_whole)
        kill(pid, SIGKILL);
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool ask(const char *path, struct answer *ret)
{
    int fds[2];
    pid_t pid = -1;
    if (pipe2(fds, O_CLOEXEC))
        return false;
    bool is_started = start(path, fds[1], &pid);
    close(fds[1]);
    bool is_whole = is_started && take_answer(ret, fds[0]);
    close(fds[0]);
    return is_started && ended_well(pid, is_whole) && is_whole;
}

/* --- what there is ---------------------------------------------------------------------------- */

/* The kernel lists the tables that iptables-legacy has begun to use. */
static bool has_bytes(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool has = read(fd, &byte, 1) == 1;
    close(fd);
    return has;
}

static void take_rules(struct wc_firewall_sight *ret, const struct answer *a)
{
    enum wc_err err = wc_firewall_parse(&ret->firewall, a->bytes, a->count);
    if (err) {
        ret->state = WC_FIREWALL_FAILED;
        snprintf(ret->detail, sizeof(ret->detail), "its answer of %zu bytes: %s", a->count,
                 wc_err_text(err));
        return;
    }
    ret->state = WC_FIREWALL_READ;
}

void wc_firewall_read(struct wc_firewall_sight *ret)
{
    struct answer answer = {0};
    const char *path = find_program();
    ret->detail[0] = '\0';
    ret->firewall = NULL;
    ret->has_legacy =
        has_bytes("/proc/net/ip_tables_names") || has_bytes("/proc/net/ip6_tables_names");
    if (!path)
        ret->state = WC_FIREWALL_NO_PROGRAM;
    else if (ask(path, &answer))
        take_rules(ret, &answer);
    else
        ret->state = geteuid() == 0 ? WC_FIREWALL_FAILED : WC_FIREWALL_NO_RIGHT;
    free(answer.bytes);
}

void wc_firewall_release(struct wc_firewall_sight *sight)
{
    wc_firewall_free(sight->firewall);
    sight->firewall = NULL;
}
