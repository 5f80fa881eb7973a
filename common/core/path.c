/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/path.h"

#include <string.h>

#include "common/core/limits.h"
#include "common/core/text.h"

static bool ends_in(const char *text, size_t byte_count, const char *suffix)
{
    size_t suffix_bytes = strlen(suffix);
    return byte_count >= suffix_bytes &&
           memcmp(text + byte_count - suffix_bytes, suffix, suffix_bytes) == 0;
}

static const char *component_why(const char *name, size_t byte_count)
{
    if (!byte_count)
        return "the path begins or ends with '/' or has '//' in it";
    if (name[0] == '.' && (byte_count == 1 || (byte_count == 2 && name[1] == '.')))
        return "the path has a '.' or '..' in it";
    if (ends_in(name, byte_count, ".part") || ends_in(name, byte_count, ".part.journal"))
        return "names in '.part' and '.part.journal' are for files under reception";
    return NULL;
}

const char *wc_path_why(const char *path, size_t byte_count)
{
    if (!byte_count)
        return "the path is empty";
    if (byte_count > WC_PATH_BYTES_MAX)
        return "the path is longer than 4095 bytes";
    if (!wc_text_check(path, byte_count))
        return "the path has a control character in it or is not UTF-8";
    for (size_t from = 0; from <= byte_count;) {
        const char *slash = memchr(path + from, '/', byte_count - from);
        size_t to = slash ? (size_t)(slash - path) : byte_count;
        const char *why = component_why(path + from, to - from);
        if (why)
            return why;
        from = to + 1;
    }
    return NULL;
}

enum wc_err wc_path_check(const char *path, size_t byte_count)
{
    return wc_path_why(path, byte_count) ? WC_E_PATH : WC_OK;
}
