/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the XML data of a WIM: nothing is read behind their end, and it takes one pass. */
#include <stdlib.h>
#include <string.h>

#include "common/core/wimxml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    uint8_t *copy = malloc(size - 1 ? size - 1 : 1); /* exactly so many, for the sanitizers */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    (void)!wc_wimxml_why(copy, size - 1, data[0]);
    free(copy);
    return 0;
}
