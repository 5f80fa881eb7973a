/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine whose memory cannot be relied on, as far as a digest shows it: loaded with LD_PRELOAD,
 * it flips a bit in digests that the threads called $BADRAM_THREAD compute, in each
 * $BADRAM_EVERY-th of them, $BADRAM_COUNT times in all. */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

int EVP_DigestFinal_ex(void *ctx, unsigned char *digest, unsigned *ret_bytes);

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

static int is_meant(void)
{
    char name[16] = "";
    const char *meant = getenv("BADRAM_THREAD");
    prctl(PR_GET_NAME, name, 0, 0, 0);
    return meant && strcmp(name, meant) == 0;
}

int EVP_DigestFinal_ex(void *ctx, unsigned char *digest, unsigned *ret_bytes)
{
    static atomic_ulong call_count, flip_count;
    int (*real)(void *, unsigned char *, unsigned *);
    *(void **)&real = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
    int ok = real(ctx, digest, ret_bytes);
    if (!is_meant() || atomic_fetch_add(&call_count, 1) % number("BADRAM_EVERY", 1) != 0)
        return ok;
    if (atomic_fetch_add(&flip_count, 1) < number("BADRAM_COUNT", 1))
        digest[5] ^= 4;
    return ok;
}
