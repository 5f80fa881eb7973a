/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drives a libFuzzer target where libFuzzer is not linked in, so that every build, with any
 * compiler and sanitizer, runs each corpus file and a fixed number of mutations of them.
 *
 * Usage: TARGET MUTATIONS MAX_BYTES [CORPUS_FOLDER [SEED]]
 *        TARGET FILE...                   replay single files, for example a crash artifact
 *
 * The same seed gives the same inputs. Before each run the input is written to a file next to the
 * program (TARGET.input), so that a crash leaves what caused it; on success it goes. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_COUNT_MAX = 4096, INPUT_BYTES_MAX = 1 << 20 };

struct input {
    uint8_t *data;
    size_t bytes;
};

struct replay {
    struct input inputs[INPUT_COUNT_MAX];
    size_t input_count;
    size_t max_bytes;
    uint64_t random;
    char crash_path[PATH_MAX];
    int crash_fd; /* -1: could not be made; we go on without */
};

/* splitmix64 */
static uint64_t next_random(struct replay *r)
{
    r->random += 0x9e3779b97f4a7c15u;
    uint64_t z = r->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number in [0, bound), bound > 0. */
static size_t below(struct replay *r, size_t bound)
{
    assert(bound > 0);
    return (size_t)(next_random(r) % bound);
}

static void crash_file_open(struct replay *r, const char *program)
{
    r->crash_fd = -1;
    int n = snprintf(r->crash_path, sizeof(r->crash_path), "%s.input", program);
    if (n < 0 || (size_t)n >= sizeof(r->crash_path)) {
        return;
    }
    r->crash_fd = open(r->crash_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static void crash_file_close(struct replay *r)
{
    if (r->crash_fd >= 0) {
        close(r->crash_fd);
        unlink(r->crash_path);
    }
}

static void crash_file_keep(struct replay *r, const uint8_t *data, size_t bytes)
{
    if (r->crash_fd < 0) {
        return;
    }
    bool kept = ftruncate(r->crash_fd, 0) == 0 &&
                (bytes == 0 || pwrite(r->crash_fd, data, bytes, 0) == (ssize_t)bytes);
    if (!kept) {
        fprintf(stderr, "%s: a crash would not leave its input\n", r->crash_path);
    }
}

/* The target gets memory of exactly `bytes`, so that a sanitizer sees a read past the end. */
static void run_one(struct replay *r, const uint8_t *data, size_t bytes)
{
    uint8_t *exact = malloc(bytes > 0 ? bytes : 1);
    assert(exact != NULL);
    if (bytes > 0) {
        memcpy(exact, data, bytes);
    }
    crash_file_keep(r, exact, bytes);
    int rc = LLVMFuzzerTestOneInput(exact, bytes);
    assert(rc == 0 || rc == -1);
    free(exact);
}

static int add_file(struct replay *r, const char *path)
{
    FILE *f = fopen(path, "rbe");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    uint8_t *data = malloc(INPUT_BYTES_MAX);
    assert(data != NULL);
    size_t bytes = fread(data, 1, INPUT_BYTES_MAX, f);
    fclose(f);
    if (r->input_count == INPUT_COUNT_MAX) {
        free(data);
        fprintf(stderr, "%s: more than %d corpus files\n", path, INPUT_COUNT_MAX);
        return -1;
    }
    r->inputs[r->input_count++] = (struct input){.data = data, .bytes = bytes};
    return 0;
}

/* Files in name order, so that the seed decides everything. */
static int add_folder(struct replay *r, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        printf("%s: no corpus, starting from nothing\n", folder);
        return 0;
    }
    int rc = 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat st;
        int n = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            rc |= add_file(r, path);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static size_t mutate_remove(struct replay *r, uint8_t *data, size_t bytes)
{
    size_t at = below(r, bytes);
    size_t count = 1 + below(r, bytes - at);
    memmove(data + at, data + at + count, bytes - at - count);
    return bytes - count;
}

static size_t mutate_insert(struct replay *r, uint8_t *data, size_t bytes)
{
    size_t room = r->max_bytes - bytes;
    size_t at = below(r, bytes + 1);
    size_t count = 1 + below(r, room < 16 ? room : 16);
    memmove(data + at + count, data + at, bytes - at);
    for (size_t i = 0; i < count; i++) {
        data[at + i] = (uint8_t)next_random(r);
    }
    return bytes + count;
}

/* The tail of another input behind the head of this one. */
static size_t mutate_splice(struct replay *r, uint8_t *data, size_t bytes)
{
    const struct input *other = &r->inputs[below(r, r->input_count)];
    if (other->bytes == 0) {
        return bytes;
    }
    size_t at = below(r, bytes);
    size_t from = below(r, other->bytes);
    size_t count = other->bytes - from;
    if (count > r->max_bytes - at) {
        count = r->max_bytes - at;
    }
    memcpy(data + at, other->data + from, count);
    return at + count;
}

/* Changes `data` in place; it has room for max_bytes. Returns the new length. */
static size_t mutate(struct replay *r, uint8_t *data, size_t bytes)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    if (bytes == 0) {
        return mutate_insert(r, data, bytes);
    }
    switch (below(r, 7)) {
    case 0:
        data[below(r, bytes)] ^= (uint8_t)(1u << below(r, 8));
        return bytes;
    case 1:
        data[below(r, bytes)] = (uint8_t)next_random(r);
        return bytes;
    case 2:
        data[below(r, bytes)] = edges[below(r, sizeof(edges))];
        return bytes;
    case 3:
        return below(r, bytes + 1);
    case 4:
        return mutate_remove(r, data, bytes);
    case 5:
        return mutate_splice(r, data, bytes);
    default:
        return bytes < r->max_bytes ? mutate_insert(r, data, bytes) : bytes;
    }
}

static void run_mutations(struct replay *r, unsigned long mutation_count)
{
    uint8_t *data = malloc(r->max_bytes);
    assert(data != NULL);
    for (unsigned long i = 0; i < mutation_count; i++) {
        const struct input *base = &r->inputs[below(r, r->input_count)];
        size_t bytes = base->bytes < r->max_bytes ? base->bytes : r->max_bytes;
        if (bytes > 0) {
            memcpy(data, base->data, bytes);
        }
        for (size_t n = 1 + below(r, 4); n > 0; n--) {
            bytes = mutate(r, data, bytes);
        }
        run_one(r, data, bytes);
    }
    free(data);
}

static bool is_number(const char *s)
{
    return *s != '\0' && strspn(s, "0123456789") == strlen(s);
}

int main(int argc, char **argv)
{
    static struct replay replay;
    struct replay *r = &replay;
    static uint8_t nothing;
    unsigned long mutation_count = 0;
    int rc = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s MUTATIONS MAX_BYTES [CORPUS_FOLDER [SEED]] | FILE...\n",
                argv[0]);
        return 64;
    }
    r->max_bytes = INPUT_BYTES_MAX;
    r->random = 1;
    if (is_number(argv[1]) && argc >= 3 && is_number(argv[2])) {
        mutation_count = strtoul(argv[1], NULL, 10);
        r->max_bytes = strtoul(argv[2], NULL, 10);
        r->random = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
        rc = argc > 3 ? add_folder(r, argv[3]) : 0;
    } else {
        for (int i = 1; i < argc; i++) {
            rc |= add_file(r, argv[i]);
        }
    }
    if (rc != 0 || r->max_bytes == 0 || r->max_bytes > INPUT_BYTES_MAX) {
        return 66;
    }
    uint64_t seed = r->random;
    crash_file_open(r, argv[0]);
    size_t corpus_count = r->input_count;
    for (size_t i = 0; i < corpus_count; i++) {
        run_one(r, r->inputs[i].data, r->inputs[i].bytes);
    }
    run_one(r, &nothing, 0);
    if (r->input_count == 0) {
        r->inputs[r->input_count++] = (struct input){.data = NULL, .bytes = 0};
    }
    run_mutations(r, mutation_count);
    printf("%zu corpus files, %lu mutations, seed %" PRIu64 ": ok\n", corpus_count, mutation_count,
           seed);
    for (size_t i = 0; i < r->input_count; i++) {
        free(r->inputs[i].data);
    }
    crash_file_close(r);
    return 0;
}
