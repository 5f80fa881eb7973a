/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A WIM in the form that libwim reads from a pipe (wimlib's "pipable" form), written piece by
 * piece. Of this form only what a reader of a pipe looks at is made:
 *
 *     header | XML | metadata of the one image | blobs, in any order
 *
 * Each of the last three is a blob head, and then its bytes: plain ones, or, with the flag
 * WC_WIM_FLAG_COMPRESSED, all chunks, each after its own head, and after the last one the table of
 * chunks, which is the same as in a normal WIM. A reader stops after the last blob that it needs.
 *
 * The image has number 1 here, whatever its number was, and the XML says no more than its size:
 * the library sees nothing else of what strangers wrote. */
#ifndef WC_CORE_WIMPIPE_H
#define WC_CORE_WIMPIPE_H

#include "common/core/types.h"
#include "common/core/wimheader.h"

/* The header of a WIM of one image that has blobs of `source`: its compression and the size of its
 * chunks, and whether absolute links are mended. */
void wc_wimpipe_header(uint8_t ret[WC_WIM_HEADER_BYTES], const struct wc_wim_header *source);

/* What stands before a blob; `flags` are those of a place. plain_bytes > 0 (asserted): there is no
 * empty blob. */
void wc_wimpipe_blob_head(uint8_t ret[WC_WIM_BLOB_HEAD_BYTES], uint64_t plain_bytes,
                          const uint8_t sha1[WC_SHA1_BYTES], uint8_t flags);

/* What stands before a chunk. */
void wc_wimpipe_chunk_head(uint8_t ret[WC_WIM_PIPE_CHUNK_BYTES], uint32_t stored_bytes);

/* May the chunks of a resource go as they are into a pipe whose header is made of `source`? */
bool wc_wimpipe_passes(const struct wc_wim_header *source, const struct wc_wim_form *form);

/* The XML of one image whose files have `byte_count` bytes, UTF-16LE. Returns its bytes. */
#define WC_WIMPIPE_XML_BYTES 256u
size_t wc_wimpipe_xml(uint8_t ret[WC_WIMPIPE_XML_BYTES], uint64_t byte_count);

#endif
