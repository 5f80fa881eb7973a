/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the XML of a WIM says of its images (libxml2; the only place that knows it). It comes from
 * strangers, it may be damaged, and it is no more than a hint: the lookup table and the metadata
 * decide what is in an image. */
#ifndef WC_IO_WIMTITLES_H
#define WC_IO_WIMTITLES_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/wim.h"

#define WC_WIMTITLE_NAME_BYTES 256
#define WC_WIMTITLES_BYTES_MAX (8u << 20) /* of XML: longer is not read */

struct wc_wimtitle {
    char name[WC_WIMTITLE_NAME_BYTES]; /* UTF-8, cut at a character; "": none */
    uint64_t byte_count;               /* of all files, hard links counted once; 0: not known */
    uint64_t file_count;               /* and folders; 0: not known */
};

struct wc_wimtitles {
    struct wc_wimtitle *images; /* image_count of the WIM, in its order */
    uint32_t image_count;
    bool is_known; /* false: the XML cannot be read, and nothing is known of any image */
};

/* WC_E_NOMEM; XML that cannot be read is no error. */
WC_MUST_USE enum wc_err wc_wimtitles_read(struct wc_wimtitles *ret, const struct wc_wim *wim);
void wc_wimtitles_deinit(struct wc_wimtitles *x);

/* The image that `text` means, from 1: its number, or its name (letters of ASCII in any case).
 * `text` NULL: the only one. WC_E_NOT_FOUND: none (*ret_count 0), or several (as many). */
WC_MUST_USE enum wc_err wc_wimtitles_choose(const struct wc_wimtitles *x, const char *text,
                                            uint16_t *ret_image, uint32_t *ret_count);

#endif
