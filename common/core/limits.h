/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every bound of the protocol, in one place. */
#ifndef WC_CORE_LIMITS_H
#define WC_CORE_LIMITS_H

/* The data plane. A block of k source symbols has at most 255 encoding symbols: ESI 255 is never
 * sent and means "none" in tables. */
#define WC_SOURCE_SYMBOLS_MAX   128
#define WC_ENCODING_SYMBOLS_MAX 255
#define WC_ESI_NONE             255
/* A receiver that lacks more than this of a block is served by the whole block once more:
 * inverting larger matrices costs more time than the wire saves. */
#define WC_REPAIR_SYMBOLS_MAX 64
#define WC_HEADER_BYTES       16
#define WC_TAG_BYTES          16
#define WC_SYMBOL_BYTES_MIN   16
#define WC_SYMBOL_BYTES_MAX   8928
#define WC_DATAGRAM_BYTES_MAX (WC_HEADER_BYTES + WC_SYMBOL_BYTES_MAX + WC_TAG_BYTES)
#define WC_BLOCKS_MAX         (1u << 22)
#define WC_PN_MAX             ((1ull << 48) - 1)
/* Packet numbers this far below the highest are still told apart from replays. */
#define WC_REPLAY_WINDOW 16384u

/* The control channel. */
#define WC_PROTOCOL_VERSION   1
#define WC_FRAME_BODY_MAX     65536u
#define WC_MANIFEST_PART_MAX  32768u
#define WC_SYMBOLS_BYTES_MAX  65000u
#define WC_FETCH_BLOCKS_MAX   16u
#define WC_REPORT_RUNS_MAX    1024u
#define WC_NAME_BYTES_MAX     64u  /* receiver and package names, without the NUL */
#define WC_SENTENCE_BYTES_MAX 512u /* any text for people, without the NUL */
#define WC_PASSWORD_BYTES_MAX 128u /* of an account, without the NUL */

/* The manifest. */
#define WC_MANIFEST_BYTES_MAX  (256u << 20)
#define WC_FILES_MAX           (1u << 20)
#define WC_PATH_BYTES_MAX      4095u
#define WC_DIGEST_BYTES        32
#define WC_SIGNATURE_BYTES_MAX 256u
#define WC_WIMS_MAX            WC_FILES_MAX
/* Blocks in runs that do not touch: at most every other one. */
#define WC_FIRST_RUNS_MAX (WC_BLOCKS_MAX / 2)

/* The roster. */
#define WC_MEMBERS_MAX 16384u

_Static_assert(WC_SOURCE_SYMBOLS_MAX + WC_REPAIR_SYMBOLS_MAX <= WC_ENCODING_SYMBOLS_MAX,
               "the largest parity repair must fit into a block's encoding symbols");
_Static_assert(WC_MANIFEST_PART_MAX + 64 <= WC_FRAME_BODY_MAX, "a manifest part must fit a frame");

#endif
