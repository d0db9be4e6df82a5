/* SPDX-License-Identifier: MIT */
/* Chunk k begins at index 64 * (2^k - 1): the index plus 64 has the chunk in its highest bit and the place within the
 * chunk in the others, so look-up is a count of leading zeros. */

#include "graph/vec.h"

#include <string.h>

void lv_vec_init(struct lv_vec *vec, struct lv_arena *arena, uint32_t elem_size)
{
    *vec = (struct lv_vec){ .arena = arena, .elem_size = elem_size };
}

void *lv_vec_add(struct lv_vec *vec, uint32_t *ret_index)
{
    uint32_t index = vec->count;
    uint32_t shifted = index + (1u << LV_VEC_FIRST_BITS);
    uint32_t bits = 31u - (uint32_t)__builtin_clz(shifted);
    uint32_t k = bits - LV_VEC_FIRST_BITS;
    void *element;

    if (k >= LV_VEC_CHUNKS)
        return NULL;
    if (vec->chunk[k] == NULL) {
        void *chunk = lv_arena_alloc(vec->arena, ((size_t)1 << bits) * vec->elem_size);

        if (chunk == NULL)
            return NULL;
        __atomic_store_n(&vec->chunk[k], chunk, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&vec->count, index + 1, __ATOMIC_RELEASE);
    *ret_index = index;
    element = lv_vec_at(vec, index);
    if (index < vec->used)
        memset(element, 0, vec->elem_size);
    else
        vec->used = index + 1;
    return element;
}

size_t lv_vec_bytes(const struct lv_vec *vec)
{
    size_t elements = 0;

    for (uint32_t k = 0; k < LV_VEC_CHUNKS && vec->chunk[k] != NULL; k++)
        elements += (size_t)1 << (k + LV_VEC_FIRST_BITS);
    return elements * vec->elem_size;
}
