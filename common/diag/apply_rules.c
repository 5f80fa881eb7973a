/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/apply_rules.h"

#include "common/core/hresult.h"
#include "common/diag/phrase.h"

/* sysexits.h */
#define EXIT_USAGE     64
#define EXIT_DATAERR   65
#define EXIT_SOFTWARE  70
#define EXIT_CANTCREAT 73
#define EXIT_IOERR     74

#define KIND(variable, id, hresult, exit_code)       \
    static const struct wc_finding_kind variable = { \
        id,                                          \
        WC_SEVERITY_ERROR,                           \
        WC_HR_##hresult,                             \
        exit_code,                                   \
    }

KIND(target_not_empty, "apply.target-not-empty", WRITE_FAULT, EXIT_CANTCREAT);
KIND(target_marked, "apply.target-marked", WRITE_FAULT, EXIT_CANTCREAT);
KIND(target_small, "apply.target-small", DISK_FULL, EXIT_CANTCREAT);
KIND(target_read_only, "apply.target-read-only", ACCESS_DENIED, EXIT_CANTCREAT);
KIND(target_not_ntfs, "apply.target-not-ntfs", WRITE_FAULT, EXIT_CANTCREAT);
KIND(target_in_use, "apply.target-in-use", WRITE_FAULT, EXIT_CANTCREAT);
KIND(target_unclean, "apply.target-unclean", WRITE_FAULT, EXIT_CANTCREAT);
KIND(no_such_image, "apply.no-such-image", NOT_FOUND, EXIT_USAGE);
KIND(damaged, "apply.damaged", HASH_VALUE, EXIT_DATAERR);
KIND(target_failed, "apply.target-failed", WRITE_FAULT, EXIT_IOERR);
KIND(target_full, "apply.target-full", DISK_FULL, EXIT_IOERR);
KIND(failed, "apply.failed", FAIL, EXIT_SOFTWARE);

#define FIX_EMPTY "empty it, name another --target, or add --force to write over it"
#define FIX_FORMAT                                                                    \
    "format it with mkntfs --quick, if nothing on it is needed, and apply the image " \
    "again"
#define FIX_MARK "what is there is not the whole image: do not start from it"

static const struct wc_finding_kind *kind_of(enum wc_apply_fault fault)
{
    switch (fault) {
    case WC_APPLY_FAULT_NOT_EMPTY:
        return &target_not_empty;
    case WC_APPLY_FAULT_MARKED:
        return &target_marked;
    case WC_APPLY_FAULT_SMALL:
        return &target_small;
    case WC_APPLY_FAULT_READ_ONLY:
        return &target_read_only;
    case WC_APPLY_FAULT_IN_THE_WAY:
    case WC_APPLY_FAULT_NOT_NTFS:
        return &target_not_ntfs;
    case WC_APPLY_FAULT_MOUNTED:
        return &target_in_use;
    case WC_APPLY_FAULT_UNCLEAN:
    case WC_APPLY_FAULT_HIBERNATED:
    case WC_APPLY_FAULT_BROKEN:
        return &target_unclean;
    case WC_APPLY_FAULT_NO_IMAGE:
        return &no_such_image;
    case WC_APPLY_FAULT_DATA:
    case WC_APPLY_FAULT_TREE:
        return &damaged;
    case WC_APPLY_FAULT_TARGET:
    case WC_APPLY_FAULT_EXISTS:
        return &target_failed;
    case WC_APPLY_FAULT_FULL:
        return &target_full;
    case WC_APPLY_FAULT_CRASH:
    case WC_APPLY_FAULT_OTHER:
        break;
    }
    return &failed;
}

/* --- the target, before ----------------------------------------------------------------------- */

static const char *volume_predicate(enum wc_apply_fault fault)
{
    switch (fault) {
    case WC_APPLY_FAULT_MOUNTED:
        return " is mounted";
    case WC_APPLY_FAULT_UNCLEAN:
        return " was not unmounted cleanly";
    case WC_APPLY_FAULT_HIBERNATED:
        return " is hibernated: a Windows sleeps on it";
    default:
        return " cannot be opened as an NTFS volume";
    }
}

static const char *volume_fix(enum wc_apply_fault fault)
{
    switch (fault) {
    case WC_APPLY_FAULT_MOUNTED:
        return "unmount it first, or name the folder where it is mounted";
    case WC_APPLY_FAULT_UNCLEAN:
        return "run ntfsfix --clear-dirty on it, or " FIX_FORMAT;
    case WC_APPLY_FAULT_HIBERNATED:
        return "start that Windows and shut it down, or " FIX_FORMAT;
    default:
        return "look at the disk (dmesg), or " FIX_FORMAT;
    }
}

static void say_small(const struct wc_apply_sight *s, struct wc_finding *ret)
{
    char need[WC_PHRASE_NUMBER_BYTES], room[WC_PHRASE_NUMBER_BYTES];
    wc_phrase_number(need, s->need_bytes);
    wc_phrase_number(room, s->free_bytes);
    WC_PHRASE(ret->sentence, s->target, " is too small for the image");
    WC_PHRASE(ret->evidence, "the image needs ", need, " bytes, and ", room, " are free");
    WC_PHRASE(ret->fix, "name a larger --target");
}

static void say_target(const struct wc_apply_sight *s, struct wc_finding *ret)
{
    switch (s->fault) {
    case WC_APPLY_FAULT_NOT_EMPTY:
        WC_PHRASE(ret->sentence, s->target, " is not empty");
        WC_PHRASE(ret->evidence, "it holds ", s->what);
        WC_PHRASE(ret->fix, s->is_ntfs ? FIX_FORMAT : FIX_EMPTY);
        break;
    case WC_APPLY_FAULT_MARKED:
        WC_PHRASE(ret->sentence, s->target, " holds an image that was not applied to its end");
        WC_PHRASE(ret->evidence, "it bears the mark ", s->what);
        WC_PHRASE(ret->fix, s->is_ntfs ? FIX_FORMAT : FIX_EMPTY);
        break;
    case WC_APPLY_FAULT_SMALL:
        say_small(s, ret);
        break;
    case WC_APPLY_FAULT_READ_ONLY:
        WC_PHRASE(ret->sentence, s->target, " cannot be written to");
        WC_PHRASE(ret->evidence, s->seen);
        WC_PHRASE(ret->fix, "give this user the right to write there, or name another --target");
        break;
    case WC_APPLY_FAULT_IN_THE_WAY:
        WC_PHRASE(ret->sentence, s->target, " is neither a directory nor an NTFS volume");
        WC_PHRASE(ret->evidence, "it is ", s->what);
        WC_PHRASE(ret->fix, "name a directory, or a block device or file with an NTFS volume");
        break;
    case WC_APPLY_FAULT_NOT_NTFS:
        WC_PHRASE(ret->sentence, s->target, " holds no NTFS volume");
        WC_PHRASE(ret->fix, FIX_FORMAT, ", or name a directory");
        break;
    default:
        WC_PHRASE(ret->sentence, s->target, volume_predicate(s->fault));
        if (s->seen)
            WC_PHRASE(ret->evidence, s->seen);
        WC_PHRASE(ret->fix, volume_fix(s->fault));
        break;
    }
}

/* --- what ended it -------------------------------------------------------------------------- */

static void say_data(const struct wc_apply_sight *s, struct wc_finding *ret)
{
    char more[WC_PHRASE_NUMBER_BYTES], from[WC_PHRASE_NUMBER_BYTES], count[WC_PHRASE_NUMBER_BYTES];
    const char *seen = s->seen ? s->seen : "";
    wc_phrase_number(more, s->path_count > 1 ? s->path_count - 1 : 0);
    wc_phrase_number(from, s->offset);
    wc_phrase_number(count, s->byte_count);
    if (s->fault == WC_APPLY_FAULT_TREE)
        WC_PHRASE(ret->sentence, "the metadata of the image in ", s->image, " is damaged");
    else if (s->path)
        WC_PHRASE(ret->sentence, s->path, s->path_count > 1 ? " and " : "",
                  s->path_count > 1 ? more : "",
                  s->path_count > 2   ? " other paths are damaged"
                  : s->path_count > 1 ? " other path are damaged"
                                      : " is damaged");
    else
        WC_PHRASE(ret->sentence, "a file in ", s->image, " is damaged");
    if (s->byte_count)
        WC_PHRASE(ret->evidence, count, " bytes at offset ", from, " of ", s->image,
                  *seen ? ": " : "", seen);
    else
        WC_PHRASE(ret->evidence, seen);
    WC_PHRASE(ret->fix,
              "get the image anew; if the same file is wrong there, it was damaged before "
              "it was sent: capture it anew; " FIX_MARK);
}

static void say_end(const struct wc_apply_sight *s, struct wc_finding *ret)
{
    const char *target = s->target ? s->target : "the target";
    switch (s->fault) {
    case WC_APPLY_FAULT_NO_IMAGE:
        WC_PHRASE(ret->sentence, s->what);
        WC_PHRASE(ret->evidence, s->seen);
        WC_PHRASE(ret->fix, "choose one with --image");
        break;
    case WC_APPLY_FAULT_DATA:
    case WC_APPLY_FAULT_TREE:
        say_data(s, ret);
        break;
    case WC_APPLY_FAULT_TARGET:
        WC_PHRASE(ret->sentence, target, " did not take the image");
        WC_PHRASE(ret->evidence, s->seen ? s->seen : "");
        WC_PHRASE(ret->fix, "look at the target and its disk (dmesg), then apply again with "
                            "--force; " FIX_MARK);
        break;
    case WC_APPLY_FAULT_EXISTS:
        WC_PHRASE(ret->sentence, target, " holds files of these names already");
        WC_PHRASE(ret->evidence, s->seen ? s->seen : "");
        WC_PHRASE(ret->fix, FIX_FORMAT ": on a volume nothing is written over; " FIX_MARK);
        break;
    case WC_APPLY_FAULT_FULL:
        WC_PHRASE(ret->sentence, target, " is full");
        WC_PHRASE(ret->evidence, s->seen ? s->seen : "");
        WC_PHRASE(ret->fix, "name a larger --target; " FIX_MARK);
        break;
    case WC_APPLY_FAULT_CRASH:
        WC_PHRASE(ret->sentence, "the process that extracts was ended by signal ", s->what);
        WC_PHRASE(ret->evidence, s->seen ? s->seen : "");
        WC_PHRASE(ret->fix, "verify the image with wimcast-receiver verify --deep; " FIX_MARK);
        break;
    default:
        WC_PHRASE(ret->sentence, s->image, " was not applied to ", target);
        WC_PHRASE(ret->evidence, s->seen ? s->seen : "");
        WC_PHRASE(ret->fix, FIX_MARK);
        break;
    }
}

void wc_apply_rules(const struct wc_apply_sight *sight, struct wc_finding *ret)
{
    *ret = (struct wc_finding){.kind = kind_of(sight->fault)};
    if (sight->fault <= WC_APPLY_FAULT_BROKEN)
        say_target(sight, ret);
    else
        say_end(sight, ret);
}
