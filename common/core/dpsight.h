/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was seen of a distribution point before a session, without a judgement: its machine, its
 * folder, who may read what. sender/shell/checklook.h fills it, common/diag/dp_rules.h makes
 * findings of it. Keys have a sight of their own (keysight.h), and so has the packet filter
 * (firewallsight.h). */
#ifndef WC_CORE_DPSIGHT_H
#define WC_CORE_DPSIGHT_H

#include "common/core/limits.h"
#include "common/core/readers.h"
#include "common/core/types.h"

#define WC_DP_PATH_BYTES   208u
#define WC_DP_NAME_BYTES   64u
#define WC_DP_DETAIL_BYTES 256u

/* The state directory. */
struct wc_dp_dir {
    char path[WC_DP_PATH_BYTES];
    bool exists, is_folder;
    bool is_writable; /* for this user; if it does not exist: could he make it? */
    uint32_t mode;    /* permission bits */
    uint32_t owner, user;
    char owner_name[WC_DP_NAME_BYTES]; /* or the number */
    /* Files in it that others may change, and secrets that they may read; the MCS key itself is
     * looked at with the other keys. */
    uint32_t open_count, open_mode;
    char open_name[WC_DP_PATH_BYTES]; /* the first */
    /* Remainders of writes that were interrupted. */
    uint32_t leftover_count;
    char leftover_name[WC_DP_PATH_BYTES];
};

enum wc_dp_netif_state {
    WC_DP_NETIF_GOOD,
    WC_DP_NETIF_NONE,    /* none is up, with multicast and address */
    WC_DP_NETIF_SEVERAL, /* and none was named */
    WC_DP_NETIF_UNKNOWN, /* that was named */
    WC_DP_NETIF_DOWN,
    WC_DP_NETIF_NO_MULTICAST,
    WC_DP_NETIF_NO_ADDRESS,
    WC_DP_NETIF_NO_SOCKET, /* it looks good, but cannot be sent on */
};

struct wc_dp_netif {
    enum wc_dp_netif_state state;
    char name[WC_DP_NAME_BYTES]; /* that was named, or chosen */
    char
        detail[WC_DP_DETAIL_BYTES]; /* "eth0 (10.0.0.7), eth1 (10.1.0.7)"; why there is no socket */
    uint8_t family;                 /* 4 or 6 */
    bool is_loopback;
    uint64_t speed_bps; /* 0: not known */
};

enum wc_dp_port_state {
    WC_DP_PORT_FREE,
    WC_DP_PORT_TAKEN,
    WC_DP_PORT_FORBIDDEN, /* below 1024, and this user is not root */
    WC_DP_PORT_FAILED,
};

struct wc_dp_port {
    enum wc_dp_port_state state;
    uint16_t number;
    bool is_given;                   /* else a session takes the next free one */
    uint16_t next;                   /* the free one above; 0: there is none */
    char detail[WC_DP_DETAIL_BYTES]; /* the system's words */
};

struct wc_dp_group {
    char text[WC_DP_NAME_BYTES];    /* "": a random one, which is good */
    char fault[WC_DP_DETAIL_BYTES]; /* "": none */
    bool is_source_specific;
};

struct wc_dp_sight {
    int64_t now_s;         /* seconds since 1970, UTC, by the clock of this machine */
    int64_t newest_file_s; /* of the keys in the state directory; 0: there is none */
    bool has_no_key;       /* nothing of a key is there yet */
    struct wc_dp_dir dir;
    struct wc_dp_netif netif;
    struct wc_dp_port port;
    struct wc_dp_group group;
    uint64_t send_buffer_bytes;     /* that a socket gets */
    uint64_t send_buffer_due_bytes; /* that a session asks for */
    uint64_t open_files_max;        /* that this user may have */
    uint64_t open_files_due;        /* with all receivers that a session takes */
};

/* Who may read one package, and who there is. */
struct wc_dp_access {
    const char *package;
    const struct wc_readers *readers;
    bool multicast_only;
    bool is_anonymous_allowed;
    const char *const *accounts; /* names; borrowed */
    uint32_t account_count;
};

#endif
