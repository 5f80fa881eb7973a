/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The XML data of a WIM has no digest. Readers refuse the whole image when it is malformed or
 * counts other images than the header, so this much of it is verified. */
#ifndef WC_CORE_WIMXML_H
#define WC_CORE_WIMXML_H

#include "common/core/types.h"

/* Elements in each other; a WIM's own have six levels. */
#define WC_WIMXML_DEPTH_MAX 64u

/* Why readers refuse these bytes as the XML data (UTF-16LE) of a WIM with so many images; static
 * text. NULL: they do not. */
const char *wc_wimxml_why(const uint8_t *bytes, size_t byte_count, uint32_t image_count);

#endif
