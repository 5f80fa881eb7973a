/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subset of RFC 3986, read from left to right; each part's reader leaves `text` behind its
 * part. */
#include "common/core/url.h"

#include <assert.h>
#include <string.h>

#include "common/core/cursor.h"
#include "common/core/manifest.h"
#include "common/core/text.h"

static const char scheme[] = "wimcast://";
static const char key_prefix[] = "#key=sha256:";

#define PORT_DIGITS_MAX 5

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Of a host name (RFC 1123; '_' is in use) or an IPv6 zone. */
static bool is_name_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

static bool is_ipv6(const char *text, size_t count)
{
    size_t colon_count = 0;
    size_t i = 0;
    for (; i < count && text[i] != '%'; i++) {
        if (wc_text_nibble(text[i]) < 0 && text[i] != ':' && text[i] != '.')
            return false;
        colon_count += text[i] == ':';
    }
    if (colon_count < 2 || i + 1 == count)
        return false;
    for (i++; i < count; i++) {
        if (!is_name_char(text[i]))
            return false;
    }
    return true;
}

static const char *parse_host(const char **text, struct wc_url *ret)
{
    const char *host = *text;
    size_t count = 0;
    if (*host == '[') {
        const char *end = strchr(++host, ']');
        if (!end || !is_ipv6(host, (size_t)(end - host)))
            return "between '[' and ']' belongs an IPv6 address, like [fe80::1%eth0]";
        count = (size_t)(end - host);
        *text = end + 1;
    } else {
        while (is_name_char(host[count]))
            count++;
        if (!count)
            return "no host after 'wimcast://'; write wimcast://HOST:PORT/ID";
        *text = host + count;
    }
    if (count > WC_HOST_BYTES_MAX)
        return "the host is too long; at most 253 characters";
    memcpy(ret->host, host, count);
    return NULL;
}

static const char *parse_port(const char **text, struct wc_url *ret)
{
    ret->port = WC_PORT_DEFAULT;
    if (**text != ':')
        return NULL;
    const char *at = *text + 1;
    uint32_t port = 0;
    size_t digit_count = 0;
    for (; is_digit(at[digit_count]) && digit_count < PORT_DIGITS_MAX; digit_count++)
        port = port * 10 + (uint32_t)(at[digit_count] - '0');
    if (port < 1 || port > UINT16_MAX || is_digit(at[digit_count]))
        return "after ':' belongs a port from 1 to 65535; an IPv6 address goes between '[' and ']'";
    ret->port = (uint16_t)port;
    *text = at + digit_count;
    return NULL;
}

static const char *parse_package(const char **text, struct wc_url *ret)
{
    if (**text != '/')
        return NULL;
    const char *id = *text + 1;
    size_t count = strcspn(id, "#");
    *text = id + count;
    if (!count)
        return NULL;
    if (wc_package_id_check(id, count))
        return "after '/' belongs a package id: at most 64 letters, digits, '.', '_' or '-', the "
               "first a letter, a digit or '_'";
    memcpy(ret->package, id, count);
    return NULL;
}

static const char *parse_key(const char **text, struct wc_url *ret)
{
    if (**text != '#')
        return NULL;
    if (strncmp(*text, key_prefix, sizeof(key_prefix) - 1) != 0)
        return "after '#' belongs the sender's key, as in '#key=sha256:' and 64 hexadecimal digits";
    const char *hex = *text + sizeof(key_prefix) - 1;
    for (size_t i = 0; i < 2 * WC_DIGEST_BYTES; i++) {
        int value = wc_text_nibble(hex[i]); /* the NUL is no digit: never reads past it */
        if (value < 0)
            return "the key is too short or holds a character that is no hexadecimal digit; after "
                   "'sha256:' belong 64";
        ret->key[i / 2] = (uint8_t)(ret->key[i / 2] << 4 | value);
    }
    ret->has_key = true;
    *text = hex + 2 * WC_DIGEST_BYTES;
    return **text ? "something follows the 64 hexadecimal digits of the key; leave it out" : NULL;
}

static const char *parse(const char *text, struct wc_url *ret)
{
    if (!memchr(text, '\0', WC_URL_BYTES_MAX + 1))
        return "too long for a wimcast URL; at most 512 characters";
    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
        return "not a wimcast URL; write wimcast://HOST:PORT/ID#key=sha256:HEX as the sender "
               "printed it";
    text += sizeof(scheme) - 1;
    const char *why = parse_host(&text, ret);
    if (!why)
        why = parse_port(&text, ret);
    if (!why)
        why = parse_package(&text, ret);
    if (!why)
        why = parse_key(&text, ret);
    if (!why && *text)
        why = "an unexpected character after the host; write wimcast://HOST:PORT/ID";
    return why;
}

enum wc_err wc_url_parse(const char *text, struct wc_url *ret, const char **ret_why)
{
    struct wc_url url = {0};
    const char *why = parse(text, &url);
    if (why) {
        *ret_why = why;
        return WC_E_FORMAT;
    }
    *ret = url;
    return WC_OK;
}

static void put_string(struct wc_writer *w, const char *string)
{
    wc_put_bytes(w, string, strlen(string));
}

static void put_decimal(struct wc_writer *w, uint16_t value)
{
    uint8_t digits[PORT_DIGITS_MAX];
    size_t first = sizeof(digits);
    uint32_t rest = value;
    do {
        digits[--first] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    wc_put_bytes(w, digits + first, sizeof(digits) - first);
}

static void put_hex(struct wc_writer *w, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        wc_put_bytes(w, &digits[bytes[i] >> 4], 1);
        wc_put_bytes(w, &digits[bytes[i] & 0x0f], 1);
    }
}

enum wc_err wc_url_format(const struct wc_url *url, char *text, size_t capacity)
{
    assert(url->host[0] && url->port);
    struct wc_writer w = wc_writer_of(text, capacity);
    bool brackets = strchr(url->host, ':');
    put_string(&w, scheme);
    put_string(&w, brackets ? "[" : "");
    put_string(&w, url->host);
    put_string(&w, brackets ? "]:" : ":");
    put_decimal(&w, url->port);
    put_string(&w, "/");
    put_string(&w, url->package);
    if (url->has_key) {
        put_string(&w, key_prefix);
        put_hex(&w, url->key, sizeof(url->key));
    }
    wc_put_u8(&w, '\0');
    return w.failed ? WC_E_SHORT : WC_OK;
}
