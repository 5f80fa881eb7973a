/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/state_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/args.h"

#define STATE_DIR_ROOT "/var/lib/wimcast"

static bool is_set(const char *value)
{
    return value && *value;
}

struct wc_sender_env wc_sender_env_read(void)
{
    return (struct wc_sender_env){
        .state_dir = getenv("WIMCAST_STATE_DIR"),
        .xdg_state_home = getenv("XDG_STATE_HOME"),
        .home = getenv("HOME"),
        .root = geteuid() == 0,
        .site_dir = getenv("WIMCAST_SITE_DIR"),
    };
}

enum wc_err wc_state_dir_read(const char *option, const char *text,
                              char ret[WC_SENDER_STATE_DIR_BYTES], struct wc_why *why)
{
    const char *dir;
    enum wc_err err = wc_args_text(option, text, &dir, why);
    if (!err && strlen(dir) >= WC_SENDER_STATE_DIR_BYTES)
        err = wc_why_set(why, WC_E_TOO_LARGE, EX_USAGE, "%s takes at most %d bytes", option,
                         WC_SENDER_STATE_DIR_BYTES - 1);
    if (!err)
        snprintf(ret, WC_SENDER_STATE_DIR_BYTES, "%s", dir);
    return err;
}

static enum wc_err join(char ret[WC_SENDER_STATE_DIR_BYTES], const char *base, const char *tail,
                        const char *option, struct wc_why *why)
{
    size_t base_bytes = strlen(base);
    size_t tail_bytes = strlen(tail);
    if (base_bytes + tail_bytes >= WC_SENDER_STATE_DIR_BYTES)
        return wc_why_set(why, WC_E_TOO_LARGE, EX_CONFIG,
                          "the name of the folder for the key of this sender is too long; use %s",
                          option);
    memcpy(ret, base, base_bytes);
    memcpy(ret + base_bytes, tail, tail_bytes + 1);
    return WC_OK;
}

/* XDG Base Directory Specification: a path there that is not absolute is not looked at. */
enum wc_err wc_state_dir_choose(char ret[WC_SENDER_STATE_DIR_BYTES],
                                const struct wc_sender_env *env, struct wc_why *why)
{
    if (*ret)
        return WC_OK;
    if (is_set(env->state_dir))
        return join(ret, env->state_dir, "", "--state-dir", why);
    if (env->root)
        return join(ret, STATE_DIR_ROOT, "", "--state-dir", why);
    if (is_set(env->xdg_state_home) && env->xdg_state_home[0] == '/')
        return join(ret, env->xdg_state_home, "/wimcast", "--state-dir", why);
    if (is_set(env->home))
        return join(ret, env->home, "/.local/state/wimcast", "--state-dir", why);
    return wc_why_set(why, WC_E_NOT_FOUND, EX_CONFIG,
                      "no folder for the key of this sender: HOME is not set; use --state-dir");
}

enum wc_err wc_site_dir_choose(char ret[WC_SENDER_SITE_DIR_BYTES], const char *state_dir,
                               const struct wc_sender_env *env, struct wc_why *why)
{
    if (*ret)
        return WC_OK;
    if (is_set(env->site_dir))
        return join(ret, env->site_dir, "", "--site-dir", why);
    snprintf(ret, WC_SENDER_SITE_DIR_BYTES, "%s/site", state_dir); /* it has room for that */
    return WC_OK;
}
