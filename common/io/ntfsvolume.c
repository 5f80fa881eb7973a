/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/ntfsvolume.h"

#include <errno.h>
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/logging.h>
#include <ntfs-3g/volume.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/core/utf16.h"

#define NAME_MAX_CHARS 255

_Static_assert(WC_UTF16_ROOM(2 * NAME_MAX_CHARS) < WC_NTFS_NAME_BYTES, "every name fits");

/* Its own words would go to stderr, between ours. */
static ntfs_volume *mount_at(const char *path)
{
    ntfs_log_set_handler(ntfs_log_handler_null);
    return ntfs_mount(path, NTFS_MNT_NONE);
}

/* --- looking -------------------------------------------------------------------------------- */

struct listing {
    const char *mark;
    struct wc_ntfs_look *look;
};

static int on_entry(void *ctx, const ntfschar *name, const int name_length, const int name_type,
                    const s64 position, const MFT_REF reference, const unsigned type)
{
    struct listing *l = ctx;
    char text[WC_NTFS_NAME_BYTES];
    (void)position;
    (void)type;
    if (name_type == FILE_NAME_DOS || name_length > NAME_MAX_CHARS)
        return 0;
    text[wc_utf16_name((const uint8_t *)name, 2 * (size_t)name_length, text)] = '\0';
    if (strcasecmp(text, l->mark) == 0) {
        l->look->has_mark = true;
        return 0;
    }
    if (MREF(reference) < FILE_first_user || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
        strcasecmp(text, "System Volume Information") == 0 || strcasecmp(text, "$RECYCLE.BIN") == 0)
        return 0;
    if (!l->look->entry_count++)
        memcpy(l->look->entry, text, sizeof text);
    return 0;
}

static int look_inside(ntfs_volume *volume, const char *mark, struct wc_ntfs_look *ret)
{
    struct listing listing = {.mark = mark, .look = ret};
    s64 position = 0;
    if (ntfs_volume_get_free_space(volume))
        return -1;
    ret->free_bytes = (uint64_t)volume->free_clusters * volume->cluster_size;
    ntfs_inode *root = ntfs_pathname_to_inode(volume, NULL, "/");
    if (!root)
        return -1;
    int result = ntfs_readdir(root, &position, &listing, on_entry);
    ntfs_inode_close(root);
    return result;
}

static enum wc_ntfs_state state_of(int error)
{
    switch (error) {
    case EINVAL:
        return WC_NTFS_NONE;
    case EPERM:
        return WC_NTFS_HIBERNATED;
    case EOPNOTSUPP:
        return WC_NTFS_UNCLEAN;
    case EBUSY:
        return WC_NTFS_MOUNTED;
    default:
        return WC_NTFS_BROKEN;
    }
}

void wc_ntfs_look(const char *path, const char *mark, struct wc_ntfs_look *ret)
{
    unsigned long flags = 0;
    *ret = (struct wc_ntfs_look){.state = WC_NTFS_GOOD};
    if (ntfs_check_if_mounted(path, &flags) == 0 && (flags & NTFS_MF_MOUNTED)) {
        ret->state = WC_NTFS_MOUNTED;
        return;
    }
    ntfs_volume *volume = mount_at(path);
    if (!volume) {
        ret->error = errno;
        ret->state = errno == EACCES ? WC_NTFS_BROKEN : state_of(errno);
        return;
    }
    if (volume->flags & VOLUME_IS_DIRTY)
        ret->state = WC_NTFS_UNCLEAN;
    else if (NVolReadOnly(volume)) {
        ret->state = WC_NTFS_BROKEN;
        ret->error = EROFS;
    } else if (look_inside(volume, mark, ret)) {
        ret->state = WC_NTFS_BROKEN;
        ret->error = errno;
    }
    (void)ntfs_umount(volume, FALSE);
}

/* --- writing -------------------------------------------------------------------------------- */

static enum wc_err err_of(int result)
{
    if (!result)
        return WC_OK;
    return errno == ENOSPC ? WC_E_FULL : WC_E_IO;
}

static int write_text(ntfs_inode *inode, const char *text)
{
    ntfs_attr *data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
    if (!data)
        return -1;
    s64 count = (s64)strlen(text);
    int result = ntfs_attr_truncate(data, 0);
    if (!result && ntfs_attr_pwrite(data, 0, count, text) != count)
        result = -1;
    ntfs_attr_close(data);
    return result;
}

static int put(ntfs_volume *volume, ntfs_inode *root, const char *name, const char *text)
{
    ntfschar *wide = NULL;
    ntfs_inode *inode = ntfs_pathname_to_inode(volume, root, name);
    if (!inode) {
        int length = ntfs_mbstoucs(name, &wide);
        inode =
            length < 0 ? NULL : ntfs_create(root, const_cpu_to_le32(0), wide, (u8)length, S_IFREG);
        free(wide);
    }
    if (!inode)
        return -1;
    int result = write_text(inode, text);
    return ntfs_inode_close_in_dir(inode, root) ? -1 : result; /* or it opens the root again */
}

/* ntfs_delete closes both. The root is opened anew, to give it its times back. */
static int take_away(ntfs_volume *volume, ntfs_inode *root, const char *name)
{
    ntfschar *wide = NULL;
    ntfs_time created = root->creation_time, changed = root->last_data_change_time;
    ntfs_time mft_changed = root->last_mft_change_time, seen = root->last_access_time;
    ntfs_inode *inode = ntfs_pathname_to_inode(volume, root, name);
    int length = inode ? ntfs_mbstoucs(name, &wide) : -1;
    if (length < 0) {
        int error = errno;
        if (inode)
            ntfs_inode_close(inode);
        ntfs_inode_close(root);
        errno = error;
        return -1;
    }
    int result = ntfs_delete(volume, NULL, inode, root, wide, (u8)length);
    free(wide);
    root = result ? NULL : ntfs_pathname_to_inode(volume, NULL, "/");
    if (!root)
        return -1;
    root->creation_time = created;
    root->last_data_change_time = changed;
    root->last_mft_change_time = mft_changed;
    root->last_access_time = seen;
    NInoFileNameSetDirty(root);
    NInoSetDirty(root);
    return ntfs_inode_close(root);
}

/* Write with `text`, take away without. */
static enum wc_err change(const char *path, const char *name, const char *text)
{
    ntfs_volume *volume = mount_at(path);
    if (!volume)
        return WC_E_IO;
    ntfs_inode *root = ntfs_pathname_to_inode(volume, NULL, "/");
    int result = -1;
    if (root && text) {
        result = put(volume, root, name, text);
        result = ntfs_inode_close(root) ? -1 : result;
    } else if (root) {
        result = take_away(volume, root, name);
    }
    enum wc_err err = err_of(result);
    int error = errno;
    if (ntfs_umount(volume, FALSE) && !err)
        return err_of(-1);
    errno = error;
    return err;
}

enum wc_err wc_ntfs_put(const char *path, const char *name, const char *text)
{
    return change(path, name, text);
}

enum wc_err wc_ntfs_remove(const char *path, const char *name)
{
    return change(path, name, NULL);
}
