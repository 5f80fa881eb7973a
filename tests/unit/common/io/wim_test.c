/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WIMs without compression, made byte by byte; real ones are for tests/cli/verify_test.sh. */
#include "common/io/wim.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/io/wimdeep.h"
#include "common/io/wimranges.h"
#include "tests/support/wimmaker.h"
#include "tests/support/workdir.h"

static struct wc_workdir dir;

enum {
    SMALL_COUNT = WC_WIMMAKER_SMALL_COUNT,
    SMALL_BYTES = WC_WIMMAKER_SMALL_BYTES,
    LARGE_BYTES = WC_WIMMAKER_LARGE_BYTES,
};

static void make(struct wc_wimmaker *m)
{
    wc_wimmaker_make(m);
    wc_workdir_make(&dir);
}

static void unmake(struct wc_wimmaker *m)
{
    wc_wimmaker_free(m);
    wc_workdir_remove(&dir);
}

static struct wc_wim *open_made(struct wc_wimmaker *m)
{
    struct wc_wim *w = NULL;
    struct wc_why why = {0};
    const char *path = wc_workdir_write(&dir, "x.wim", m->bytes, m->count);
    if (wc_wim_open(&w, path, &why))
        fail_msg("%s", why.text);
    return w;
}

static struct wc_wimdeep_result look(const struct wc_wim *w, uint32_t workers,
                                     const uint8_t *wanted)
{
    struct wc_wimdeep_config config = {
        .worker_count = workers, .memory_bytes = 1u << 30, .wanted = wanted};
    struct wc_wimdeep_result result;
    assert_int_equal(wc_wimdeep_run(w, &config, &result), WC_OK);
    return result;
}

/* The only name of a blob. */
static const char *name_of(const struct wc_wim *w, uint32_t blob)
{
    static char path[64];
    uint32_t count;
    const uint32_t *names = wc_wimmap_names(w->map, blob, &count);
    assert_int_equal(count, 1);
    return wc_wimmap_path(w->map, names[0], path, sizeof path);
}

static void an_intact_image(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    make(&m);
    struct wc_wim *w = open_made(&m);
    assert_int_equal(w->defect_count, 0);
    assert_true(w->knows_names);
    assert_int_equal(wc_wimmap_blob_count(w->map), SMALL_COUNT + 1);
    assert_int_equal(wc_wimmap_name_count(w->map), SMALL_COUNT + 1);
    for (uint32_t workers = 1; workers <= 4; workers++) {
        struct wc_wimdeep_result r = look(w, workers, NULL);
        assert_int_equal(r.fault_count, 0);
        assert_int_equal(r.blob_count, SMALL_COUNT + 1);
        assert_true(r.plain_bytes == (uint64_t)SMALL_COUNT * SMALL_BYTES + LARGE_BYTES);
    }
    wc_wim_close(w);
    unmake(&m);
}

/* Each byte of a file that was taken, once or more. */
static void mark(void *ctx, uint16_t part, uint64_t from, uint64_t to)
{
    uint8_t *marks = ctx;
    assert_int_equal(part, 1);
    memset(marks + from, 1, to - from);
}

static void a_survey_knows_where_its_structure_lies(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    struct wc_why why = {0};
    struct wc_wim *w = NULL;
    make(&m);
    const char *path = wc_workdir_write(&dir, "x.wim", m.bytes, m.count);
    struct wc_wim_source source = {.name = path, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    assert_int_equal(wc_wim_survey(&w, &source, 1, &why), WC_OK);
    assert_int_equal(w->defect_count, 0);
    assert_int_equal(wc_wimmap_name_count(w->map), 0);
    assert_int_equal(wc_wimmap_countable(w->map), SMALL_COUNT + 1);
    assert_int_equal(wc_wimmap_lacking(w->map), 0);
    uint8_t *marks = calloc(1, m.count);
    assert_non_null(marks);
    wc_wim_ranges(w, mark, marks);
    for (size_t i = 0; i < m.count; i++)
        assert_int_equal(marks[i], i < WC_WIM_HEADER_BYTES || i >= m.metadata);
    free(marks);
    wc_wim_close(w);
    unmake(&m);
}

static void all_that_is_damaged_and_nothing_else(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    make(&m);
    size_t large = WC_WIM_HEADER_BYTES + SMALL_COUNT / 2 * SMALL_BYTES;
    m.bytes[WC_WIM_HEADER_BYTES] ^= 1;
    m.bytes[WC_WIM_HEADER_BYTES + 2 * SMALL_BYTES - 1] ^= 1;
    m.bytes[large + LARGE_BYTES - 1] ^= 1;
    struct wc_wim *w = open_made(&m);
    struct wc_wimdeep_result r = look(w, 3, NULL);
    assert_int_equal(r.fault_count, 3);
    assert_string_equal(name_of(w, r.faults[0].blob), "/f0");
    assert_string_equal(name_of(w, r.faults[1].blob), "/f1");
    assert_string_equal(name_of(w, r.faults[2].blob), "/large");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(r.faults[i].look.err, WC_E_DIGEST);
        assert_int_equal(r.faults[i].again, WC_AGAIN_SAME);
    }
    free(r.faults);
    uint8_t wanted[SMALL_COUNT / 8 + 1] = {0x04}; /* only the third */
    r = look(w, 2, wanted);
    assert_int_equal(r.fault_count, 0);
    assert_int_equal(r.blob_count, 1);
    wc_wim_close(w);
    unmake(&m);
}

static void damaged_metadata_hides_names_and_nothing_else(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    make(&m);
    m.bytes[m.metadata + 300] ^= 1;
    m.bytes[WC_WIM_HEADER_BYTES] ^= 1;
    struct wc_wim *w = open_made(&m);
    assert_int_equal(w->defect_count, 1);
    assert_string_equal(w->defects[0].area, "the metadata of image 1");
    assert_true(w->defects[0].has_digests && w->defects[0].offset == m.metadata);
    assert_false(w->knows_names);
    struct wc_wimdeep_result r = look(w, 2, NULL);
    assert_int_equal(r.fault_count, 1);
    free(r.faults);
    wc_wim_close(w);
    unmake(&m);
}

static void a_damaged_entry_harms_one_file(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    make(&m);
    m.bytes[m.table + 5 * WC_WIM_ENTRY_BYTES + 40] ^= 1; /* SHA-1 of f5 */
    m.bytes[m.table + 6 * WC_WIM_ENTRY_BYTES + 14] ^= 1; /* f6 lies outside of the file */
    m.bytes[m.table + 7 * WC_WIM_ENTRY_BYTES] ^= 1;      /* f7 has two sizes */
    struct wc_wim *w = open_made(&m);
    uint32_t missing_count;
    (void)wc_wimmap_missing(w->map, &missing_count);
    assert_int_equal(missing_count, 1);
    struct wc_wimdeep_result r = look(w, 2, NULL);
    assert_int_equal(r.fault_count, 3);
    unsigned seen = 0;
    for (uint32_t i = 0; i < 3; i++)
        seen |= r.faults[i].look.err == WC_E_DIGEST  ? 1
                : r.faults[i].look.err == WC_E_SHORT ? 2
                : r.faults[i].look.err == WC_E_RANGE ? 4
                                                     : 8;
    assert_int_equal(seen, 7);
    free(r.faults);
    wc_wim_close(w);
    unmake(&m);
}

static void assert_defect(struct wc_wimmaker *m, enum wc_wim_defect_kind kind, const char *area)
{
    struct wc_wim *w = open_made(m);
    bool found = false;
    for (uint32_t i = 0; i < w->defect_count; i++)
        found |= w->defects[i].kind == kind && strcmp(w->defects[i].area, area) == 0;
    assert_true(found);
    free(look(w, 2, NULL).faults);
    wc_wim_close(w);
    unmake(m);
}

static void defects_of_tables(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    make(&m);
    m.count = m.table + 100;
    assert_defect(&m, WC_WIM_DEFECT_SIZE, "the lookup table");
    make(&m);
    m.count = m.xml + 1;
    assert_defect(&m, WC_WIM_DEFECT_SIZE, "the XML data");
    make(&m);
    m.bytes[m.xml] ^= 1;
    assert_defect(&m, WC_WIM_DEFECT_AREA, "the XML data");
    make(&m);
    m.bytes[m.count - 2] ^= 1;
    assert_defect(&m, WC_WIM_DEFECT_AREA, "the XML data");
    make(&m);
    m.bytes[55] |= WC_WIM_FLAG_COMPRESSED;
    assert_defect(&m, WC_WIM_DEFECT_AREA, "the lookup table");
    make(&m);
    m.bytes[44] = 2; /* images */
    assert_defect(&m, WC_WIM_DEFECT_AREA, "the metadata of image 2");
    make(&m);
    m.bytes[120] = 7; /* to boot */
    assert_defect(&m, WC_WIM_DEFECT_AREA, "the header");
}

static void assert_no_wim(struct wc_workdir *where, const void *bytes, size_t count, int exit_code)
{
    struct wc_wim *w;
    struct wc_why why = {0};
    assert_int_not_equal(wc_wim_open(&w, wc_workdir_write(where, "no.wim", bytes, count), &why),
                         WC_OK);
    assert_int_equal(why.exit_code, exit_code);
    assert_non_null(strstr(why.text, "no.wim"));
}

static void what_is_no_wim(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    struct wc_wim *w;
    struct wc_why why = {0};
    make(&m);
    assert_no_wim(&dir, m.bytes, 0, EX_DATAERR);
    assert_no_wim(&dir, m.bytes, 207, EX_DATAERR);
    m.bytes[0] = 'm';
    assert_no_wim(&dir, m.bytes, m.count, EX_DATAERR);
    m.bytes[0] = 'M';
    m.bytes[42] = 2; /* parts */
    m.bytes[40] = 2;
    assert_no_wim(&dir, m.bytes, m.count, EX_DATAERR);
    assert_int_not_equal(wc_wim_open(&w, dir.path, &why), WC_OK);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    assert_int_not_equal(wc_wim_open(&w, wc_workdir_at(&dir, "none"), &why), WC_OK);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    unmake(&m);
}

static void a_missing_part(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    make(&m);
    m.bytes[42] = 2;
    assert_defect(&m, WC_WIM_DEFECT_PART, "");
}

static int open_fd(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void assert_closed(int fd)
{
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* Under other names, with its data still to come. */
static void from_descriptors(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    struct wc_wim *w = NULL;
    struct wc_why why = {0};
    make(&m);
    memset(m.bytes + WC_WIM_HEADER_BYTES, 0, m.metadata - WC_WIM_HEADER_BYTES);
    const char *path = wc_workdir_write(&dir, "x.wim.part", m.bytes, m.count);
    struct wc_wim_source sources[] = {{"x.wim", open_fd(path)}, {"x2.wim", open_fd(path)}};
    if (wc_wim_open_parts(&w, sources, 2, &why))
        fail_msg("%s", why.text);
    assert_int_equal(w->defect_count, 0);
    assert_true(w->knows_names && w->part_count == 1);
    assert_int_equal(wc_wimmap_name_count(w->map), SMALL_COUNT + 1);
    assert_int_equal(w->parts[0].fd, sources[0].fd);
    assert_string_equal(w->parts[0].path, "x.wim");
    assert_closed(sources[1].fd); /* there is no second part */
    wc_wim_close(w);
    assert_closed(sources[0].fd);
    unmake(&m);
}

static void parts_from_descriptors(void **state)
{
    (void)state;
    struct wc_wimmaker m;
    struct wc_wim *w = NULL;
    struct wc_why why = {0};
    uint8_t second[WC_WIM_HEADER_BYTES];
    make(&m);
    m.bytes[42] = 3;
    memcpy(second, m.bytes, sizeof second);
    second[40] = 2;
    memset(second + 48, 0, 48); /* no tables */
    int fd = open_fd(wc_workdir_write(&dir, "a", m.bytes, m.count));
    int fd2 = open_fd(wc_workdir_write(&dir, "b", second, sizeof second));
    struct wc_wim_source sources[] = {{"d/x.swm", fd}, {"d/x2.swm", fd2}, {NULL, -1}};
    if (wc_wim_open_parts(&w, sources, 3, &why))
        fail_msg("%s", why.text);
    assert_int_equal(w->part_count, 3);
    assert_int_equal(w->parts[1].fd, fd2);
    assert_int_equal(w->parts[2].fd, -1);
    assert_string_equal(w->parts[2].path, "d/x3.swm");
    assert_int_equal(w->defects[0].kind, WC_WIM_DEFECT_PART);
    assert_int_equal(w->defects[0].part, 3);
    wc_wim_close(w);
    /* A part in place of the first. */
    fd2 = open_fd(wc_workdir_at(&dir, "b"));
    fd = open_fd(wc_workdir_at(&dir, "a"));
    sources[0] = (struct wc_wim_source){"x2.swm", fd2};
    sources[1] = (struct wc_wim_source){"x.swm", fd};
    assert_int_equal(wc_wim_open_parts(&w, sources, 2, &why), WC_E_RANGE);
    assert_non_null(strstr(why.text, "x2.swm is part 2 of 3"));
    assert_closed(fd);
    assert_closed(fd2);
    unmake(&m);
}

/* Whatever is wrong with its tables: it ends, and leaves nothing behind. */
static void any_byte_of_the_tables(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 60; round++) {
        struct wc_wimmaker m;
        make(&m);
        for (int i = 0; i < 3; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            size_t at = (size_t)(random >> 33) % (WC_WIM_HEADER_BYTES + m.count - m.metadata);
            at = at < WC_WIM_HEADER_BYTES ? at : m.metadata + at - WC_WIM_HEADER_BYTES;
            m.bytes[at] ^= (uint8_t)(random >> 25 | 1);
        }
        struct wc_wim *w;
        struct wc_why why = {0};
        const char *path = wc_workdir_write(&dir, "x.wim", m.bytes, m.count);
        if (wc_wim_open(&w, path, &why) == WC_OK) {
            free(look(w, 2, NULL).faults);
            wc_wim_close(w);
        }
        unmake(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intact_image),
        cmocka_unit_test(a_survey_knows_where_its_structure_lies),
        cmocka_unit_test(all_that_is_damaged_and_nothing_else),
        cmocka_unit_test(damaged_metadata_hides_names_and_nothing_else),
        cmocka_unit_test(a_damaged_entry_harms_one_file),
        cmocka_unit_test(defects_of_tables),
        cmocka_unit_test(what_is_no_wim),
        cmocka_unit_test(a_missing_part),
        cmocka_unit_test(from_descriptors),
        cmocka_unit_test(parts_from_descriptors),
        cmocka_unit_test(any_byte_of_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
