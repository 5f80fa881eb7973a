/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the manifest of a package of some files of this folder to standard output.
 * usage: makemanifest FILE...      in ascending order */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/core/manifest.h"
#include "common/io/digest.h"

#define SYMBOL_BYTES  1440u
#define BLOCK_SYMBOLS 128u
#define OBJECT_MAX    (512u << 20)

static size_t read_file(const char *path, uint8_t *room, size_t room_bytes)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        perror(path);
        exit(EX_NOINPUT);
    }
    size_t count = fread(room, 1, room_bytes, f);
    fclose(f);
    return count;
}

int main(int argc, char **argv)
{
    struct wc_manifest m = {.id = "test",
                            .version = 1,
                            .block_symbols = BLOCK_SYMBOLS,
                            .file_count = (uint32_t)argc - 1};
    struct wc_digest *d = NULL;
    uint8_t *object = malloc(OBJECT_MAX);
    size_t at = 0;
    m.files = calloc(m.file_count + 1, sizeof m.files[0]);
    enum wc_err err = wc_digest_new(&d);
    assert(object && m.files && !err);
    for (uint32_t i = 0; i < m.file_count; i++) {
        size_t count = read_file(argv[i + 1], object + at, OBJECT_MAX - at);
        m.files[i] = (struct wc_file){
            .path = argv[i + 1], .byte_count = count, .mode = 0644, .kind = WC_FILE_REGULAR};
        wc_digest_of(d, object + at, count, m.files[i].digest);
        at += count;
    }
    err = wc_partition_init(&m.partition, at, SYMBOL_BYTES, BLOCK_SYMBOLS);
    assert(!err);
    m.block_digests = calloc(m.partition.block_count + 1, WC_DIGEST_BYTES);
    assert(m.block_digests);
    for (uint32_t sbn = 0; sbn < m.partition.block_count; sbn++)
        wc_digest_of(d, object + wc_partition_offset(&m.partition, sbn),
                     wc_partition_bytes(&m.partition, sbn),
                     m.block_digests + (size_t)sbn * WC_DIGEST_BYTES);
    size_t byte_count = wc_manifest_encoded_bytes(&m);
    uint8_t *bytes = malloc(byte_count);
    assert(bytes);
    err = wc_manifest_encode(&m, bytes, byte_count, &byte_count);
    assert(!err);
    int code = fwrite(bytes, 1, byte_count, stdout) == byte_count && !fflush(stdout) ? 0 : EX_IOERR;
    free(bytes);
    free(m.block_digests);
    free(m.files);
    free(object);
    wc_digest_free(d);
    return code;
}
