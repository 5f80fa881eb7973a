/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/firewall_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"
#include "common/diag/firewall_walk.h"

/* --- a packet filter, rule by rule ------------------------------------------------------------ */

static struct wc_fw_chain chains[24];
static struct wc_fw_rule rules[64];
static struct wc_fw_match matches[64];
static struct wc_fw_range ranges[64];
static struct wc_firewall fw;

static int begin(void **state)
{
    (void)state;
    fw = (struct wc_firewall){
        .chains = chains, .rules = rules, .matches = matches, .ranges = ranges};
    return 0;
}

static uint32_t chain(enum wc_fw_hook hook, bool policy_drop)
{
    struct wc_fw_chain *c = &chains[fw.chain_count];
    *c = (struct wc_fw_chain){.hook = hook,
                              .policy_drop = policy_drop,
                              .table = "filter",
                              .rule_first = WC_FW_NONE,
                              .rule_last = WC_FW_NONE};
    snprintf(c->name, sizeof(c->name), "chain%u", fw.chain_count);
    return fw.chain_count++;
}

static struct wc_fw_rule *rule(uint32_t in, enum wc_fw_verdict verdict)
{
    uint32_t index = fw.rule_count++;
    rules[index] = (struct wc_fw_rule){.match_first = fw.match_count,
                                       .verdict = verdict,
                                       .target = WC_FW_NONE,
                                       .handle = 100 + index,
                                       .next = WC_FW_NONE};
    if (chains[in].rule_last == WC_FW_NONE)
        chains[in].rule_first = index;
    else
        rules[chains[in].rule_last].next = index;
    chains[in].rule_last = index;
    return &rules[index];
}

static struct wc_fw_match *match(enum wc_fw_key key)
{
    struct wc_fw_match *m = &matches[fw.match_count++];
    *m = (struct wc_fw_match){.key = key, .is_whole = true, .range_first = fw.range_count};
    rules[fw.rule_count - 1].match_count++;
    return m;
}

static struct wc_fw_match *match_number(enum wc_fw_key key, uint16_t low, uint16_t high)
{
    struct wc_fw_match *m = match(key);
    struct wc_fw_range *r = &ranges[fw.range_count++];
    *r = (struct wc_fw_range){0};
    r->low[14] = (uint8_t)(low >> 8);
    r->low[15] = (uint8_t)low;
    r->high[14] = (uint8_t)(high >> 8);
    r->high[15] = (uint8_t)high;
    m->range_count = 1;
    return m;
}

static struct wc_fw_match *match_name(enum wc_fw_key key, const char *name)
{
    struct wc_fw_match *m = match(key);
    struct wc_fw_range *r = &ranges[fw.range_count++];
    *r = (struct wc_fw_range){0};
    memcpy(r->low, name, strlen(name));
    memcpy(r->high, name, strlen(name));
    m->range_count = 1;
    return m;
}

/* 10.99.0.0/24, or another third number. */
static void match_subnet(uint8_t third)
{
    struct wc_fw_match *m = match(WC_FW_KEY_SADDR4);
    ranges[fw.range_count] =
        (struct wc_fw_range){.low = {[12] = 10, 99, third, 0}, .high = {[12] = 10, 99, third, 255}};
    fw.range_count++;
    m->range_count = 1;
}

/* --- single packets --------------------------------------------------------------------------- */

static enum wc_fw_fate fate_of_tcp(uint16_t port)
{
    struct wc_fw_packet p = {.is_incoming = true,
                             .family = 4,
                             .protocol = WC_FW_TCP,
                             .dport = port,
                             .source = {.family = 4, .bytes = {10, 99, 0, 11}},
                             .destination = {.family = 4, .bytes = {10, 99, 0, 10}},
                             .netif = "eth0"};
    return wc_firewall_walk(&fw, &p).fate;
}

static void without_rules_all_passes(void **state)
{
    (void)state;
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    chain(WC_FW_INPUT, false);
    chain(WC_FW_OUTPUT, true);
    chain(WC_FW_NO_HOOK, true);
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    chain(WC_FW_INPUT, true);
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
}

static void ports_and_protocols(void **state)
{
    (void)state;
    uint32_t c = chain(WC_FW_INPUT, true);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_TCP_DPORT, 9000, 9500);
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    assert_int_equal(fate_of_tcp(9500), WC_FW_PASSES);
    assert_int_equal(fate_of_tcp(9501), WC_FW_DROPS);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_UDP_DPORT, 9501, 9501)->negated = true;
    assert_int_equal(fate_of_tcp(9501), WC_FW_DROPS); /* TCP has no UDP port, not another one */
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_PROTOCOL, WC_FW_TCP, WC_FW_TCP);
    match_number(WC_FW_KEY_DPORT, 9501, 9501);
    assert_int_equal(fate_of_tcp(9501), WC_FW_PASSES);
    assert_int_equal(fate_of_tcp(9502), WC_FW_DROPS);
}

static void names_addresses_and_states(void **state)
{
    (void)state;
    uint32_t c = chain(WC_FW_INPUT, true);
    rule(c, WC_FW_ACCEPT);
    match_name(WC_FW_KEY_IIF, "lo");
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_CT_STATE, WC_FW_CT_OTHER, WC_FW_CT_OTHER);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_CT_STATUS, 1, 1);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_FAMILY, 6, 6);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_PACKET, WC_FW_PACKET_MULTICAST, WC_FW_PACKET_MULTICAST);
    rule(c, WC_FW_ACCEPT);
    match_name(WC_FW_KEY_OIF, "eth0");
    rule(c, WC_FW_ACCEPT);
    match_subnet(7);
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
    rule(c, WC_FW_ACCEPT);
    match_name(WC_FW_KEY_IIF, "eth*");
    match_subnet(0);
    match_number(WC_FW_KEY_CT_STATE, WC_FW_CT_NEW, WC_FW_CT_NEW);
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
}

static void what_is_not_understood_makes_unsure(void **state)
{
    (void)state;
    uint32_t c = chain(WC_FW_INPUT, true);
    rule(c, WC_FW_ACCEPT);
    match(WC_FW_KEY_UNKNOWN);
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_TCP_DPORT, 22, 22)->is_whole = false;
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
    rule(c, WC_FW_ACCEPT);
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    chain(WC_FW_PREROUTING, false);
    rule(1, WC_FW_UNSURE);
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
    chain(WC_FW_PREROUTING, true);
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
}

static void chains_that_are_jumped_to(void **state)
{
    (void)state;
    uint32_t base = chain(WC_FW_INPUT, false);
    uint32_t inner = chain(WC_FW_NO_HOOK, false);
    rule(base, WC_FW_JUMP)->target = inner;
    rule(inner, WC_FW_RETURN);
    match_number(WC_FW_KEY_TCP_DPORT, 9467, 9467);
    rule(inner, WC_FW_DROP);
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    assert_int_equal(fate_of_tcp(22), WC_FW_DROPS);
    rule(base, WC_FW_DROP);
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
    rules[0].verdict = WC_FW_GOTO; /* from there nothing comes back, but the policy */
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    rules[0].target = WC_FW_NONE;
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
}

static void a_ring_of_jumps_ends(void **state)
{
    (void)state;
    uint32_t base = chain(WC_FW_INPUT, false);
    for (unsigned i = 0; i < 20; i++)
        rule(base, WC_FW_JUMP)->target = base;
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
}

static void families_and_devices(void **state)
{
    (void)state;
    chains[chain(WC_FW_INPUT, true)].family = WC_FW_IP6;
    struct wc_fw_chain *device = &chains[chain(WC_FW_INGRESS, true)];
    device->family = WC_FW_NETDEV;
    snprintf(device->device, sizeof(device->device), "eth1");
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    snprintf(device->device, sizeof(device->device), "eth0");
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
}

/* --- findings --------------------------------------------------------------------------------- */

static struct wc_findings list;

static struct wc_firewall_sight sight(void)
{
    return (struct wc_firewall_sight){
        .state = WC_FIREWALL_READ,
        .firewall = &fw,
        .netif = "eth0",
        .own = {.family = 4, .bytes = {10, 99, 0, 10}},
        .port = 9467,
        .group = {.family = 4, .bytes = {239, 1, 2, 3}, .port = 9468},
        .group_text = "239.1.2.3:9468",
        .announce_group = {.family = 4, .bytes = {239, 255, 94, 66}, .port = 9466},
        .send = WC_FIREWALL_SEND_PASSED,
    };
}

static void judge(const struct wc_firewall_sight *s)
{
    list = (struct wc_findings){.count = 0};
    wc_firewall_rules(s, &list);
}

static const struct wc_finding *finds(const struct wc_firewall_sight *s, const char *id,
                                      enum wc_severity severity, uint32_t hresult, int exit_code)
{
    judge(s);
    for (uint32_t i = 0; i < list.count; i++) {
        const struct wc_finding *f = &list.items[i];
        if (strcmp(f->kind->id, id) != 0)
            continue;
        assert_int_equal(f->kind->severity, severity);
        assert_int_equal(f->kind->hresult, hresult);
        assert_int_equal(f->kind->exit_code, exit_code);
        assert_true(f->sentence[0] && f->evidence[0] && f->fix[0]);
        return f;
    }
    fail_msg("%s is not among %u findings", id, list.count);
    return NULL;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' does not say '%s'", text, words);
}

static void an_open_machine_has_no_finding(void **state)
{
    (void)state;
    struct wc_firewall_sight s = sight();
    judge(&s);
    assert_int_equal(list.count, 0);
    uint32_t c = chain(WC_FW_INPUT, true);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_PROTOCOL, WC_FW_IGMP, WC_FW_IGMP);
    rule(c, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_TCP_DPORT, 9467, 9467);
    match_subnet(0);
    judge(&s);
    assert_int_equal(list.count, 0);
}

static void incoming(void **state)
{
    (void)state;
    struct wc_firewall_sight s = sight();
    uint32_t c = chain(WC_FW_INPUT, true);
    const struct wc_finding *f =
        finds(&s, "check.firewall-in", WC_SEVERITY_ERROR, WC_HR_CONNECTION, 78);
    assert_says(f->sentence, "TCP port 9467");
    assert_says(f->evidence, "the policy of table inet filter, chain chain0 drops it");
    assert_says(f->fix, "nft insert rule inet filter chain0 tcp dport 9467 accept");
    finds(&s, "check.firewall-igmp", WC_SEVERITY_NOTICE, WC_HR_TIMEOUT, 0);
    rule(c, WC_FW_DROP);
    match_number(WC_FW_KEY_TCP_DPORT, 9467, 9467);
    rule(c, WC_FW_ACCEPT);
    assert_says(finds(&s, "check.firewall-in", WC_SEVERITY_ERROR, WC_HR_CONNECTION, 78)->evidence,
                "handle 100");
    assert_int_equal(list.count, 1);
}

static void unsure(void **state)
{
    (void)state;
    struct wc_firewall_sight s = sight();
    uint32_t c = chain(WC_FW_INPUT, false);
    rule(c, WC_FW_DROP);
    match(WC_FW_KEY_UNKNOWN);
    const struct wc_finding *f =
        finds(&s, "check.firewall-unsure", WC_SEVERITY_NOTICE, WC_HR_OK, 0);
    assert_says(f->sentence, "may drop receivers' connections");
    assert_says(f->evidence, "may drop it");
    assert_int_equal(list.count, 1);
}

static void outgoing(void **state)
{
    (void)state;
    struct wc_firewall_sight s = sight();
    uint32_t c = chain(WC_FW_POSTROUTING, false);
    rule(c, WC_FW_DROP);
    match_number(WC_FW_KEY_UDP_DPORT, 9466, 9468);
    const struct wc_finding *f =
        finds(&s, "check.firewall-out", WC_SEVERITY_ERROR, WC_HR_TIMEOUT, 78);
    assert_says(f->sentence, "data to the group 239.1.2.3:9468");
    assert_says(f->fix, "udp dport 9468 accept");
    finds(&s, "check.firewall-announce", WC_SEVERITY_WARNING, WC_HR_TIMEOUT, 0);
    assert_int_equal(list.count, 2);
}

static void a_table_that_may_sleep(void **state)
{
    (void)state;
    chains[chain(WC_FW_INPUT, true)].may_sleep = true;
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
    chain(WC_FW_INPUT, true);
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
}

static void what_is_untracked_has_no_state(void **state)
{
    (void)state;
    uint32_t input = chain(WC_FW_INPUT, true);
    rule(input, WC_FW_ACCEPT);
    match_number(WC_FW_KEY_CT_STATE, WC_FW_CT_OTHER, WC_FW_CT_OTHER);
    assert_int_equal(fate_of_tcp(9467), WC_FW_DROPS);
    uint32_t raw = chain(WC_FW_PREROUTING, false);
    rule(raw, WC_FW_CONTINUE)->untracks = true;
    match_number(WC_FW_KEY_TCP_DPORT, 9467, 9467);
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
    assert_int_equal(fate_of_tcp(9468), WC_FW_DROPS);
}

static void other_headers_do_not_fit(void **state)
{
    (void)state;
    static const enum wc_fw_key others[] = {WC_FW_KEY_OF_IP6,    WC_FW_KEY_OF_UDP,
                                            WC_FW_KEY_OF_ICMP,   WC_FW_KEY_OF_IGMP,
                                            WC_FW_KEY_OF_ICMPV6, WC_FW_KEY_OF_OTHER};
    uint32_t c = chain(WC_FW_INPUT, false);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        rule(c, WC_FW_DROP);
        match(others[i])->negated = i % 2;
    }
    assert_int_equal(fate_of_tcp(9467), WC_FW_PASSES);
    rule(c, WC_FW_DROP);
    match(WC_FW_KEY_OF_IP4);
    match(WC_FW_KEY_OF_TCP);
    assert_int_equal(fate_of_tcp(9467), WC_FW_MAY_DROP);
}

static void the_kernel_knows_better(void **state)
{
    (void)state;
    struct wc_firewall_sight s = sight();
    s.announce_group.family = 0;
    uint32_t c = chain(WC_FW_OUTPUT, true);
    judge(&s); /* it passed: the rules were misread */
    assert_int_equal(list.count, 0);
    s.send = WC_FIREWALL_SEND_REFUSED;
    assert_says(finds(&s, "check.firewall-out", WC_SEVERITY_ERROR, WC_HR_TIMEOUT, 78)->evidence,
                "the policy of table");
    rule(c, WC_FW_ACCEPT);
    match(WC_FW_KEY_UNKNOWN);
    assert_says(finds(&s, "check.firewall-out", WC_SEVERITY_ERROR, WC_HR_TIMEOUT, 78)->evidence,
                "the kernel refused a datagram to 239.1.2.3:9468");
    assert_int_equal(list.count, 1);
    s.firewall = NULL;
    s.state = WC_FIREWALL_NO_RIGHT;
    finds(&s, "check.firewall-out", WC_SEVERITY_ERROR, WC_HR_TIMEOUT, 78);
    assert_int_equal(list.count, 2);
}

static void not_looked_at(void **state)
{
    (void)state;
    struct wc_firewall_sight s = sight();
    s.has_legacy = true;
    assert_says(finds(&s, "check.firewall-unread", WC_SEVERITY_NOTICE, WC_HR_OK, 0)->evidence,
                "iptables-legacy");
    s = sight();
    s.firewall = NULL;
    s.state = WC_FIREWALL_NO_RIGHT;
    assert_says(finds(&s, "check.firewall-unread", WC_SEVERITY_NOTICE, WC_HR_OK, 0)->evidence,
                "only root");
    s.state = WC_FIREWALL_NO_PROGRAM;
    assert_says(finds(&s, "check.firewall-unread", WC_SEVERITY_NOTICE, WC_HR_OK, 0)->evidence,
                "nft is not installed");
    s.state = WC_FIREWALL_FAILED;
    snprintf(s.detail, sizeof(s.detail), "malformed input");
    assert_says(finds(&s, "check.firewall-unread", WC_SEVERITY_NOTICE, WC_HR_OK, 0)->evidence,
                "malformed input");
    assert_int_equal(list.count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(without_rules_all_passes),
        TEST(ports_and_protocols),
        TEST(names_addresses_and_states),
        TEST(what_is_not_understood_makes_unsure),
        TEST(chains_that_are_jumped_to),
        TEST(a_ring_of_jumps_ends),
        TEST(families_and_devices),
        TEST(an_open_machine_has_no_finding),
        TEST(incoming),
        TEST(unsure),
        TEST(outgoing),
        TEST(a_table_that_may_sleep),
        TEST(what_is_untracked_has_no_state),
        TEST(other_headers_do_not_fit),
        TEST(the_kernel_knows_better),
        TEST(not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
