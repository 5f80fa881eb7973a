/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verdict.h"

#include <stdio.h>
#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/download_rules.h"
#include "common/io/format.h"
#include "common/io/netaddr.h"

_Static_assert(WC_DOWNLOAD_PLACE_BYTES >= WC_NETADDR_TEXT_BYTES &&
                   WC_DOWNLOAD_PLACE_BYTES >= WC_FORMAT_BYTES,
               "texts are written in place");

/* Verified bytes; blocks of nothing but zeros, which never come, count when others came. */
static uint64_t got_bytes(const struct wc_verdict_path *path)
{
    const struct wc_partition *p = &path->manifest->partition;
    uint32_t done = path->stats->core.block_done_count;
    if (path->stats->first_data == WC_NEVER)
        return path->resumed_bytes;
    return done < p->block_count ? wc_partition_offset(p, done) : p->object_bytes;
}

static void see_damage(const struct wc_verdict_path *path, struct wc_download_damage *ret)
{
    const struct wc_manifest *m = path->manifest;
    const struct wc_voidbook_page *page = wc_voidbook_find(path->voids, path->damaged_sbn);
    uint64_t from = wc_partition_offset(&m->partition, path->damaged_sbn);
    uint64_t end = from + wc_partition_bytes(&m->partition, path->damaged_sbn);
    const struct wc_file *file = &m->files[wc_manifest_file_at(m, from)];
    ret->is_given_up = true;
    ret->sbn = path->damaged_sbn;
    ret->from_sender = !path->welcome->multicast_only;
    wc_why_path(ret->path, file->path);
    ret->offset = from - file->offset;
    ret->end = (end < file->offset + file->byte_count ? end - file->offset : file->byte_count);
    memcpy(ret->due, m->block_digests + (size_t)ret->sbn * WC_DIGEST_BYTES, WC_DIGEST_BYTES);
    if (!page)
        return;
    ret->count = page->count;
    ret->is_alike = page->is_alike;
    memcpy(ret->digest, page->digest, WC_DIGEST_BYTES);
}

static void see(const struct wc_verdict_path *path, struct wc_download_sight *ret)
{
    const struct wc_rx_stats *s = path->stats;
    *ret = (struct wc_download_sight){
        .due_bytes = path->manifest->partition.object_bytes,
        .got_bytes = got_bytes(path),
        .port = path->welcome->group.port,
        .ttl = path->welcome->ttl,
        .multicast_only = path->welcome->multicast_only,
        .is_unreached = path->is_unreached,
        .received_count = s->core.received_count,
        .unopened_count = s->unopened_count,
        .foreign_count = s->foreign_count,
        .void_count = path->voids->void_count,
        .differs_count = path->voids->differs_count,
        .mended_count = s->core.mended_count,
    };
    snprintf(ret->package, sizeof ret->package, "%s", path->manifest->id);
    snprintf(ret->sender, sizeof ret->sender, "%s", path->sender);
    snprintf(ret->netif, sizeof ret->netif, "%s", path->netif);
    wc_netaddr_format(&path->welcome->group, true, ret->group);
    wc_format_seconds(ret->waited, path->waited);
    if (path->dismissal) {
        ret->is_dismissed = true;
        ret->sender_hresult = path->dismissal->hresult;
        ret->sender_sentence = path->dismissal->sentence;
        ret->sender_fix = path->dismissal->fix;
    }
    if (path->is_damaged)
        see_damage(path, &ret->damage);
}

bool wc_verdict_find(const struct wc_verdict_path *path, struct wc_finding *ret)
{
    struct wc_download_sight sight;
    struct wc_findings findings = {.count = 0};
    see(path, &sight);
    wc_download_rules(&sight, &findings);
    if (findings.count == 0)
        return false;
    *ret = findings.items[0];
    return true;
}

uint32_t wc_verdict_why(const struct wc_finding *finding, struct wc_why *ret)
{
    const struct wc_finding_kind *kind = finding->kind;
    char line[WC_SENTENCE_BYTES_MAX + 1];
    wc_finding_line(finding, line, sizeof line);
    (void)wc_why_finding(ret, WC_OK, kind->id, kind->hresult, kind->exit_code, line);
    return kind->hresult;
}

void wc_verdict_dismissed(const struct wc_verdict_path *path, struct wc_why *why)
{
    struct wc_finding finding;
    int exit_code = why->exit_code;
    if (!wc_verdict_find(path, &finding))
        return;
    (void)wc_verdict_why(&finding, why);
    why->exit_code = exit_code;
    if (path->dismissal->finding[0])
        snprintf(why->finding, sizeof why->finding, "%s", path->dismissal->finding);
}

uint32_t wc_verdict_downgrade(const struct wc_manifest *manifest, uint32_t version_min,
                              struct wc_why *ret)
{
    struct wc_findings findings = {.count = 0};
    wc_download_downgrade(manifest->id, manifest->version, version_min, &findings);
    return wc_verdict_why(&findings.items[0], ret);
}

uint32_t wc_verdict_of_store(enum wc_err err)
{
    switch (err) {
    case WC_E_FULL:
        return WC_HR_DISK_FULL;
    case WC_E_PATH:
    case WC_E_STATE:
        return WC_HR_ACCESS_DENIED;
    case WC_E_CLOSED:
        return WC_HR_CANCELLED;
    default:
        return WC_HR_WRITE_FAULT;
    }
}
