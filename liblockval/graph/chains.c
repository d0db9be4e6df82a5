/* SPDX-License-Identifier: MIT */
/* A chain key of 0 cannot be stored in the table; it is folded onto 1, which costs nothing but one shared key. */

#include "graph/chains.h"

void lv_chains_init(struct lv_chains *chains, struct lv_arena *arena)
{
    *chains = (struct lv_chains){ 0 };
    lv_table_init(&chains->known, arena);
}

void lv_chains_clear(struct lv_chains *chains)
{
    lv_table_clear(&chains->known);
    chains->count = 0;
}

uint32_t lv_chains_walkers(const struct lv_chains *chains, uint64_t key)
{
    return lv_table_find(&chains->known, key != 0 ? key : 1);
}

uint32_t lv_chains_known(const struct lv_chains *chains, uint64_t key)
{
    return lv_table_get(&chains->known, key != 0 ? key : 1);
}

int lv_chains_walk(struct lv_chains *chains, uint64_t key)
{
    uint32_t walkers = lv_chains_known(chains, key);

    if (walkers == 0)
        chains->count++;
    if (walkers == LV_CHAIN_FINISHED)
        return 0;
    return lv_table_insert(&chains->known, key != 0 ? key : 1, walkers + 1);
}

int lv_chains_finish(struct lv_chains *chains, uint64_t key)
{
    return lv_table_insert(&chains->known, key != 0 ? key : 1, LV_CHAIN_FINISHED);
}
