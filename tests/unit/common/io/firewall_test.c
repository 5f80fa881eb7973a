/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What nft writes, as plain data. What becomes of packets in it is tested where rules judge it. */
#include "common/io/firewall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct wc_firewall *fw;

static int end(void **state)
{
    (void)state;
    wc_firewall_free(fw);
    fw = NULL;
    return 0;
}

#define CHAIN(name, rest) \
    "{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"" name "\"" rest "}}"
#define BASE \
    CHAIN("input", ",\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"drop\"")
#define RULE(expr)                                                                          \
    "{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"input\",\"handle\":7," \
    "\"expr\":[" expr "]}}"
#define MATCH(op, left, right) \
    "{\"match\":{\"op\":\"" op "\",\"left\":{" left "},\"right\":" right "}}"
#define PAYLOAD(protocol, field) \
    "\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"" field "\"}"
#define META(key) "\"meta\":{\"key\":\"" key "\"}"
#define ACCEPT    "{\"accept\":null}"

/* In one string, as the list of objects. */
static void parse(const char *objects)
{
    char text[4096] = "{\"nftables\":[{\"metainfo\":{\"json_schema_version\":1}}";
    assert_true(strlen(text) + strlen(objects) + 4 < sizeof(text));
    if (*objects)
        strcat(text, ",");
    strcat(text, objects);
    strcat(text, "]}");
    wc_firewall_free(fw);
    fw = NULL;
    assert_int_equal(wc_firewall_parse(&fw, text, strlen(text)), WC_OK);
}

static const struct wc_fw_rule *only_rule(void)
{
    assert_int_equal(fw->rule_count, 1);
    assert_int_equal(fw->chains[0].rule_first, 0);
    assert_int_equal(fw->rules[0].next, WC_FW_NONE);
    return &fw->rules[0];
}

static const struct wc_fw_match *only_match(void)
{
    assert_int_equal(only_rule()->match_count, 1);
    return &fw->matches[0];
}

static void assert_range(uint32_t index, uint32_t low, uint32_t high)
{
    const struct wc_fw_range *r = &fw->ranges[index];
    uint8_t expected[2][WC_FW_VALUE] = {{0}, {0}};
    for (unsigned i = 0; i < 4; i++) {
        expected[0][WC_FW_VALUE - 1 - i] = (uint8_t)(low >> (8 * i));
        expected[1][WC_FW_VALUE - 1 - i] = (uint8_t)(high >> (8 * i));
    }
    assert_memory_equal(r->low, expected[0], WC_FW_VALUE);
    assert_memory_equal(r->high, expected[1], WC_FW_VALUE);
}

static void chains(void **state)
{
    (void)state;
    parse("");
    assert_int_equal(fw->chain_count, 0);
    parse(BASE "," CHAIN("other", ""));
    assert_int_equal(fw->chain_count, 2);
    assert_int_equal(fw->chains[0].family, WC_FW_INET);
    assert_int_equal(fw->chains[0].hook, WC_FW_INPUT);
    assert_true(fw->chains[0].policy_drop);
    assert_string_equal(fw->chains[0].table, "filter");
    assert_string_equal(fw->chains[0].name, "input");
    assert_int_equal(fw->chains[1].hook, WC_FW_NO_HOOK);
    assert_int_equal(fw->chains[1].rule_first, WC_FW_NONE);
    parse("{\"chain\":{\"family\":\"netdev\",\"table\":\"t\",\"name\":\"c;d $x\",\"dev\":\"eth0\","
          "\"hook\":\"ingress\",\"policy\":\"accept\"}},"
          "{\"chain\":{\"family\":\"arp\",\"table\":\"t\",\"name\":\"a\",\"hook\":\"input\"}}");
    assert_int_equal(fw->chain_count, 1);
    assert_int_equal(fw->chains[0].hook, WC_FW_INGRESS);
    assert_string_equal(fw->chains[0].device, "eth0");
    assert_string_equal(fw->chains[0].name, "c?d??x");
}

static void values(void **state)
{
    (void)state;
    parse(BASE "," RULE(MATCH("==", PAYLOAD("tcp", "dport"), "9467") "," ACCEPT));
    assert_int_equal(only_rule()->verdict, WC_FW_ACCEPT);
    assert_int_equal(only_rule()->handle, 7);
    assert_int_equal(only_match()->key, WC_FW_KEY_TCP_DPORT);
    assert_true(only_match()->is_whole && !only_match()->negated);
    assert_range(0, 9467, 9467);
    parse(BASE "," RULE(
        MATCH("!=", PAYLOAD("udp", "dport"),
              "{\"set\":[{\"range\":[9466,9468]},22,{\"elem\":{\"val\":80}}]}") "," ACCEPT));
    assert_true(only_match()->negated);
    assert_int_equal(only_match()->range_count, 3);
    assert_range(0, 9466, 9468);
    assert_range(1, 22, 22);
    assert_range(2, 80, 80);
    parse(BASE "," RULE(MATCH("==", PAYLOAD("ip", "daddr"),
                              "{\"prefix\":{\"addr\":\"10.99.7.0\",\"len\":22}}") "," ACCEPT));
    assert_int_equal(only_match()->key, WC_FW_KEY_DADDR4);
    assert_range(0, 0x0a630400, 0x0a6307ff);
    parse(BASE
          "," RULE(MATCH("==", META("l4proto"), "{\"set\":[\"igmp\",\"tcp\",58]}") "," ACCEPT));
    assert_range(0, 2, 2);
    assert_range(1, 6, 6);
    assert_range(2, 58, 58);
    parse(BASE "," RULE(
        MATCH("in", "\"ct\":{\"key\":\"state\"}", "[\"established\",\"related\"]") "," ACCEPT));
    assert_int_equal(only_match()->key, WC_FW_KEY_CT_STATE);
    assert_int_equal(only_match()->range_count, 2);
    assert_true(only_match()->is_whole);
    parse(BASE "," RULE(MATCH("==", META("iifname"), "\"eth*\"") "," ACCEPT));
    assert_int_equal(only_match()->key, WC_FW_KEY_IIF);
    assert_string_equal((const char *)fw->ranges[0].low, "eth*");
}

static void named_sets(void **state)
{
    (void)state;
#define SET(rest)                                                                     \
    "{\"set\":{\"family\":\"inet\",\"name\":\"ports\",\"table\":\"filter\",\"type\":" \
    "\"inet_service\"" rest "}}"
    parse(BASE "," SET(",\"elem\":[22,9467]") "," RULE(
        MATCH("==", PAYLOAD("tcp", "dport"), "\"@ports\"") "," ACCEPT));
    assert_int_equal(only_match()->range_count, 2);
    assert_true(only_match()->is_whole);
    parse(BASE "," SET("") "," RULE(MATCH("==", PAYLOAD("tcp", "dport"), "\"@ports\"") "," ACCEPT));
    assert_int_equal(only_match()->range_count, 0);
    assert_true(only_match()->is_whole);
    parse(BASE "," RULE(MATCH("==", PAYLOAD("tcp", "dport"), "\"@none\"") "," ACCEPT));
    assert_false(only_match()->is_whole);
}

static void what_is_not_known_stays_open(void **state)
{
    (void)state;
    static const char *const matches[] = {
        MATCH("==", PAYLOAD("th", "sport"), "22"),
        MATCH("<", PAYLOAD("tcp", "dport"), "1024"),
        MATCH("==", "\"meta\":{\"key\":\"mark\"}", "7"),
        "{\"limit\":{\"rate\":5,\"per\":\"second\"}}",
        "{\"xt\":{\"type\":\"match\",\"name\":\"conntrack\"}}",
        "{\"something\":\"new\"}",
    };
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        char text[1024] = BASE ",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\","
                               "\"chain\":\"input\",\"expr\":[";
        strcat(text, matches[i]);
        strcat(text, "," ACCEPT "]}}");
        parse(text);
        assert_int_equal(only_match()->key, WC_FW_KEY_UNKNOWN);
        assert_int_equal(only_rule()->verdict, WC_FW_ACCEPT);
    }
    parse(BASE "," RULE(MATCH("==", PAYLOAD("ip", "saddr"), "[1,\"x\"]") "," ACCEPT));
    assert_int_equal(only_match()->range_count, 0);
    assert_false(only_match()->is_whole);
}

static void verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *statement;
        enum wc_fw_verdict verdict;
    } cases[] = {
        {"{\"counter\":{\"packets\":1,\"bytes\":2}},{\"log\":null}", WC_FW_CONTINUE},
        {"{\"counter\":null},{\"drop\":null}", WC_FW_DROP},
        {"{\"reject\":{\"type\":\"icmpx\",\"expr\":\"admin-prohibited\"}}", WC_FW_DROP},
        {"{\"reject\":null}", WC_FW_DROP},
        {"{\"return\":null}", WC_FW_RETURN},
        {"{\"queue\":{\"num\":1}}", WC_FW_UNSURE},
        {"{\"dnat\":{\"port\":80}}", WC_FW_UNSURE},
        {"{\"masquerade\":null}", WC_FW_ACCEPT},
        {"{\"xt\":{\"type\":\"target\",\"name\":\"REJECT\"}}", WC_FW_DROP},
        {"{\"xt\":{\"type\":\"target\",\"name\":\"NFLOG\"}}", WC_FW_UNSURE},
        {"{\"xt\":null}", WC_FW_UNSURE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024] = BASE ",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\","
                               "\"chain\":\"input\",\"expr\":[";
        strcat(text, cases[i].statement);
        strcat(text, "]}}");
        parse(text);
        assert_int_equal(only_rule()->verdict, cases[i].verdict);
    }
    parse(BASE "," CHAIN("inner", "") "," RULE("{\"jump\":{\"target\":\"inner\"}}"));
    assert_int_equal(only_rule()->verdict, WC_FW_JUMP);
    assert_int_equal(only_rule()->target, 1);
    parse(BASE "," RULE("{\"goto\":{\"target\":\"nowhere\"}}"));
    assert_int_equal(only_rule()->verdict, WC_FW_GOTO);
    assert_int_equal(only_rule()->target, WC_FW_NONE);
}

static void a_map_of_verdicts_is_a_rule_for_each(void **state)
{
    (void)state;
    parse(BASE "," CHAIN("inner", "") "," RULE(
        MATCH("==", META("iifname"), "\"eth0\"") ",{\"vmap\":{\"key\":{" PAYLOAD(
            "tcp", "dport") "},\"data\":{\"set\":[[22,{\"drop\":null}],[9467,{\"jump\":{\"target\":"
                            "\"inner\"}}]]"
                            "}}}"));
    assert_int_equal(fw->rule_count, 2);
    assert_int_equal(fw->rules[0].next, 1);
    assert_int_equal(fw->rules[0].match_count, 2);
    assert_int_equal(fw->rules[0].verdict, WC_FW_DROP);
    assert_int_equal(fw->rules[1].match_count, 2);
    assert_int_equal(fw->rules[1].verdict, WC_FW_JUMP);
    assert_int_equal(fw->rules[1].target, 1);
    const struct wc_fw_match *m = &fw->matches[fw->rules[1].match_first];
    assert_int_equal(m[0].key, WC_FW_KEY_IIF);
    assert_int_equal(m[1].key, WC_FW_KEY_TCP_DPORT);
    assert_range(m[1].range_first, 9467, 9467);
    parse(BASE ",{\"map\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"m\",\"map\":"
               "\"verdict\",\"elem\":[[22,{\"accept\":null}]]}}," RULE(
                   "{\"vmap\":{\"key\":{" PAYLOAD("tcp", "dport") "},\"data\":\"@m\"}}"));
    assert_int_equal(only_rule()->verdict, WC_FW_ACCEPT);
    assert_true(only_match()->is_whole);
    parse(BASE "," RULE("{\"vmap\":{\"key\":{" PAYLOAD("tcp", "dport") "},\"data\":\"@none\"}}"));
    assert_int_equal(only_rule()->verdict, WC_FW_UNSURE);
}

static void what_is_no_ruleset_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "{\"nftables\":7}", "{\"x\":[]}", "null"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(wc_firewall_parse(&fw, texts[i], strlen(texts[i])), WC_E_FORMAT);
    assert_null(fw);
}

/* Wrong types everywhere: nothing is believed, nothing breaks. */
static void wrong_types(void **state)
{
    (void)state;
    parse("7,null,[],{\"chain\":7},{\"rule\":[]},{\"chain\":{\"family\":7}},"
          "{\"rule\":{\"family\":\"inet\",\"table\":7,\"chain\":null,\"expr\":7}}");
    assert_int_equal(fw->chain_count, 0);
    parse(BASE "," RULE("7,null,[],{\"match\":7},{\"match\":{\"op\":7,\"left\":[],\"right\":{}}},"
                        "{\"jump\":7}"));
    assert_int_equal(only_rule()->verdict, WC_FW_JUMP);
    assert_int_equal(only_rule()->target, WC_FW_NONE);
    assert_int_equal(only_rule()->match_count, 5);
    parse(BASE "," RULE("{\"vmap\":{\"key\":7,\"data\":{\"set\":[7,[],[1],[1,2]]}}}"));
    assert_int_equal(fw->rule_count, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(fw->rules[i].verdict, WC_FW_UNSURE);
}

#define TABLE(rest) "{\"table\":{\"family\":\"inet\",\"name\":\"filter\"" rest "}}"

static void flags_of_tables(void **state)
{
    (void)state;
    static const struct {
        const char *table;
        bool may_sleep;
    } cases[] = {
        {TABLE(""), false},
        {TABLE(",\"flags\":\"inet\""), true}, /* nft 1.0.6 means: there are some */
        {TABLE(",\"flags\":\"dormant\""), true},
        {TABLE(",\"flags\":[\"owner\",\"dormant\"]"), true},
        {TABLE(",\"flags\":[\"owner\",\"persist\"]"), false},
        {TABLE(",\"flags\":\"owner\""), false},
        {TABLE(",\"flags\":7"), true},
        {"{\"table\":{\"family\":\"inet\",\"name\":\"other\",\"flags\":\"dormant\"}}", false},
        {"{\"table\":{\"family\":\"ip\",\"name\":\"filter\",\"flags\":\"dormant\"}}", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "%s," BASE, cases[i].table);
        parse(text);
        assert_int_equal(fw->chains[0].may_sleep, cases[i].may_sleep);
    }
    parse(BASE "," RULE(MATCH("==", PAYLOAD("tcp", "sport"), "22") ",{\"notrack\":null}"));
    assert_true(only_rule()->untracks);
    assert_int_equal(only_rule()->verdict, WC_FW_CONTINUE);
    assert_int_equal(only_match()->key, WC_FW_KEY_OF_TCP);
}

/* Whatever this machine is, the answer is one of those that there are. */
static void this_machine(void **state)
{
    (void)state;
    struct wc_firewall_sight s = {.port = 9467};
    wc_firewall_read(&s);
    assert_true(s.state <= WC_FIREWALL_FAILED);
    assert_true((s.firewall != NULL) == (s.state == WC_FIREWALL_READ));
    assert_int_equal(s.port, 9467);
    wc_firewall_release(&s);
    assert_null(s.firewall);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, end)
    const struct CMUnitTest tests[] = {
        TEST(chains),
        TEST(values),
        TEST(named_sets),
        TEST(what_is_not_known_stays_open),
        TEST(verdicts),
        TEST(a_map_of_verdicts_is_a_rule_for_each),
        TEST(what_is_no_ruleset_is_refused),
        TEST(wrong_types),
        TEST(flags_of_tables),
        TEST(this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
