/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimextract.h"

#include <wimlib.h>

static enum wimlib_progress_status on_progress(enum wimlib_progress_msg message,
                                               union wimlib_progress_info *info, void *ctx)
{
    const struct wc_wimextract_config *config = ctx;
    switch (message) {
    case WIMLIB_PROGRESS_MSG_EXTRACT_FILE_STRUCTURE:
        config->progress(config->ctx, WC_WIMEXTRACT_STRUCTURE, info->extract.current_file_count,
                         info->extract.end_file_count);
        break;
    case WIMLIB_PROGRESS_MSG_EXTRACT_STREAMS:
        config->progress(config->ctx, WC_WIMEXTRACT_BLOBS, info->extract.completed_bytes,
                         info->extract.total_bytes);
        break;
    case WIMLIB_PROGRESS_MSG_EXTRACT_METADATA:
        config->progress(config->ctx, WC_WIMEXTRACT_METADATA, info->extract.current_file_count,
                         info->extract.end_file_count);
        break;
    default:
        break;
    }
    return WIMLIB_PROGRESS_STATUS_CONTINUE;
}

static enum wc_wimextract_end end_of(int code)
{
    switch (code) {
    case WIMLIB_ERR_SUCCESS:
        return WC_WIMEXTRACT_DONE;
    case WIMLIB_ERR_INVALID_RESOURCE_HASH:
    case WIMLIB_ERR_DECOMPRESSION:
    case WIMLIB_ERR_INVALID_PIPABLE_WIM:
        return WC_WIMEXTRACT_DATA;
    case WIMLIB_ERR_INVALID_METADATA_RESOURCE:
    case WIMLIB_ERR_INVALID_UTF16_STRING:
    case WIMLIB_ERR_RESOURCE_NOT_FOUND:
        return WC_WIMEXTRACT_TREE;
    case WIMLIB_ERR_UNEXPECTED_END_OF_FILE:
    case WIMLIB_ERR_READ:
        return WC_WIMEXTRACT_PIPE;
    case WIMLIB_ERR_NOMEM:
        return WC_WIMEXTRACT_MEMORY;
    case WIMLIB_ERR_LINK:
    case WIMLIB_ERR_MKDIR:
    case WIMLIB_ERR_NTFS_3G:
    case WIMLIB_ERR_OPEN:
    case WIMLIB_ERR_OPENDIR:
    case WIMLIB_ERR_SET_ATTRIBUTES:
    case WIMLIB_ERR_SET_REPARSE_DATA:
    case WIMLIB_ERR_SET_SECURITY:
    case WIMLIB_ERR_SET_SHORT_NAME:
    case WIMLIB_ERR_SET_TIMESTAMPS:
    case WIMLIB_ERR_SET_XATTR:
    case WIMLIB_ERR_STAT:
    case WIMLIB_ERR_UNSUPPORTED:
    case WIMLIB_ERR_WRITE:
        return WC_WIMEXTRACT_TARGET;
    default:
        return WC_WIMEXTRACT_OTHER;
    }
}

enum wc_wimextract_end wc_wimextract_run(const struct wc_wimextract_config *config,
                                         const char **ret_text)
{
    struct wc_wimextract_config copy = *config; /* for libwim, which knows no const */
    int code = wimlib_global_init(WIMLIB_INIT_FLAG_ASSUME_UTF8);
    (void)wimlib_set_print_errors(true);
    if (!code)
        code = wimlib_extract_image_from_pipe_with_progress(
            config->pipe_fd, "1", config->target, config->is_ntfs ? WIMLIB_EXTRACT_FLAG_NTFS : 0,
            on_progress, &copy);
    *ret_text = wimlib_get_error_string((enum wimlib_error_code)code);
    return end_of(code);
}
