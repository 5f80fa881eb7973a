/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimtitles.h"

#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/io/file.h"
#include "common/io/format.h"

#define VALUE_BYTES 1024

/* The text directly in an element: no entity is expanded, so that little XML stays little. */
static const char *text_of(const xmlNode *element, char ret[VALUE_BYTES])
{
    size_t count = 0;
    for (const xmlNode *n = element->children; n; n = n->next) {
        if (n->type != XML_TEXT_NODE && n->type != XML_CDATA_SECTION_NODE)
            continue;
        for (const char *c = (const char *)n->content; c && *c && count < VALUE_BYTES - 1; c++)
            ret[count++] = *c;
    }
    ret[count] = '\0';
    return ret;
}

static bool is_called(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static uint64_t number_of(const xmlNode *image, const char *name)
{
    char text[VALUE_BYTES];
    uint64_t value;
    for (const xmlNode *n = image->children; n; n = n->next)
        if (is_called(n, name) && wc_format_parse_uint(text_of(n, text), &value))
            return value;
    return 0;
}

static void copy_name(struct wc_wimtitle *ret, const char *text)
{
    size_t count = strlen(text);
    if (count >= sizeof ret->name)
        count = sizeof ret->name - 1;
    while (count && ((unsigned char)text[count] & 0xc0) == 0x80) /* not inside of a character */
        count--;
    memcpy(ret->name, text, count);
    ret->name[count] = '\0';
}

static void take_image(struct wc_wimtitle *ret, const xmlNode *image)
{
    char text[VALUE_BYTES];
    for (const xmlNode *n = image->children; n; n = n->next)
        if (is_called(n, "NAME"))
            copy_name(ret, text_of(n, text));
    uint64_t total = number_of(image, "TOTALBYTES"), linked = number_of(image, "HARDLINKBYTES");
    uint64_t files = number_of(image, "FILECOUNT"), folders = number_of(image, "DIRCOUNT");
    ret->byte_count = linked < total ? total - linked : total;
    ret->file_count = files > UINT64_MAX - folders ? files : files + folders;
}

static void take_images(struct wc_wimtitles *x, const xmlNode *root)
{
    for (const xmlNode *n = root->children; n; n = n->next) {
        uint64_t index = 0;
        if (!is_called(n, "IMAGE"))
            continue;
        xmlChar *text = xmlGetNoNsProp(n, (const xmlChar *)"INDEX");
        bool has_index = text && wc_format_parse_uint((const char *)text, &index);
        xmlFree(text);
        if (has_index && index >= 1 && index <= x->image_count)
            take_image(&x->images[index - 1], n);
    }
}

static void parse(struct wc_wimtitles *x, const char *bytes, size_t count)
{
    xmlDoc *document = xmlReadMemory(bytes, (int)count, NULL, "UTF-16LE",
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    x->is_known = root && is_called(root, "WIM");
    if (x->is_known)
        take_images(x, root);
    xmlFreeDoc(document);
}

enum wc_err wc_wimtitles_read(struct wc_wimtitles *ret, const struct wc_wim *wim)
{
    const struct wc_wim_part *part = &wim->parts[0];
    const struct wc_wim_place *place = &part->header.xml;
    *ret = (struct wc_wimtitles){.image_count = wim->image_count};
    ret->images = calloc((size_t)wim->image_count + 1, sizeof ret->images[0]);
    if (!ret->images)
        return WC_E_NOMEM;
    if (place->stored_bytes != place->plain_bytes || place->stored_bytes < 4 ||
        place->stored_bytes > WC_WIMTITLES_BYTES_MAX ||
        !wc_wim_fits(place->offset, place->stored_bytes, part->byte_count))
        return WC_OK;
    size_t count = (size_t)place->stored_bytes;
    char *bytes = malloc(count);
    if (!bytes) {
        wc_wimtitles_deinit(ret);
        return WC_E_NOMEM;
    }
    if (!wc_file_read(&wc_file_ops_system, part->fd, bytes, count, place->offset)) {
        size_t mark = memcmp(bytes, "\xff\xfe", 2) == 0 ? 2 : 0;
        parse(ret, bytes + mark, count - mark);
    }
    free(bytes);
    return WC_OK;
}

void wc_wimtitles_deinit(struct wc_wimtitles *x)
{
    free(x->images);
    *x = (struct wc_wimtitles){0};
}

enum wc_err wc_wimtitles_choose(const struct wc_wimtitles *x, const char *text, uint16_t *ret_image,
                                uint32_t *ret_count)
{
    uint64_t number = 0;
    uint32_t count = 0, image = 0;
    bool is_number = text && wc_format_parse_uint(text, &number);
    if (!text) {
        count = x->image_count;
        image = 1;
    } else if (is_number && number >= 1 && number <= x->image_count) {
        count = 1;
        image = (uint32_t)number;
    } else {
        for (uint32_t i = 0; *text && i < x->image_count; i++) {
            if (strcasecmp(text, x->images[i].name) != 0)
                continue;
            count++;
            image = i + 1;
        }
    }
    *ret_count = count;
    if (count != 1)
        return WC_E_NOT_FOUND;
    *ret_image = (uint16_t)image;
    return WC_OK;
}
