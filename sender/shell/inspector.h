/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of VOID: a block that a receiver says is wrong is read again from its source, in
 * another thread, and judged (common/diag/damage_rules.h). Each block once, and not more than a few
 * of them: who lies keeps one disk read busy, no more. */
#ifndef WC_SENDER_SHELL_INSPECTOR_H
#define WC_SENDER_SHELL_INSPECTOR_H

#include <uv.h>

#include "common/core/msg.h"
#include "common/diag/finding.h"
#include "sender/shell/content.h"

struct wc_inspector;

/* Blocks that are looked at in a session; what else is said to be wrong is passed over. */
#define WC_INSPECTOR_BLOCKS_MAX 64u

/* `content` and `manifest` are borrowed until free; memory is taken when the first block is named.
 * `warn`: worth a warning, each kind once in a session; NULL is fine. `failed`: the source is no
 * longer what was published, or cannot be read; once. NULL: no memory; then nothing is looked at.
 */
struct wc_inspector *wc_inspector_new(uv_loop_t *loop, const struct wc_content *content,
                                      const struct wc_manifest *manifest,
                                      void (*warn)(void *ctx, const struct wc_finding *finding),
                                      void (*failed)(void *ctx, const struct wc_why *why),
                                      void *ctx);

/* Member `member`, called `name`, says that a block is wrong; with it `at_work_count` receivers are
 * at work. WC_E_RANGE: there is no such block. */
WC_MUST_USE enum wc_err wc_inspector_void(struct wc_inspector *i, uint32_t member, const char *name,
                                          uint32_t at_work_count, const struct wc_void *said);

/* Nothing is told from now on. NULL is fine. */
void wc_inspector_hush(struct wc_inspector *i);
/* After the loop ran empty. NULL is fine. */
void wc_inspector_free(struct wc_inspector *i);

#endif
