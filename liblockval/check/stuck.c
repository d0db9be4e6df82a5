/* SPDX-License-Identifier: MIT */
/* Sums, since they do not depend on where one begins. In a circle each step counts together with the next one, so that
 * another order of the same things is another circle. Without one, it is the same hang with four idle workers or with eight:
 * a thing counts once. */

#include "check/stuck.h"

uint64_t lv_stuck_hash(uint64_t (*number_of)(const void *arg, uint32_t i), const void *arg, uint32_t count,
                       uint32_t circle)
{
    uint64_t sum = circle;

    for (uint32_t i = 0; i < circle; i++)
        sum += lv_hash_mix(number_of(arg, i), number_of(arg, (i + 1) % circle));
    for (uint32_t i = 0; circle == 0 && i < count; i++) {
        uint64_t number = number_of(arg, i);
        uint32_t before = 0;

        while (before < i && number_of(arg, before) != number)
            before++;
        sum += before == i ? lv_hash_mix(number, 0) : 0;
    }
    return sum;
}

/* Where there is no class, the call that waits stands for it. */
static uint64_t number_by_id(const void *arg, uint32_t i)
{
    const struct lv_stuck *stuck = (const struct lv_stuck *)arg + i;
    bool has_class = stuck->wanted.class.v != 0;

    return lv_hash_mix((uint64_t)stuck->wait << 1 | has_class,
                       has_class ? stuck->wanted.class.v : stuck->wanted.stack.v);
}

uint64_t lv_stuck_identity(const struct lv_stuck *stuck, uint32_t count, uint32_t circle)
{
    return lv_stuck_hash(number_by_id, stuck, count, circle);
}
