/* SPDX-License-Identifier: MIT */
/* Lists in one vector, by number. A class of which much is known has a handful of entries, so nothing is indexed. */

#include "graph/uses.h"

#include <errno.h>

static struct lv_use *use_at(const struct lv_uses *uses, uint32_t number)
{
    return lv_vec_at(&uses->all, number);
}

int lv_uses_init(struct lv_uses *uses, struct lv_arena *arena)
{
    uint32_t unused;

    *uses = (struct lv_uses){ .removed = 0 };
    lv_vec_init(&uses->all, arena, sizeof(struct lv_use));
    return lv_vec_add(&uses->all, &unused) != NULL ? 0 : -ENOMEM;
}

struct lv_states lv_uses_of(const struct lv_uses *uses, const struct lv_class *class, enum lv_side side, bool strong)
{
    struct lv_states ret = lv_uses_with(uses, class, side, false);

    return strong ? ret : lv_states_or(ret, lv_uses_with(uses, class, side, true));
}

struct lv_states lv_uses_with(const struct lv_uses *uses, const struct lv_class *class, enum lv_side side, bool weak)
{
    struct lv_states ret = { 0, 0 };

    for (uint32_t i = class->uses; i != 0; i = use_at(uses, i)->next) {
        const struct lv_use *use = use_at(uses, i);

        if (use->side == side && use->weak == weak)
            ret = lv_states_or(ret, use->states);
    }
    return ret;
}

const struct lv_use *lv_uses_find(const struct lv_uses *uses, const struct lv_class *class, enum lv_side side,
                                  unsigned state, bool strong)
{
    const struct lv_use *found = NULL;

    for (uint32_t i = class->uses; i != 0; i = use_at(uses, i)->next) {
        const struct lv_use *use = use_at(uses, i);

        if (use->side != side || (strong && use->weak) || !lv_states_have(use->states, state))
            continue;
        if (!use->weak)
            return use;
        found = use;
    }
    return found;
}

int lv_uses_add(struct lv_uses *uses, struct lv_class *class, const struct lv_use *use)
{
    uint32_t number = uses->removed;
    struct lv_use *added = number != 0 ? use_at(uses, number) : lv_vec_add(&uses->all, &number);

    if (added == NULL)
        return -ENOMEM;
    if (uses->removed != 0)
        uses->removed = added->next;
    *added = *use;
    added->next = class->uses;
    class->uses = number;
    if (use->side == LV_INSIDE)
        uses->inside = lv_states_or(uses->inside, use->states);
    return 0;
}

/* Take the use at @link out of its list. */
static void remove_at(struct lv_uses *uses, uint32_t *link)
{
    struct lv_use *use = use_at(uses, *link);
    uint32_t number = *link;

    *link = use->next;
    use->next = uses->removed;
    uses->removed = number;
}

void lv_uses_forget(struct lv_uses *uses, struct lv_class *class)
{
    while (class->uses != 0)
        remove_at(uses, &class->uses);
}

void lv_uses_forget_state(struct lv_uses *uses, const struct lv_classes *classes, unsigned state)
{
    for (uint32_t id = 1; id < classes->all.count; id++) {
        uint32_t *link = &lv_classes_get(classes, (lv_class_id){ id })->uses;

        while (*link != 0) {
            struct lv_use *use = use_at(uses, *link);

            use->states = lv_states_minus(use->states, lv_states_of(state));
            if (lv_states_any(use->states))
                link = &use->next;
            else
                remove_at(uses, link);
        }
    }
    uses->inside = lv_states_minus(uses->inside, lv_states_of(state));
}
