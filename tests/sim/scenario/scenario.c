/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/scenario/scenario.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TIMELINE_RECORDS      65536
#define GIGABIT_RECEIVERS     3u
#define GIGABIT_BLOCK_SYMBOLS 128u
#define GIGABIT_SLOTS         546u /* 96 MiB at 1440 bytes a symbol */

struct wc_node_config *wc_scenario_node(struct wc_scenario *s, wc_ns join_at)
{
    uint32_t index = s->config.node_count++;
    assert(index < WC_SCENARIO_NODES_MAX);
    s->nodes[index] = wc_node_config_default();
    if (join_at != WC_NEVER)
        wc_scenario_step(s, join_at, WC_STEP_JOIN, index, 0);
    return &s->nodes[index];
}

void wc_scenario_step(struct wc_scenario *s, wc_ns at, enum wc_step_kind kind, uint32_t node,
                      uint64_t value)
{
    assert(s->config.step_count < WC_SCENARIO_STEPS_MAX);
    s->steps[s->config.step_count++] =
        (struct wc_step){.at = at, .kind = kind, .node = node, .value = value};
}

void wc_scenario_expect(struct wc_scenario *s, bool ok, const char *text)
{
    if (ok)
        return;
    fprintf(stderr, "not so: %s\n", text);
    s->failure_count++;
}

enum wc_member_state wc_scenario_member_state(const struct wc_world *w, uint32_t node)
{
    const struct wc_sender_node *s = &w->sender;
    for (uint32_t member = s->member_count; member > 0; member--) {
        if (s->node_of[member - 1] == node)
            return wc_sender_member_state(s->core, member - 1);
    }
    return WC_MEMBER_NONE;
}

struct wc_node_config *wc_scenario_gigabit(struct wc_scenario *s, uint32_t block_count)
{
    s->config.has_bytes = false;
    s->config.has_coarse_trace = true;
    s->config.rate_max_bps = 1000000000;
    s->config.rate_min_bps = 5000000;
    s->config.block_symbols = GIGABIT_BLOCK_SYMBOLS;
    s->config.object_bytes = (uint64_t)block_count * GIGABIT_BLOCK_SYMBOLS * s->config.symbol_bytes;
    s->config.receivers_min = GIGABIT_RECEIVERS;
    struct wc_node_config *node = NULL;
    for (uint32_t i = 0; i < GIGABIT_RECEIVERS; i++) {
        node = wc_scenario_node(s, WC_MS(0));
        node->slot_count = GIGABIT_SLOTS;
    }
    return node;
}

double wc_scenario_pass_s(const struct wc_world *w)
{
    return (double)w->env.object.partition.symbol_count * w->config.wire_bytes * 8 /
           (double)w->config.rate_max_bps;
}

double wc_scenario_seconds(const struct wc_world *w, uint32_t node)
{
    return (double)(w->nodes[node].ended_at - w->sender.started_at) / 1e9;
}

static void print_figures(const struct wc_world *w, FILE *out)
{
    const struct wc_sender_node *s = &w->sender;
    fprintf(out,
            "sender: %" PRIu64 " source symbols of %" PRIu64 ", %" PRIu64
            " repair symbols, %" PRIu64 " beacons\n",
            s->source_count, w->env.object.partition.symbol_count, s->repair_count,
            s->beacon_count);
    for (uint32_t i = 0; i < w->config.node_count; i++) {
        struct wc_receiver_stats r = {0};
        if (!w->nodes[i].core)
            continue;
        wc_receiver_stats(w->nodes[i].core, &r);
        fprintf(out,
                "%" PRIu32 ": %" PRIu32 " of %" PRIu32 " blocks, received %" PRIu64
                ", lost %" PRIu64 ", duplicate %" PRIu64 ", refused %" PRIu64 ", repaired %" PRIu64
                "\n",
                i, r.block_done_count, r.block_count, r.received_count, r.lost_count,
                r.duplicate_count, r.refused_count, r.repaired_count);
    }
}

static char *timeline(const struct wc_scenario *s, const struct wc_world *w, size_t *ret_bytes)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_bytes);
    assert(out);
    wc_trace_print(&w->env.trace, out, s->style);
    print_figures(w, out);
    fclose(out);
    return text;
}

static char *read_file(const char *path, size_t *ret_bytes)
{
    FILE *in = fopen(path, "r");
    if (!in)
        return NULL;
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_bytes);
    assert(out);
    for (int c = fgetc(in); c != EOF; c = fgetc(in))
        fputc(c, out);
    fclose(in);
    fclose(out);
    return text;
}

/* Show the first line in which the two differ. */
static void print_difference(const char *golden, const char *now)
{
    size_t line = 1;
    while (*golden && *now) {
        size_t golden_bytes = strcspn(golden, "\n");
        size_t now_bytes = strcspn(now, "\n");
        if (golden_bytes != now_bytes || memcmp(golden, now, now_bytes) != 0)
            break;
        golden += golden_bytes + (golden[golden_bytes] == '\n');
        now += now_bytes + (now[now_bytes] == '\n');
        line++;
    }
    fprintf(stderr, "line %zu differs\n  golden: %.*s\n  now:    %.*s\n", line,
            (int)strcspn(golden, "\n"), golden, (int)strcspn(now, "\n"), now);
}

static void compare(struct wc_scenario *s, const struct wc_world *w, const char *path, bool update)
{
    size_t now_bytes;
    char *now = timeline(s, w, &now_bytes);
    if (update) {
        FILE *out = fopen(path, "w");
        assert(out);
        fwrite(now, 1, now_bytes, out);
        fclose(out);
    }
    size_t golden_bytes = 0;
    char *golden = read_file(path, &golden_bytes);
    if (!golden) {
        fprintf(stderr, "%s is missing; write it with --update\n", path);
        s->failure_count++;
    } else if (golden_bytes != now_bytes || memcmp(golden, now, now_bytes) != 0) {
        fprintf(stderr, "the timeline differs from %s; if that is right, use --update\n", path);
        print_difference(golden, now);
        s->failure_count++;
    }
    free(golden);
    free(now);
}

int wc_scenario_main(int argc, char **argv, const char *name, void (*build)(struct wc_scenario *),
                     void (*expect)(struct wc_scenario *, const struct wc_world *))
{
    static struct wc_scenario s;
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER [--update]\n", argv[0]);
        return EXIT_FAILURE;
    }
    s.config = wc_world_config_default();
    s.config.has_bytes = true;
    s.config.rate_max_bps = 100000000;
    s.config.rate_min_bps = 5000000;
    s.config.trace_max = TIMELINE_RECORDS;
    s.config.nodes = s.nodes;
    s.config.steps = s.steps;
    s.time_max = WC_S(60);
    s.style = WC_TRACE_TIMELINE;
    build(&s);

    struct wc_world *w = wc_world_new(&s.config);
    bool over = wc_world_run(w, s.time_max);
    const char *violation = wc_world_violation(w);
    wc_scenario_expect(&s, over, "everybody comes to an end");
    wc_scenario_expect(&s, !violation, violation ? violation : "");
    expect(&s, w);
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.txt", argv[1], name);
    compare(&s, w, path, argc > 2 && strcmp(argv[2], "--update") == 0);
    wc_world_free(w);
    return s.failure_count ? EXIT_FAILURE : EXIT_SUCCESS;
}
