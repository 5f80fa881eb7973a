/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only root may see, the firewall, is looked at before the user changes; all else after, so
 * that what that user may not do is found. */
#include "sender/shell/check.h"

#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "common/diag/dp_rules.h"
#include "common/diag/firewall_rules.h"
#include "common/diag/key_rules.h"
#include "common/io/firewall.h"
#include "sender/shell/checkdp.h"
#include "sender/shell/checkfix.h"
#include "sender/shell/checklook.h"
#include "sender/shell/console.h"
#include "sender/shell/runas.h"

struct check {
    const struct wc_check_options *o;
    int64_t now_s;
    struct wc_console console;
    struct wc_console_tally tally;
    struct wc_checklook look;
    struct wc_findings findings; /* those that were not told yet */
};

static void tell_findings(struct check *c)
{
    wc_console_list(&c->console, &c->findings, &c->tally);
    c->findings.count = 0;
}

/* --- mending ---------------------------------------------------------------------------------- */

static void tell_fix(void *ctx, bool is_done, const char *sentence)
{
    struct check *c = ctx;
    if (wc_console_is_text(&c->console))
        printf("%s: %s\n", is_done ? "fixed" : "not fixed", sentence);
    wc_jsonl_begin(c->console.events, "fix");
    wc_jsonl_bool(c->console.events, "done", is_done);
    wc_jsonl_str(c->console.events, "sentence", sentence);
    (void)wc_console_end(&c->console, EX_OK);
}

/* --- looking ---------------------------------------------------------------------------------- */

static void look_at_machine(struct check *c)
{
    wc_checklook_run(&c->look, c->o, c->now_s);
    wc_dp_rules(&c->look.dp, &c->findings);
    if (!c->look.dp.has_no_key)
        wc_key_rules(&c->look.key, &c->findings);
    wc_firewall_rules(&c->look.firewall, &c->findings);
    tell_findings(c);
}

static void tell_package(void *ctx, const struct wc_findings *findings)
{
    struct check *c = ctx;
    wc_console_list(&c->console, findings, &c->tally);
}

/* Its key, if that can be used: looking makes none. */
static struct wc_identity *open_identity(const struct check *c)
{
    const struct wc_key_sight *key = &c->look.key;
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
    struct wc_identity *identity = NULL;
    bool is_whole =
        key->key == WC_KEY_FILE_GOOD && key->certificate == WC_KEY_FILE_GOOD && key->is_pair;
    if (is_whole && wc_identity_open(&identity, c->o->state_dir, sentence))
        return NULL;
    return identity;
}

static void look_at_packages(struct check *c)
{
    struct wc_identity *identity = open_identity(c);
    const struct wc_dp_dir *dir = &c->look.dp.dir;
    struct wc_checkdp what = {.state_dir = c->o->state_dir,
                              .id = c->o->id,
                              .identity = identity,
                              .owner = dir->owner == dir->user ? NULL : dir->owner_name,
                              .tell = tell_package,
                              .tell_fix = c->o->fix ? tell_fix : NULL,
                              .ctx = c};
    wc_checkdp_run(&what);
    wc_identity_free(identity);
}

static int run(struct check *c)
{
    wc_firewall_read(&c->look.firewall);
    if (c->o->user && wc_runas(c->o->user, &c->console.why))
        return wc_console_fail(&c->console);
    if (c->o->fix)
        wc_checkfix_dir(c->o->state_dir, c->now_s, tell_fix, c);
    look_at_machine(c);
    if (c->look.dp.dir.is_folder || c->o->id)
        look_at_packages(c);
    return wc_console_sum(&c->console, &c->tally, "a session can run on this machine");
}

int wc_check_run(const struct wc_check_options *options, const struct wc_args_common *common)
{
    static struct check c; /* large, and used once */
    c = (struct check){.o = options, .now_s = (int64_t)time(NULL)};
    bool is_open = wc_console_open(&c.console, common);
    int exit_code = is_open ? run(&c) : EX_OSERR;
    wc_firewall_release(&c.look.firewall);
    wc_console_close(&c.console);
    return exit_code;
}
