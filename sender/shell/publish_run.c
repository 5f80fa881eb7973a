/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that `send` would refuse is refused here already: the key, what cannot be read, what
 * is empty. The content is compared with its own manifest once more when it was read, so that a
 * file which was written meanwhile is not published. */
#include "sender/shell/publish_run.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/io/signals.h"
#include "sender/shell/display.h"
#include "sender/shell/keygate.h"
#include "sender/shell/packagelook.h"

struct publishing {
    const struct wc_publish_options *o;
    struct wc_display *display;
    struct wc_identity *identity;
    struct wc_content *content;
    struct wc_package package;
    uint32_t last_version; /* that was published before; 0: none */
    struct wc_publication publication;
    int signal_fd;
};

static void on_warning(void *ctx, const char *sentence)
{
    const struct publishing *p = ctx;
    wc_display_warning(p->display, sentence);
}

static void on_finding(void *ctx, const struct wc_finding *finding)
{
    const struct publishing *p = ctx;
    wc_display_finding(p->display, finding);
}

static bool on_progress(void *ctx, uint64_t done_bytes, uint64_t bytes)
{
    const struct publishing *p = ctx;
    wc_display_publishing(p->display, done_bytes, bytes);
    return !wc_signals_pending(p->signal_fd);
}

static enum wc_err open_key(struct publishing *p, struct wc_why *why)
{
    struct wc_keycheck_place place = {
        .state_dir = p->o->state_dir, .site_dir = p->o->site_dir, .now_s = (int64_t)time(NULL)};
    struct wc_keygate_listener listener = {.warn = on_finding, .ctx = p};
    enum wc_err err = wc_keygate_check(&place, &listener, why);
    return err ? err : wc_keygate_open(&p->identity, p->o->state_dir, why);
}

static enum wc_err choose_version(struct publishing *p, struct wc_why *why)
{
    uint32_t last = wc_package_last_version(p->o->state_dir, p->o->id);
    p->last_version = last;
    if (p->o->version > last || (!p->o->version && last < UINT32_MAX)) {
        p->package.version = p->o->version ? p->o->version : last + 1;
        return WC_OK;
    }
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "--package-version must be above %u, the last one of %s: receivers refuse to "
                      "go back; leave it out, or begin anew, with --read: wimcast-sender packages "
                      "remove %s",
                      last, p->o->id, p->o->id);
}

/* What is not said stays as it was: who publishes again after a change of the files does not mean
 * to open the package. */
static enum wc_err choose_settings(struct publishing *p, struct wc_why *why)
{
    const struct wc_publish_options *o = p->o;
    struct wc_package last;
    struct wc_package_sight sight;
    enum wc_err err = wc_package_read(&last, &sight, o->state_dir, o->id, why);
    if (err)
        return err;
    wc_package_deinit(&last);
    bool is_new = p->last_version == 0 && sight.record == WC_PACKAGE_FILE_MISSING;
    bool is_known = is_new || sight.record == WC_PACKAGE_FILE_GOOD;
    if (!is_known && !o->has_readers)
        return wc_why_set(why, WC_E_STATE, EX_USAGE,
                          "package %s was published before, but who may read it can no longer be "
                          "known (its record: %.100s); say who: --read everyone, accounts, or "
                          "NAME,NAME..., and --only-multicast if it was so",
                          o->id, sight.detail);
    p->package.readers = o->has_readers ? o->readers : sight.readers; /* zeroed: everyone */
    p->package.multicast_only = o->has_transfer ? o->multicast_only : sight.multicast_only;
    return WC_OK;
}

/* What was found by the paths as they were made absolute is what will be found by `send`. */
static enum wc_err open_content(struct publishing *p, struct wc_why *why)
{
    struct wc_content_options options = {.warn = on_warning, .ctx = p};
    struct wc_package *package = &p->package;
    for (size_t i = 0; i < p->o->path_count; i++) {
        enum wc_err err = wc_package_add_origin(package, p->o->paths[i], why);
        if (err)
            return err;
    }
    return wc_content_open(&p->content, (const char *const *)package->origins,
                           package->origin_count, &options, why);
}

static enum wc_err hash(struct publishing *p, struct wc_why *why)
{
    struct wc_publish_config config = {
        .id = p->o->id,
        .version = p->package.version,
        .symbol_bytes = p->o->symbol_bytes,
        .block_symbols = WC_SOURCE_SYMBOLS_MAX,
        .progress = on_progress,
        .warn = on_warning,
        .ctx = p,
    };
    return wc_publish_run(&p->publication, p->content, &config, why);
}

static enum wc_err check_unchanged(struct publishing *p, struct wc_why *why)
{
    struct wc_package_sight sight = {.content = WC_PACKAGE_CONTENT_UNSEEN};
    snprintf(sight.id, sizeof(sight.id), "%s", p->o->id);
    enum wc_err err =
        wc_packagelook_content(&sight, &p->package, &p->publication.manifest, NULL, why);
    return err ? err : wc_package_judge(&sight, why);
}

static enum wc_err save(struct publishing *p, struct wc_why *why)
{
    struct wc_package *package = &p->package;
    snprintf(package->id, sizeof(package->id), "%s", p->o->id);
    package->published_s = (int64_t)time(NULL);
    package->manifest = p->publication.bytes; /* one owner at a time */
    package->manifest_bytes = p->publication.byte_count;
    p->publication.bytes = NULL;
    memcpy(package->manifest_digest, p->publication.digest, WC_DIGEST_BYTES);
    enum wc_err err = wc_package_seal(package, p->identity, why);
    return err ? err : wc_package_save(package, p->o->state_dir, why);
}

static enum wc_err publish(struct publishing *p, struct wc_why *why)
{
    enum wc_err err = open_key(p, why);
    if (!err)
        err = choose_version(p, why);
    if (!err)
        err = choose_settings(p, why);
    if (!err)
        err = open_content(p, why);
    if (!err)
        err = hash(p, why);
    if (!err)
        err = check_unchanged(p, why);
    if (!err)
        err = save(p, why);
    return err;
}

int wc_publish_command(const struct wc_publish_options *options,
                       const struct wc_args_common *common)
{
    struct publishing p = {.o = options};
    struct wc_why why = {0};
    if (wc_display_open(&p.display, common, &options->log, &why)) {
        fprintf(stderr, "wimcast-sender: %s\n", why.text);
        return why.exit_code;
    }
    p.signal_fd = wc_signals_open();
    if (p.signal_fd < 0) {
        wc_display_close(p.display);
        return EX_OSERR;
    }
    if (publish(&p, &why) == WC_OK) {
        wc_display_wims(p.display, &p.publication.manifest, p.content);
        wc_display_published(p.display, &p.package, &p.publication.manifest);
    } else {
        wc_display_error(p.display, &why);
    }
    wc_publish_deinit(&p.publication);
    wc_package_deinit(&p.package);
    wc_content_close(p.content);
    wc_identity_free(p.identity);
    wc_display_close(p.display);
    close(p.signal_fd);
    return why.exit_code;
}
