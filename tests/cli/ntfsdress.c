/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only a Windows puts onto an NTFS volume: gives a file of the root attributes and a short
 * name.
 *
 * usage: ntfsdress VOLUME FILE ATTRIBUTES [SHORT_NAME] */
#include <ntfs-3g/attrib.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/security.h>
#include <ntfs-3g/volume.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int dress(ntfs_volume *volume, char **argv, const char *short_name)
{
    ntfs_inode *root = ntfs_pathname_to_inode(volume, NULL, "/");
    ntfs_inode *inode = root ? ntfs_pathname_to_inode(volume, root, argv[2]) : NULL;
    uint32_t attributes = (uint32_t)strtoul(argv[3], NULL, 0);
    if (!inode)
        return -1;
    if (ntfs_set_ntfs_attrib(inode, (const char *)&attributes, sizeof attributes, 0))
        return -1;
    if (short_name) /* closes both */
        return ntfs_set_ntfs_dos_name(inode, root, short_name, strlen(short_name), 0);
    return ntfs_inode_close_in_dir(inode, root) || ntfs_inode_close(root) ? -1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5)
        return EX_USAGE;
    ntfs_volume *volume = ntfs_mount(argv[1], NTFS_MNT_NONE);
    if (!volume) {
        perror(argv[1]);
        return EX_NOINPUT;
    }
    int result = dress(volume, argv, argv[4]);
    if (result)
        perror(argv[2]);
    return ntfs_umount(volume, FALSE) || result ? EX_IOERR : EX_OK;
}
