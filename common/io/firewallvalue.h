/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single values and expressions of nft's JSON, for common/io/firewalljson.c. */
#ifndef WC_IO_FIREWALLVALUE_H
#define WC_IO_FIREWALLVALUE_H

#include <jansson.h>

#include "common/core/firewallsight.h"

/* What the left side of a match looks at. WC_FW_KEY_UNKNOWN: something else, or NULL. */
enum wc_fw_key wc_firewall_key(const json_t *left);

/* One value, range or prefix for `key`, with both ends. false: it was not understood. */
bool wc_firewall_value(enum wc_fw_key key, const json_t *value, struct wc_fw_range *ret);

#endif
