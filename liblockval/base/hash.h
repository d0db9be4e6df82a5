/* SPDX-License-Identifier: MIT */
#ifndef LV_BASE_HASH_H
#define LV_BASE_HASH_H

#include <stdint.h>

/* One multiplication, both halves folded together: the mixing step behind chain keys, table slots and identities. Two
 * inputs that differ give outputs that differ in about half the bits. Idea: the "mum" step of wyhash-like functions. */
static inline uint64_t lv_hash_mix(uint64_t a, uint64_t b)
{
    __uint128_t p = (__uint128_t)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xd1b54a32d192ed03));

    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* FNV-1a over a text, for fingerprints that must be the same in every build. */
static inline uint64_t lv_hash_text(uint64_t seed, const char *text)
{
    uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325);

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h;
}

#endif
