/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a datagram gets past this machine's own firewall the kernel knows best: one is sent to
 * the group, with a TTL of 0 and without a copy for receivers here, so that it ends behind the last
 * rule. */
#include "sender/shell/checklook.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core/announce.h"
#include "common/core/url.h"
#include "common/io/keycheck.h"
#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "sender/shell/checkdir.h"
#include "sender/shell/prepare.h"
#include "sender/shell/roster.h"
#include "sender/shell/runas.h"

#define NETIFS_MAX       64u
#define OPEN_FILES_OTHER 64u /* beside one for each receiver */

struct look {
    struct wc_checklook *ret;
    const struct wc_check_options *o;
    struct wc_netif netif; /* if dp.netif.state is good */
    struct wc_addr group;  /* given, or a random one */
};

/* --- the interface ---------------------------------------------------------------------------- */

static void append(char ret[WC_DP_DETAIL_BYTES], const char *text)
{
    size_t used = strlen(ret);
    snprintf(ret + used, WC_DP_DETAIL_BYTES - used, "%s%s", used ? ", " : "", text);
}

static void list_names(char ret[WC_DP_DETAIL_BYTES])
{
    struct if_nameindex *all = if_nameindex();
    for (const struct if_nameindex *at = all; at && at->if_index; at++)
        append(ret, at->if_name);
    if (all)
        if_freenameindex(all);
}

static const struct wc_addr *address_of(const struct wc_netif *netif, uint8_t family)
{
    return family == 4 ? &netif->v4 : &netif->v6;
}

/* Those between which a session would not choose. */
static void list_candidates(char ret[WC_DP_DETAIL_BYTES], uint8_t family)
{
    struct wc_netif all[NETIFS_MAX];
    size_t count = wc_netif_list(all, NETIFS_MAX);
    for (size_t i = 0; i < count; i++) {
        char address[WC_NETADDR_TEXT_BYTES];
        char text[WC_NETADDR_TEXT_BYTES + WC_NETIF_NAME_BYTES + 3];
        if (all[i].loopback || !all[i].multicast || !address_of(&all[i], family)->family)
            continue;
        wc_netaddr_format(address_of(&all[i], family), false, address);
        snprintf(text, sizeof text, "%.15s (%s)", all[i].name, address);
        append(ret, text);
    }
}

/* Why is the one that was named, or any, not to be had? */
static void blame_netif(struct look *l)
{
    struct wc_dp_netif *n = &l->ret->dp.netif;
    struct wc_netif netif;
    if (!l->o->interface) {
        list_candidates(n->detail, n->family);
        n->state = n->detail[0] ? WC_DP_NETIF_SEVERAL : WC_DP_NETIF_NONE;
    } else if (wc_netif_find(&netif, l->o->interface)) {
        list_names(n->detail);
        n->state = WC_DP_NETIF_UNKNOWN;
    } else {
        snprintf(n->name, sizeof n->name, "%s", netif.name);
        n->state = !netif.up                             ? WC_DP_NETIF_DOWN
                   : !netif.multicast && !netif.loopback ? WC_DP_NETIF_NO_MULTICAST
                                                         : WC_DP_NETIF_NO_ADDRESS;
    }
}

/* The choice that `send` makes. */
static void look_at_netif(struct look *l)
{
    struct wc_dp_netif *n = &l->ret->dp.netif;
    const char *choice = l->o->interface;
    bool is_given = l->o->group.family != 0;
    n->family = is_given ? l->o->group.family : 4;
    snprintf(n->name, sizeof n->name, "%.*s", (int)sizeof n->name - 1, choice ? choice : "");
    enum wc_err err = wc_netif_choose(&l->netif, choice, n->family, NULL);
    if (err && !is_given && wc_netif_choose(&l->netif, choice, 6, NULL) == WC_OK) {
        n->family = 6;
        err = WC_OK;
    }
    if (err) {
        blame_netif(l);
        return;
    }
    snprintf(n->name, sizeof n->name, "%s", l->netif.name);
    n->is_loopback = l->netif.loopback;
    n->speed_bps = l->netif.speed_bps;
}

/* --- the port --------------------------------------------------------------------------------- */

/* 0, or why listening on all addresses fails. */
static int listen_once(uint8_t family, uint16_t port)
{
    struct wc_addr any = {.family = family, .port = port};
    struct sockaddr_storage sa;
    socklen_t bytes = wc_netaddr_to_sockaddr(&any, 0, &sa);
    int fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error = 0;
    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&sa, bytes) || listen(fd, 1))
        error = errno;
    close(fd);
    return error;
}

static int try_port(uint16_t port)
{
    int error = listen_once(6, port);
    bool is_without_v6 = error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
    return is_without_v6 ? listen_once(4, port) : error;
}

static void look_at_port(struct look *l)
{
    struct wc_dp_port *p = &l->ret->dp.port;
    p->is_given = l->o->port != 0;
    p->number = p->is_given ? l->o->port : WC_PORT_DEFAULT;
    int error = try_port(p->number);
    if (!error)
        return;
    snprintf(p->detail, sizeof p->detail, "%s", wc_why_errno_text(error));
    p->state = error == EADDRINUSE                 ? WC_DP_PORT_TAKEN
               : error == EACCES || error == EPERM ? WC_DP_PORT_FORBIDDEN
                                                   : WC_DP_PORT_FAILED;
    for (uint16_t i = 1; i < WC_ROSTER_PORT_TRIES && !p->next && !p->is_given; i++)
        if (try_port((uint16_t)(p->number + i)) == 0)
            p->next = (uint16_t)(p->number + i);
}

/* --- group and socket ------------------------------------------------------------------------- */

static void look_at_group(struct look *l)
{
    struct wc_dp_group *g = &l->ret->dp.group;
    struct wc_why why;
    l->group = wc_session_random_group(l->ret->dp.netif.family);
    if (!l->o->group.family)
        return;
    uint16_t port = l->o->group.port ? l->o->group.port : l->group.port;
    l->group = l->o->group;
    l->group.port = port;
    wc_netaddr_format(&l->group, false, g->text);
    g->is_source_specific = wc_netaddr_is_source_specific(&l->group);
    if (wc_netaddr_check_group(&l->group, &why))
        snprintf(g->fault, sizeof g->fault, "%.*s", (int)sizeof g->fault - 1, why.text);
}

static void send_probe(struct look *l, int fd)
{
    struct wc_checklook *ret = l->ret;
    bool v4 = l->group.family == 4;
    int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    bool is_alone = setsockopt(fd, level, v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP, &(int){0},
                               sizeof(int)) == 0;
    if (!is_alone)
        return;
    if (send(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) == 0) {
        ret->firewall.send = WC_FIREWALL_SEND_PASSED;
    } else if (errno == EPERM) {
        ret->firewall.send = WC_FIREWALL_SEND_REFUSED;
    } else {
        ret->dp.netif.state = WC_DP_NETIF_NO_SOCKET;
        snprintf(ret->dp.netif.detail, sizeof ret->dp.netif.detail, "sending to %s: %s",
                 ret->firewall.group_text, wc_why_errno_text(errno));
    }
}

static void look_at_socket(struct look *l)
{
    struct wc_dp_sight *dp = &l->ret->dp;
    struct wc_why why;
    int bytes = 0;
    socklen_t size = sizeof bytes;
    int fd = wc_mcast_open_tx(&l->group, &l->netif, 0, WC_PREPARE_SEND_BUFFER_BYTES, &why);
    if (fd < 0) {
        dp->netif.state = WC_DP_NETIF_NO_SOCKET;
        snprintf(dp->netif.detail, sizeof dp->netif.detail, "%.*s",
                 (int)sizeof dp->netif.detail - 1, why.text);
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size) == 0) {
        dp->send_buffer_bytes = (uint64_t)bytes / 2; /* the kernel counts its own part, too */
        dp->send_buffer_due_bytes = WC_PREPARE_SEND_BUFFER_BYTES;
    }
    send_probe(l, fd);
    close(fd);
}

static void look_at_path(struct look *l)
{
    struct wc_firewall_sight *f = &l->ret->firewall;
    bool is_good = l->ret->dp.netif.state == WC_DP_NETIF_GOOD;
    bool v4 = l->ret->dp.netif.family == 4;
    f->port = l->ret->dp.port.number;
    f->send = WC_FIREWALL_SEND_NOT_TRIED;
    if (!is_good)
        return;
    snprintf(f->netif, sizeof f->netif, "%s", l->netif.name);
    f->own = *address_of(&l->netif, v4 ? 4 : 6);
    if (wc_netaddr_parse(v4 ? WC_ANNOUNCE_GROUP_V4 : WC_ANNOUNCE_GROUP_V6, &f->announce_group))
        f->announce_group.port = WC_ANNOUNCE_PORT;
    if (l->ret->dp.group.fault[0])
        return;
    f->group = l->group;
    wc_netaddr_format(&l->group, true, f->group_text);
    look_at_socket(l);
}

/* --- folder and keys -------------------------------------------------------------------------- */

static int64_t newest_of(const char *dir)
{
    static const char *const names[] = {WC_IDENTITY_KEY_NAME, WC_IDENTITY_CERTIFICATE_NAME};
    int64_t newest = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wc_keyfile file;
        struct stat st;
        if (wc_keyfile_init(&file, dir, names[i], NULL) == WC_OK && stat(file.path, &st) == 0 &&
            (int64_t)st.st_mtime > newest)
            newest = (int64_t)st.st_mtime;
    }
    return newest;
}

static void look_at_keys(struct look *l)
{
    struct wc_dp_sight *dp = &l->ret->dp;
    char host[WC_SESSION_HOST_BYTES];
    bool is_good = dp->netif.state == WC_DP_NETIF_GOOD;
    struct wc_keycheck_place place = {
        .state_dir = l->o->state_dir,
        .site_dir = l->o->site_dir,
        .name = is_good ? wc_session_host(&l->netif, dp->netif.family, host) : NULL,
        .now_s = dp->now_s};
    wc_keycheck_files(&l->ret->key, &place);
    l->ret->key.folder_mode = 0; /* wc_dp_rules says it, and more */
    dp->has_no_key = wc_keycheck_is_blank(&l->ret->key);
    dp->newest_file_s = newest_of(l->o->state_dir);
}

static void look_at_limits(struct wc_dp_sight *dp)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    dp->open_files_max = limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_max;
    dp->open_files_due = WC_SEND_MEMBERS_MAX + OPEN_FILES_OTHER;
}

void wc_checklook_run(struct wc_checklook *look, const struct wc_check_options *options,
                      int64_t now_s)
{
    struct look l = {.ret = look, .o = options};
    look->dp = (struct wc_dp_sight){.now_s = now_s};
    wc_checkdir_look(options->state_dir, now_s, &look->dp.dir);
    wc_runas_name(look->dp.dir.owner, look->dp.dir.owner_name);
    look_at_netif(&l);
    look_at_port(&l);
    look_at_group(&l);
    look_at_path(&l);
    look_at_keys(&l);
    look_at_limits(&look->dp);
}
