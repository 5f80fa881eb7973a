/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `check --fix` mends by itself: only what cannot make anything worse. */
#ifndef WC_SENDER_SHELL_CHECKFIX_H
#define WC_SENDER_SHELL_CHECKFIX_H

#include "common/core/types.h"

/* Told for each thing: what was done, or (not is_done) why it was not. Borrowed until return. */
typedef void wc_checkfix_tell(void *ctx, bool is_done, const char *sentence);

/* Close the state directory and its files to other users, and remove what interrupted writes left.
 * `now_s`: seconds since 1970. */
void wc_checkfix_dir(const char *dir, int64_t now_s, wc_checkfix_tell *tell, void *ctx);

#endif
