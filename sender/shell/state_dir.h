/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the keys of this machine are kept. */
#ifndef WC_SENDER_SHELL_STATE_DIR_H
#define WC_SENDER_SHELL_STATE_DIR_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"

#define WC_SENDER_STATE_DIR_BYTES 4096
#define WC_SENDER_SITE_DIR_BYTES  (WC_SENDER_STATE_DIR_BYTES + 8)

/* What the environment says about the state directory: --state-dir, else $WIMCAST_STATE_DIR, else
 * for root /var/lib/wimcast, else $XDG_STATE_HOME/wimcast, else $HOME/.local/state/wimcast; and
 * about the folder of the site key: --site-dir, else $WIMCAST_SITE_DIR, else `site` in the state
 * directory. NULL or "": not set. */
struct wc_sender_env {
    const char *state_dir;
    const char *xdg_state_home;
    const char *home;
    bool root;
    const char *site_dir;
};
struct wc_sender_env wc_sender_env_read(void);

/* The value of --state-dir or --site-dir (`option`), with EX_USAGE on failure. */
WC_MUST_USE enum wc_err wc_state_dir_read(const char *option, const char *text,
                                          char ret[WC_SENDER_STATE_DIR_BYTES], struct wc_why *why);

/* Fill a name that is still "". EX_CONFIG on failure. */
WC_MUST_USE enum wc_err wc_state_dir_choose(char ret[WC_SENDER_STATE_DIR_BYTES],
                                            const struct wc_sender_env *env, struct wc_why *why);
WC_MUST_USE enum wc_err wc_site_dir_choose(char ret[WC_SENDER_SITE_DIR_BYTES],
                                           const char *state_dir, const struct wc_sender_env *env,
                                           struct wc_why *why);

#endif
