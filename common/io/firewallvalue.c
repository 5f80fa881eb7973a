/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/firewallvalue.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* --- values ----------------------------------------------------------------------------------- */

struct word {
    const char *text;
    uint8_t value;
};

static const struct word protocol_words[] = {
    {"icmp", 1},   {"igmp", 2},      {"tcp", 6},        {"udp", 17},    {"dccp", 33},
    {"esp", 50},   {"ah", 51},       {"ipv6-icmp", 58}, {"icmpv6", 58}, {"comp", 108},
    {"sctp", 132}, {"udplite", 136}, {NULL, 0},
};
static const struct word family_words[] = {{"ip", 4},  {"ipv4", 4}, {"ip6", 6}, {"ipv6", 6},
                                           {"arp", 1}, {"vlan", 2}, {NULL, 0}};
static const struct word state_words[] = {
    {"new", WC_FW_CT_NEW},       {"established", WC_FW_CT_OTHER}, {"related", WC_FW_CT_OTHER},
    {"invalid", WC_FW_CT_OTHER}, {"untracked", WC_FW_CT_OTHER},   {NULL, 0}};
static const struct word packet_words[] = {
    {"host", WC_FW_PACKET_HOST},           {"unicast", WC_FW_PACKET_HOST},
    {"multicast", WC_FW_PACKET_MULTICAST}, {"broadcast", WC_FW_PACKET_OTHER},
    {"other", WC_FW_PACKET_OTHER},         {NULL, 0}};
static const struct word no_words[] = {{NULL, 0}};

static const struct word *words_of(enum wc_fw_key key)
{
    switch (key) {
    case WC_FW_KEY_PROTOCOL:
        return protocol_words;
    case WC_FW_KEY_FAMILY:
        return family_words;
    case WC_FW_KEY_CT_STATE:
        return state_words;
    case WC_FW_KEY_PACKET:
        return packet_words;
    default:
        return no_words;
    }
}

static void put_number(uint8_t ret[WC_FW_VALUE], uint64_t value)
{
    memset(ret, 0, WC_FW_VALUE);
    for (size_t i = 0; i < sizeof(value); i++)
        ret[WC_FW_VALUE - 1 - i] = (uint8_t)(value >> (8 * i));
}

static bool take_text(enum wc_fw_key key, const char *text, uint8_t ret[WC_FW_VALUE])
{
    memset(ret, 0, WC_FW_VALUE);
    switch (key) {
    case WC_FW_KEY_SADDR4:
    case WC_FW_KEY_DADDR4:
        return inet_pton(AF_INET, text, ret + WC_FW_VALUE - 4) == 1;
    case WC_FW_KEY_SADDR6:
    case WC_FW_KEY_DADDR6:
        return inet_pton(AF_INET6, text, ret) == 1;
    case WC_FW_KEY_IIF:
    case WC_FW_KEY_OIF:
        return snprintf((char *)ret, WC_FW_VALUE, "%s", text) < (int)WC_FW_VALUE;
    case WC_FW_KEY_CT_STATUS:
        put_number(ret, 1);
        return true;
    default:
        break;
    }
    for (const struct word *w = words_of(key); w->text; w++)
        if (strcmp(w->text, text) == 0) {
            put_number(ret, w->value);
            return true;
        }
    return false;
}

static bool take_plain(enum wc_fw_key key, const json_t *value, uint8_t ret[WC_FW_VALUE])
{
    bool is_number = key == WC_FW_KEY_PROTOCOL || key == WC_FW_KEY_DPORT ||
                     key == WC_FW_KEY_TCP_DPORT || key == WC_FW_KEY_UDP_DPORT;
    if (json_is_string(value))
        return take_text(key, json_string_value(value), ret);
    if (!is_number || !json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    put_number(ret, (uint64_t)json_integer_value(value));
    return true;
}

static bool take_prefix(enum wc_fw_key key, const json_t *prefix, struct wc_fw_range *ret)
{
    const json_t *length = json_object_get(prefix, "len");
    bool is_v4 = key == WC_FW_KEY_SADDR4 || key == WC_FW_KEY_DADDR4;
    bool is_v6 = key == WC_FW_KEY_SADDR6 || key == WC_FW_KEY_DADDR6;
    json_int_t bits = json_is_integer(length) ? json_integer_value(length) : -1;
    if ((!is_v4 && !is_v6) || bits < 0 || bits > (is_v4 ? 32 : 128) ||
        !take_plain(key, json_object_get(prefix, "addr"), ret->low))
        return false;
    unsigned fixed = (unsigned)bits + (is_v4 ? 96 : 0);
    for (unsigned i = 0; i < WC_FW_VALUE; i++) {
        unsigned mine = fixed >= 8 * (i + 1) ? 8 : fixed > 8 * i ? fixed - 8 * i : 0;
        uint8_t loose = (uint8_t)(0xffu >> mine);
        ret->high[i] = ret->low[i] | loose;
        ret->low[i] &= (uint8_t)~loose;
    }
    return true;
}

bool wc_firewall_value(enum wc_fw_key key, const json_t *value, struct wc_fw_range *ret)
{
    const json_t *inner = json_object_get(value, "elem");
    if (inner) /* with a comment, a counter, a time to live */
        value = json_object_get(inner, "val");
    const json_t *range = json_object_get(value, "range");
    const json_t *prefix = json_object_get(value, "prefix");
    *ret = (struct wc_fw_range){0};
    if (prefix)
        return take_prefix(key, prefix, ret);
    if (range)
        return json_array_size(range) == 2 && take_plain(key, json_array_get(range, 0), ret->low) &&
               take_plain(key, json_array_get(range, 1), ret->high);
    if (!take_plain(key, value, ret->low))
        return false;
    memcpy(ret->high, ret->low, sizeof(ret->high));
    return true;
}

/* --- what is looked at ------------------------------------------------------------------------ */

struct field {
    const char *scope, *name;
    enum wc_fw_key key;
};

static const struct field meta_fields[] = {
    {"", "l4proto", WC_FW_KEY_PROTOCOL}, {"", "nfproto", WC_FW_KEY_FAMILY},
    {"", "protocol", WC_FW_KEY_FAMILY},  {"", "iif", WC_FW_KEY_IIF},
    {"", "iifname", WC_FW_KEY_IIF},      {"", "oif", WC_FW_KEY_OIF},
    {"", "oifname", WC_FW_KEY_OIF},      {"", "pkttype", WC_FW_KEY_PACKET},
    {NULL, NULL, WC_FW_KEY_UNKNOWN},
};
static const struct field payload_fields[] = {
    {"ip", "saddr", WC_FW_KEY_SADDR4},      {"ip", "daddr", WC_FW_KEY_DADDR4},
    {"ip6", "saddr", WC_FW_KEY_SADDR6},     {"ip6", "daddr", WC_FW_KEY_DADDR6},
    {"ip", "protocol", WC_FW_KEY_PROTOCOL}, {"ip6", "nexthdr", WC_FW_KEY_PROTOCOL},
    {"tcp", "dport", WC_FW_KEY_TCP_DPORT},  {"udp", "dport", WC_FW_KEY_UDP_DPORT},
    {"th", "dport", WC_FW_KEY_DPORT},       {NULL, NULL, WC_FW_KEY_UNKNOWN},
};
static const struct field ct_fields[] = {
    {"", "state", WC_FW_KEY_CT_STATE},
    {"", "status", WC_FW_KEY_CT_STATUS},
    {NULL, NULL, WC_FW_KEY_UNKNOWN},
};

static enum wc_fw_key find_field(const struct field *table, const char *scope, const char *name)
{
    for (const struct field *f = table; name && f->name; f++)
        if (strcmp(f->name, name) == 0 && (!*f->scope || strcmp(f->scope, scope) == 0))
            return f->key;
    return WC_FW_KEY_UNKNOWN;
}

/* Some field of the header of `protocol`. */
static enum wc_fw_key find_header(const char *protocol)
{
    static const struct field headers[] = {
        {"", "ip", WC_FW_KEY_OF_IP4},        {"", "ip6", WC_FW_KEY_OF_IP6},
        {"", "icmp", WC_FW_KEY_OF_ICMP},     {"", "igmp", WC_FW_KEY_OF_IGMP},
        {"", "tcp", WC_FW_KEY_OF_TCP},       {"", "udp", WC_FW_KEY_OF_UDP},
        {"", "icmpv6", WC_FW_KEY_OF_ICMPV6}, {"", "dccp", WC_FW_KEY_OF_OTHER},
        {"", "sctp", WC_FW_KEY_OF_OTHER},    {"", "ah", WC_FW_KEY_OF_OTHER},
        {"", "esp", WC_FW_KEY_OF_OTHER},     {"", "comp", WC_FW_KEY_OF_OTHER},
        {"", "udplite", WC_FW_KEY_OF_OTHER}, {NULL, NULL, WC_FW_KEY_UNKNOWN},
    };
    return find_field(headers, "", protocol);
}

enum wc_fw_key wc_firewall_key(const json_t *left)
{
    const json_t *meta = json_object_get(left, "meta");
    const json_t *payload = json_object_get(left, "payload");
    const json_t *ct = json_object_get(left, "ct");
    const char *scope = json_string_value(json_object_get(payload, "protocol"));
    if (meta)
        return find_field(meta_fields, "", json_string_value(json_object_get(meta, "key")));
    if (payload) {
        enum wc_fw_key key = find_field(payload_fields, scope ? scope : "",
                                        json_string_value(json_object_get(payload, "field")));
        return key == WC_FW_KEY_UNKNOWN ? find_header(scope) : key;
    }
    return find_field(ct_fields, "", json_string_value(json_object_get(ct, "key")));
}
