/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the data thread has to say, and what follows from it. */
#ifndef WC_RECEIVER_SHELL_HEARING_H
#define WC_RECEIVER_SHELL_HEARING_H

#include "receiver/shell/session.h"

/* Take all notices that wait. */
void wc_hearing_take(struct wc_session *s);
/* What the jobs have to say; to be called several times a second. */
void wc_hearing_look(struct wc_session *s);
/* What is wrong with the blocks that came: said, or the end. */
void wc_hearing_judge(struct wc_session *s);

#endif
