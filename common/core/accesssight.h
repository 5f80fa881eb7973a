/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sender sees of a receiver that wants to join: what it showed, and what the package asks
 * for. common/diag/access_rules.h decides. */
#ifndef WC_CORE_ACCESSSIGHT_H
#define WC_CORE_ACCESSSIGHT_H

#include "common/core/readers.h"

enum wc_access_logon {
    WC_ACCESS_LOGON_NONE, /* nothing was shown: anonymous */
    WC_ACCESS_LOGON_GOOD,
    WC_ACCESS_LOGON_FAILED, /* no such account, or not its password: nobody is told which */
};

struct wc_access_sight {
    enum wc_access_logon logon;
    bool by_certificate; /* that was shown, or failed, and not a password */
    char
        account[WC_NAME_BYTES_MAX + 1]; /* as it was shown, or found by the certificate; "": none */
    bool anonymous_allowed;             /* by the sender */
    const struct wc_readers *readers;   /* of the package; borrowed */
    char package[WC_NAME_BYTES_MAX + 1];
    uint64_t due_bytes; /* of the package */
    bool multicast_only;
    uint32_t failure_count; /* wrong ones from this address, one after the other */
    uint32_t wait_s;        /* for so long nothing from it is looked at; 0: it is */
    bool by_network;        /* both are of its IPv6 network, and not of the address */
};

#endif
