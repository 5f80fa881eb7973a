/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft's own schema (libnftables-json(5)) into plain data. It is read leniently: what is not known
 * here becomes a match or a verdict that may be anything, so that no rule is ever taken for more
 * certain than it is. A verdict map becomes one rule for each of its elements. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/firewall.h"
#include "common/io/firewallvalue.h"

struct build {
    const json_t *items;    /* all objects of the list */
    const json_t **sources; /* of each chain, its object */
    uint32_t chain_found;   /* the last one that was looked for */
    struct wc_firewall *fw;
    uint32_t chain_capacity, rule_capacity, match_capacity, range_capacity, source_capacity;
    enum wc_err err;
    /* The rule at hand. */
    const char *family, *table;
    uint32_t chain;
    struct wc_fw_rule rule;
    bool has_verdict;
};

/* --- lists that grow -------------------------------------------------------------------------- */

/* `items` with room for one more than `count`; else b->err is set. */
static void *reserve(struct build *b, void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (b->err || count < *capacity)
        return items;
    uint32_t more = *capacity ? 2 * *capacity : 64;
    bool is_allowed = more <= 2 * WC_FIREWALL_ITEMS_MAX;
    void *grown = is_allowed ? realloc(items, more * size) : NULL;
    if (!grown) {
        b->err = is_allowed ? WC_E_NOMEM : WC_E_TOO_LARGE;
        return items;
    }
    *capacity = more;
    return grown;
}

/* Is there room for one more of b->fw->LIST? */
#define RESERVE(b, list, one)                                                       \
    ((void)((b)->fw->list = reserve((b), (b)->fw->list, (b)->fw->one##_count,       \
                                    &(b)->one##_capacity, sizeof(*(b)->fw->list))), \
     !(b)->err)

/* --- objects that rules name ------------------------------------------------------------------ */

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && text && strcmp(value, text) == 0;
}

/* The "set" or "map" of this table that "@name" means; NULL: there is none. */
static const json_t *find_set(const struct build *b, const char *kind, const char *name)
{
    for (size_t i = 0; i < json_array_size(b->items); i++) {
        const json_t *object = json_object_get(json_array_get(b->items, i), kind);
        if (object && is_text(object, "family", b->family) && is_text(object, "table", b->table) &&
            is_text(object, "name", name + 1))
            return object;
    }
    return NULL;
}

/* Rules follow one another in chains, so the last one found is mostly the one looked for. */
static uint32_t find_chain(struct build *b, const json_t *rule, const char *name)
{
    const char *family = json_string_value(json_object_get(rule, "family"));
    const char *table = json_string_value(json_object_get(rule, "table"));
    for (uint32_t i = 0; i < b->fw->chain_count; i++) {
        uint32_t at = (b->chain_found + i) % b->fw->chain_count;
        const json_t *chain = b->sources[at];
        if (is_text(chain, "name", name) && is_text(chain, "table", table) &&
            is_text(chain, "family", family)) {
            b->chain_found = at;
            return at;
        }
    }
    return WC_FW_NONE;
}

/* --- matches ---------------------------------------------------------------------------------- */

static struct wc_fw_match *add_match(struct build *b, enum wc_fw_key key)
{
    if (!RESERVE(b, matches, match))
        return NULL;
    struct wc_fw_match *m = &b->fw->matches[b->fw->match_count++];
    *m = (struct wc_fw_match){.key = key, .range_first = b->fw->range_count};
    b->rule.match_count++;
    return m;
}

/* One value more for the last match. */
static void add_value(struct build *b, const json_t *value)
{
    struct wc_fw_range range;
    struct wc_fw_match *m = &b->fw->matches[b->fw->match_count - 1];
    if (!wc_firewall_value(m->key, value, &range)) {
        m->is_whole = false;
    } else if (RESERVE(b, ranges, range)) {
        b->fw->ranges[b->fw->range_count++] = range;
        m->range_count++;
    }
}

static void add_values(struct build *b, const json_t *values)
{
    const char *name = json_string_value(values);
    if (name && name[0] == '@') {
        const json_t *set = find_set(b, "set", name);
        values = json_object_get(set, "elem"); /* an empty set has none */
        b->fw->matches[b->fw->match_count - 1].is_whole = set != NULL;
    }
    if (json_object_get(values, "set"))
        values = json_object_get(values, "set");
    if (!json_is_array(values)) {
        if (values)
            add_value(b, values);
        return;
    }
    for (size_t i = 0; i < json_array_size(values) && !b->err; i++)
        add_value(b, json_array_get(values, i));
}

static void take_match(struct build *b, const json_t *match)
{
    const char *op = json_string_value(json_object_get(match, "op"));
    bool is_equal = op && (strcmp(op, "==") == 0 || strcmp(op, "in") == 0);
    bool is_not = op && strcmp(op, "!=") == 0;
    enum wc_fw_key key = wc_firewall_key(json_object_get(match, "left"));
    struct wc_fw_match *m = add_match(b, is_equal || is_not ? key : WC_FW_KEY_UNKNOWN);
    if (!m || m->key == WC_FW_KEY_UNKNOWN)
        return;
    m->negated = is_not;
    m->is_whole = true;
    add_values(b, json_object_get(match, "right"));
}

/* --- statements ------------------------------------------------------------------------------- */

static void put_rule(struct build *b)
{
    if (!RESERVE(b, rules, rule))
        return;
    uint32_t index = b->fw->rule_count++;
    b->fw->rules[index] = b->rule;
    b->fw->rules[index].next = WC_FW_NONE;
    struct wc_fw_chain *chain = &b->fw->chains[b->chain];
    if (chain->rule_last == WC_FW_NONE)
        chain->rule_first = index;
    else
        b->fw->rules[chain->rule_last].next = index;
    chain->rule_last = index;
}

static bool take_jump(struct build *b, const json_t *rule, const json_t *statement,
                      const char *kind, enum wc_fw_verdict verdict)
{
    const json_t *jump = json_object_get(statement, kind);
    if (!jump)
        return false;
    uint32_t found = b->chain_found;
    b->rule.verdict = verdict;
    b->rule.target = find_chain(b, rule, json_string_value(json_object_get(jump, "target")));
    b->chain_found = found;
    return true;
}

/* Is the statement a verdict? Then it is that of the rule at hand. */
static bool take_verdict(struct build *b, const json_t *rule, const json_t *statement)
{
    static const struct {
        const char *name;
        enum wc_fw_verdict verdict;
    } verdicts[] = {
        {"accept", WC_FW_ACCEPT},   {"drop", WC_FW_DROP},         {"reject", WC_FW_DROP},
        {"return", WC_FW_RETURN},   {"continue", WC_FW_CONTINUE}, {"masquerade", WC_FW_ACCEPT},
        {"snat", WC_FW_ACCEPT},     {"queue", WC_FW_UNSURE},      {"dnat", WC_FW_UNSURE},
        {"redirect", WC_FW_UNSURE}, {"tproxy", WC_FW_UNSURE},     {"synproxy", WC_FW_UNSURE},
        {"fwd", WC_FW_UNSURE},
    };
    if (take_jump(b, rule, statement, "jump", WC_FW_JUMP) ||
        take_jump(b, rule, statement, "goto", WC_FW_GOTO))
        return true;
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (json_object_get(statement, verdicts[i].name)) {
            b->rule.verdict = verdicts[i].verdict;
            return true;
        }
    return false;
}

/* A rule of iptables, with parts that nft does not know: of a match or a target. */
static bool take_foreign(struct build *b, const json_t *statement)
{
    const json_t *foreign = json_object_get(statement, "xt");
    if (!foreign)
        return false;
    bool is_match = is_text(foreign, "type", "match");
    bool drops = is_text(foreign, "name", "REJECT") || is_text(foreign, "name", "DROP");
    if (is_match || !json_is_object(foreign))
        (void)add_match(b, WC_FW_KEY_UNKNOWN);
    if (!is_match) {
        b->rule.verdict = drops ? WC_FW_DROP : WC_FW_UNSURE;
        b->has_verdict = !json_is_null(foreign);
    }
    return true;
}

static bool changes_nothing(const json_t *statement)
{
    static const char *const names[] = {"counter",    "log",  "comment", "mangle", "ct helper",
                                        "ct timeout", "last", "dup",     "flow"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (json_object_get(statement, names[i]))
            return true;
    return false;
}

/* Each element of a verdict map is a rule of its own: the matches so far, its key, its verdict. */
static void take_map(struct build *b, const json_t *rule, const json_t *map)
{
    const struct wc_fw_rule begun = b->rule;
    const json_t *data = json_object_get(map, "data");
    const char *name = json_string_value(data);
    const json_t *named = name && name[0] == '@' ? find_set(b, "map", name) : NULL;
    const json_t *elements = json_object_get(named ? named : data, named ? "elem" : "set");
    enum wc_fw_key key = wc_firewall_key(json_object_get(map, "key"));
    b->has_verdict = true;
    if (!named && !json_is_array(elements)) {
        b->rule.verdict = WC_FW_UNSURE;
        (void)add_match(b, WC_FW_KEY_UNKNOWN);
        put_rule(b);
        return;
    }
    for (size_t i = 0; i < json_array_size(elements) && !b->err; i++) {
        const json_t *pair = json_array_get(elements, i);
        b->rule = begun;
        b->rule.match_first = b->fw->match_count;
        b->rule.match_count = 0;
        for (uint32_t k = 0; k < begun.match_count && !b->err; k++) {
            struct wc_fw_match *copy = add_match(b, WC_FW_KEY_UNKNOWN);
            if (copy)
                *copy = b->fw->matches[begun.match_first + k];
        }
        struct wc_fw_match *m = b->err ? NULL : add_match(b, key);
        if (!m)
            return;
        m->is_whole = key != WC_FW_KEY_UNKNOWN;
        add_value(b, json_array_get(pair, 0));
        if (!take_verdict(b, rule, json_array_get(pair, 1)))
            b->rule.verdict = WC_FW_UNSURE;
        put_rule(b);
    }
}

static void take_rule(struct build *b, const json_t *rule)
{
    const json_t *statements = json_object_get(rule, "expr");
    const json_t *handle = json_object_get(rule, "handle");
    b->family = json_string_value(json_object_get(rule, "family"));
    b->table = json_string_value(json_object_get(rule, "table"));
    b->chain = find_chain(b, rule, json_string_value(json_object_get(rule, "chain")));
    b->has_verdict = false;
    b->rule = (struct wc_fw_rule){.match_first = b->fw->match_count, .target = WC_FW_NONE};
    if (json_is_integer(handle) && json_integer_value(handle) >= 0)
        b->rule.handle = (uint64_t)json_integer_value(handle);
    if (b->chain == WC_FW_NONE)
        return; /* of a family that does not matter */
    for (size_t i = 0; i < json_array_size(statements) && !b->err && !b->has_verdict; i++) {
        const json_t *statement = json_array_get(statements, i);
        const json_t *match = json_object_get(statement, "match");
        const json_t *map = json_object_get(statement, "vmap");
        if (match)
            take_match(b, match);
        else if (map) {
            take_map(b, rule, map);
            return;
        } else if (take_verdict(b, rule, statement))
            b->has_verdict = true;
        else if (json_object_get(statement, "notrack"))
            b->rule.untracks = true;
        else if (!take_foreign(b, statement) && !changes_nothing(statement))
            (void)add_match(b, WC_FW_KEY_UNKNOWN); /* a limit, a quota, a set that grows */
    }
    if (!b->err)
        put_rule(b);
}

/* --- chains ----------------------------------------------------------------------------------- */

static enum wc_fw_hook hook_of(const json_t *chain)
{
    static const char *const names[] = {
        [WC_FW_NO_HOOK] = "",      [WC_FW_INGRESS] = "ingress", [WC_FW_PREROUTING] = "prerouting",
        [WC_FW_INPUT] = "input",   [WC_FW_OUTPUT] = "output",   [WC_FW_POSTROUTING] = "postrouting",
        [WC_FW_EGRESS] = "egress",
    };
    for (unsigned i = WC_FW_INGRESS; i <= WC_FW_EGRESS; i++)
        if (is_text(chain, "hook", names[i]))
            return (enum wc_fw_hook)i;
    return WC_FW_NO_HOOK;
}

static bool take_family(const json_t *chain, enum wc_fw_family *ret)
{
    static const char *const names[] = {
        [WC_FW_INET] = "inet", [WC_FW_IP4] = "ip", [WC_FW_IP6] = "ip6", [WC_FW_NETDEV] = "netdev"};
    for (unsigned i = WC_FW_INET; i <= WC_FW_NETDEV; i++)
        if (is_text(chain, "family", names[i])) {
            *ret = (enum wc_fw_family)i;
            return true;
        }
    return false;
}

/* For sentences, and for commands that a person copies. */
static void copy_name(char *ret, size_t capacity, const json_t *from)
{
    const char *text = json_string_value(from);
    snprintf(ret, capacity, "%s", text ? text : "");
    for (char *at = ret; *at; at++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *at))
            *at = '?';
}

static void take_chain(struct build *b, const json_t *source)
{
    enum wc_fw_family family;
    if (!take_family(source, &family))
        return;
    if (!RESERVE(b, chains, chain))
        return;
    b->sources =
        reserve(b, b->sources, b->fw->chain_count, &b->source_capacity, sizeof(*b->sources));
    if (b->err)
        return;
    b->sources[b->fw->chain_count] = source;
    struct wc_fw_chain *chain = &b->fw->chains[b->fw->chain_count++];
    *chain = (struct wc_fw_chain){.family = family,
                                  .hook = hook_of(source),
                                  .policy_drop = is_text(source, "policy", "drop"),
                                  .rule_first = WC_FW_NONE,
                                  .rule_last = WC_FW_NONE};
    copy_name(chain->table, sizeof(chain->table), json_object_get(source, "table"));
    copy_name(chain->name, sizeof(chain->name), json_object_get(source, "name"));
    copy_name(chain->device, sizeof(chain->device), json_object_get(source, "dev"));
}

static bool is_harmless(const json_t *flag)
{
    const char *text = json_string_value(flag);
    return text && (strcmp(text, "owner") == 0 || strcmp(text, "persist") == 0);
}

/* A table that is dormant filters nothing; some versions of nft say no more than that there are
 * flags. */
static void take_table(struct build *b, const json_t *table)
{
    const json_t *flags = json_object_get(table, "flags");
    bool may_sleep = flags && !json_is_array(flags) && !is_harmless(flags);
    for (size_t i = 0; i < json_array_size(flags); i++)
        may_sleep |= !is_harmless(json_array_get(flags, i));
    for (uint32_t i = 0; may_sleep && i < b->fw->chain_count; i++)
        if (is_text(b->sources[i], "table", json_string_value(json_object_get(table, "name"))) &&
            is_text(b->sources[i], "family", json_string_value(json_object_get(table, "family"))))
            b->fw->chains[i].may_sleep = true;
}

static void take_all(struct build *b)
{
    size_t count = json_array_size(b->items);
    for (size_t i = 0; i < count && !b->err; i++) {
        const json_t *chain = json_object_get(json_array_get(b->items, i), "chain");
        if (chain)
            take_chain(b, chain);
    }
    for (size_t i = 0; i < count && !b->err; i++) {
        const json_t *table = json_object_get(json_array_get(b->items, i), "table");
        const json_t *rule = json_object_get(json_array_get(b->items, i), "rule");
        if (table)
            take_table(b, table);
        if (rule)
            take_rule(b, rule);
    }
}

enum wc_err wc_firewall_parse(struct wc_firewall **ret, const char *json, size_t count)
{
    json_t *root = json_loadb(json, count, 0, NULL);
    struct build b = {.items = json_object_get(root, "nftables")};
    b.fw = calloc(1, sizeof(*b.fw));
    if (!b.fw)
        b.err = WC_E_NOMEM;
    else if (!json_is_array(b.items))
        b.err = WC_E_FORMAT;
    else
        take_all(&b);
    free(b.sources);
    json_decref(root);
    if (b.err) {
        wc_firewall_free(b.fw);
        return b.err;
    }
    *ret = b.fw;
    return WC_OK;
}

void wc_firewall_free(struct wc_firewall *firewall)
{
    if (!firewall)
        return;
    free(firewall->chains);
    free(firewall->rules);
    free(firewall->matches);
    free(firewall->ranges);
    free(firewall);
}
