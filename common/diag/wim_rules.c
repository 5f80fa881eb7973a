/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/wim_rules.h"

#include "common/core/hresult.h"
#include "common/core/limits.h"
#include "common/diag/phrase.h"

/* sysexits.h */
#define EXIT_DATAERR 65
#define EXIT_NOINPUT 66

#define KIND(variable, id, severity, hresult, exit_code) \
    static const struct wc_finding_kind variable = {     \
        id,                                              \
        WC_SEVERITY_##severity,                          \
        WC_HR_##hresult,                                 \
        exit_code,                                       \
    }

KIND(damage_file, "damage.file", ERROR, HASH_VALUE, EXIT_DATAERR);
KIND(damage_block, "damage.block", ERROR, HASH_VALUE, EXIT_DATAERR);
KIND(damage_table, "damage.table", ERROR, HASH_VALUE, EXIT_DATAERR);
KIND(damage_missing, "damage.missing", ERROR, HASH_VALUE, EXIT_DATAERR);
KIND(damage_part, "damage.part", ERROR, NOT_FOUND, EXIT_DATAERR);
KIND(damage_size, "damage.size", ERROR, HASH_VALUE, EXIT_DATAERR);
KIND(damage_memory, "damage.memory", ERROR, HASH_VALUE, EXIT_DATAERR);
KIND(damage_unreadable, "damage.unreadable", ERROR, READ_FAULT, EXIT_NOINPUT);
KIND(verify_unchecked, "verify.unchecked", NOTICE, OK, 0);

#define FIX_AGAIN                                                                        \
    "get the image anew, with wimcast-receiver fetch or from another copy; if the same " \
    "bytes are wrong there, the image was damaged before it was sent: capture it anew"
#define FIX_BLOCK                                                                           \
    "mend it: wimcast-receiver verify FILE --repair URL, with the URL of a session of the " \
    "package; or get it anew with wimcast-receiver fetch"
#define FIX_MEMORY \
    "test the memory of this machine (memtest86+) and its disk's cable before anything else"

#define FIX_PUBLISHED                                                                         \
    "whoever published it should capture the image anew, look into it with wimcast-receiver " \
    "verify --deep, and publish it again; without --deep it is delivered as it is"

#define HEX_BYTES (2 * WC_DIGEST_BYTES + 1)

static const char *hex(char ret[HEX_BYTES], const uint8_t *digest, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < count && i < WC_DIGEST_BYTES; i++) {
        ret[at++] = digits[digest[i] >> 4];
        ret[at++] = digits[digest[i] & 15];
    }
    ret[at] = '\0';
    return ret;
}

static const struct wc_finding_kind *kind_of(const struct wc_wim_sight *s)
{
    if (s->again == WC_WIM_AGAIN_GOOD || s->again == WC_WIM_AGAIN_OTHER)
        return &damage_memory;
    switch (s->fault) {
    case WC_WIM_FAULT_DIGEST:
    case WC_WIM_FAULT_CODE:
    case WC_WIM_FAULT_CHUNKS:
    case WC_WIM_FAULT_PIPE:
        return &damage_file;
    case WC_WIM_FAULT_UNREADABLE:
        return &damage_unreadable;
    case WC_WIM_FAULT_BLOCK:
    case WC_WIM_FAULT_EDGE:
        return &damage_block;
    case WC_WIM_FAULT_MISSING:
        return &damage_missing;
    case WC_WIM_FAULT_SHORT:
        return &damage_size;
    case WC_WIM_FAULT_PART:
        return &damage_part;
    case WC_WIM_FAULT_AREA:
    case WC_WIM_FAULT_INTEGRITY:
        break;
    }
    return &damage_table;
}

/* --- sentences ------------------------------------------------------------------------------ */

/* What is the matter with the thing; "": the thing itself says so. */
static const char *predicate_of(const struct wc_wim_sight *s, bool is_one)
{
    if (s->again == WC_WIM_AGAIN_GOOD || s->again == WC_WIM_AGAIN_OTHER)
        return " could not be read twice alike: memory or disk of this machine are at fault";
    switch (s->fault) {
    case WC_WIM_FAULT_MISSING:
        return is_one ? " has no data in the image" : " have no data in the image";
    case WC_WIM_FAULT_UNREADABLE:
        return " cannot be read from the disk";
    case WC_WIM_FAULT_PIPE:
        return " cannot be applied from a pipe";
    default:
        return is_one ? " is damaged" : " are damaged";
    }
}

static void say_paths(const struct wc_wim_sight *s, char *ret)
{
    char number[WC_PHRASE_NUMBER_BYTES];
    if (!s->path) {
        WC_PHRASE(ret, "data of ", s->file,
                  s->names_lost ? " whose names are lost with the metadata" : " that no file uses",
                  predicate_of(s, true));
        return;
    }
    if (s->path_count == 1) {
        WC_PHRASE(ret, s->path, predicate_of(s, true));
        return;
    }
    wc_phrase_number(number, s->path_count - 1);
    WC_PHRASE(ret, s->path, " and ", number, s->path_count == 2 ? " other path" : " other paths",
              predicate_of(s, false));
}

static void say_block(const struct wc_wim_sight *s, char *ret)
{
    char block[WC_PHRASE_NUMBER_BYTES], number[WC_PHRASE_NUMBER_BYTES];
    wc_phrase_number(block, s->block);
    wc_phrase_number(number, s->path_count ? s->path_count - 1 : 0);
    const char *matter = s->again == WC_WIM_AGAIN_NOT || s->again == WC_WIM_AGAIN_SAME
                             ? " differs from the manifest"
                             : predicate_of(s, true);
    if (!s->path)
        WC_PHRASE(ret, "block ", block, " of ", s->file, matter, s->area ? ": in it is " : "",
                  s->area ? s->area : "");
    else
        WC_PHRASE(ret, "block ", block, " of ", s->file, matter,
                  s->path_count > 1 ? ": in it are " : ": in it is ", s->path,
                  s->path_count > 1 ? " and " : "", s->path_count > 1 ? number : "",
                  s->path_count > 2   ? " other paths"
                  : s->path_count > 1 ? " other path"
                                      : "");
}

static void say(const struct wc_wim_sight *s, char *ret)
{
    switch (s->fault) {
    case WC_WIM_FAULT_BLOCK:
        say_block(s, ret);
        return;
    case WC_WIM_FAULT_EDGE:
        WC_PHRASE(ret, s->file, " differs from the manifest in its first or last bytes");
        return;
    case WC_WIM_FAULT_AREA:
        WC_PHRASE(ret, s->area, " of ", s->file, predicate_of(s, true));
        return;
    case WC_WIM_FAULT_SHORT:
        WC_PHRASE(ret, s->file, " has not the right size");
        return;
    case WC_WIM_FAULT_PART:
        WC_PHRASE(ret, "a part of the split image ", s->file, " is missing");
        return;
    case WC_WIM_FAULT_INTEGRITY:
        WC_PHRASE(ret, s->file, " differs from its integrity table",
                  s->path ? "" : ", and no file in it is damaged");
        return;
    default:
        say_paths(s, ret);
        return;
    }
}

/* --- evidence ------------------------------------------------------------------------------- */

static const char *seen_of(const struct wc_wim_sight *s)
{
    if (s->seen)
        return s->seen;
    switch (s->fault) {
    case WC_WIM_FAULT_CODE:
        return "it cannot be decompressed";
    case WC_WIM_FAULT_CHUNKS:
        return "its table of chunks makes no sense";
    case WC_WIM_FAULT_PIPE:
        return "what stands before it for readers of a pipe differs from the lookup table";
    default:
        return "";
    }
}

static const char *again_text(enum wc_wim_again again)
{
    switch (again) {
    case WC_WIM_AGAIN_SAME:
        return "; read a second time it is the same: wrong on the disk, not in memory";
    case WC_WIM_AGAIN_OTHER:
        return "; read a second time it is wrong in another way";
    case WC_WIM_AGAIN_GOOD:
        return "; read a second time it is right";
    case WC_WIM_AGAIN_NOT:
        break;
    }
    return "";
}

static void say_evidence(const struct wc_wim_sight *s, char *ret)
{
    char from[WC_PHRASE_NUMBER_BYTES], count[WC_PHRASE_NUMBER_BYTES];
    char expected[HEX_BYTES] = "", actual[HEX_BYTES] = "";
    const char *name = s->digest_name ? s->digest_name : "";
    const char *seen = seen_of(s);
    wc_phrase_number(from, s->offset);
    wc_phrase_number(count, s->byte_count);
    if (s->expected)
        hex(expected, s->expected, s->digest_bytes);
    if (s->actual)
        hex(actual, s->actual, s->digest_bytes);
    bool has_place = s->byte_count > 0;
    WC_PHRASE(ret, has_place ? count : "", has_place ? " bytes at offset " : "",
              has_place ? from : "", has_place ? " of " : "", has_place ? s->file : "",
              *seen && has_place ? ": " : "", seen, s->expected ? "; " : "",
              s->expected ? name : "", s->expected ? " expected " : "", expected,
              s->actual ? ", found " : "", actual, again_text(s->again));
}

void wc_wim_rules(const struct wc_wim_sight *sight, struct wc_finding *ret)
{
    *ret = (struct wc_finding){.kind = kind_of(sight)};
    bool is_published = sight->is_published && ret->kind != &damage_memory;
    char said[WC_FINDING_TEXT_BYTES];
    say(sight, said);
    WC_PHRASE(ret->sentence, is_published ? "the image was published damaged: " : "", said);
    say_evidence(sight, ret->evidence);
    if (ret->kind == &damage_memory)
        WC_PHRASE(ret->fix, FIX_MEMORY);
    else if (sight->is_mended)
        return;
    else if (is_published)
        WC_PHRASE(ret->fix, FIX_PUBLISHED);
    else if (sight->fault == WC_WIM_FAULT_PART)
        WC_PHRASE(ret->fix, "put all parts into one folder under the names that they were "
                            "split into");
    else if (sight->fault == WC_WIM_FAULT_UNREADABLE)
        WC_PHRASE(ret->fix, "look at the disk (dmesg, smartctl), then get the image anew");
    else
        WC_PHRASE(ret->fix, ret->kind == &damage_block ? FIX_BLOCK : FIX_AGAIN);
}

void wc_wim_rules_published(const char *file, const char *paths, uint64_t path_count,
                            struct wc_finding *ret)
{
    char number[WC_PHRASE_NUMBER_BYTES];
    wc_phrase_number(number, path_count);
    *ret = (struct wc_finding){.kind = &damage_file};
    WC_PHRASE(ret->sentence, "the image ", file, " was published damaged, so it is not given its ",
              "name: ", number, path_count == 1 ? " file" : " files");
    WC_PHRASE(ret->evidence, paths);
    WC_PHRASE(ret->fix, FIX_PUBLISHED);
}

void wc_wim_rules_unchecked(const char *file, const char *what, const char *fix,
                            struct wc_finding *ret)
{
    *ret = (struct wc_finding){.kind = &verify_unchecked};
    WC_PHRASE(ret->sentence, what, " of ", file, " was not verified");
    WC_PHRASE(ret->fix, fix);
}
