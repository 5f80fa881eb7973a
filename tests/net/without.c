/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage: without FEATURE... -- COMMAND [ARGUMENT...]
 * Runs COMMAND on a kernel that seems not to have these features: setting their socket option
 * fails, as it does on kernels that are too old or for users without the right. */
#include <err.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO     104
#endif

#define FEATURES_MAX 16

static const struct feature {
    const char *name;
    int level, option, error;
} features[] = {
    {"udp-segment", IPPROTO_UDP, UDP_SEGMENT, ENOPROTOOPT},
    {"udp-gro", IPPROTO_UDP, UDP_GRO, ENOPROTOOPT},
    {"rxq-ovfl", SOL_SOCKET, SO_RXQ_OVFL, ENOPROTOOPT},
    {"rcvbufforce", SOL_SOCKET, SO_RCVBUFFORCE, EPERM},
    {"sndbufforce", SOL_SOCKET, SO_SNDBUFFORCE, EPERM},
};

static const struct feature *feature_named(const char *name)
{
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (strcmp(features[i].name, name) == 0)
            return &features[i];
    errx(EX_USAGE, "no feature '%s'", name);
}

#define WORD(field) ((uint32_t)offsetof(struct seccomp_data, field))

/* Arguments are 64 bits; the lower half comes first on all machines that we run on. */
static size_t deny(struct sock_filter *f, const struct feature *feature)
{
    const struct sock_filter rule[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)feature->level, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)feature->option, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)feature->error),
    };
    memcpy(f, rule, sizeof rule);
    return sizeof rule / sizeof *rule;
}

static void install(const struct feature *const *list, size_t count)
{
    struct sock_filter filter[4 + FEATURES_MAX * 5] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setsockopt, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    size_t length = 3;
    for (size_t i = 0; i < count; i++)
        length += deny(filter + length, list[i]);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)length, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        err(EX_OSERR, "seccomp");
}

static void prove_missing(const struct feature *feature)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        err(EX_OSERR, "socket");
    if (setsockopt(fd, feature->level, feature->option, &(int){1}, sizeof(int)) == 0 ||
        errno != feature->error)
        errx(EX_SOFTWARE, "%s is still there", feature->name);
    close(fd);
}

int main(int argc, char **argv)
{
    const struct feature *list[FEATURES_MAX];
    size_t count = 0;
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--") != 0 && count < FEATURES_MAX; i++)
        list[count++] = feature_named(argv[i]);
    if (count == 0 || i + 1 >= argc)
        errx(EX_USAGE, "usage: without FEATURE... -- COMMAND [ARGUMENT...]");
    install(list, count);
    for (size_t k = 0; k < count; k++)
        prove_missing(list[k]);
    execvp(argv[i + 1], argv + i + 1);
    err(EX_UNAVAILABLE, "%s", argv[i + 1]);
}
