/* SPDX-License-Identifier: MIT */
/* The part of the hooks that is not worth being inline: a release that is out of order, or of a lock that is not in the
 * thread's books. Owns no data. */

#include "interpose/hook.h"

#include "engine/nest.h"

static void release_unheld(struct lv_thread *t, const struct lv_object *object, const struct lv_acquisition *what)
{
    switch (lv_object_holding(object, t->tid)) {
    case LV_HOLDING_SELF:
        return; /* taken on a way that no hook sees */
    case LV_HOLDING_NOBODY:
        lv_release_unheld(&lv_process_context, t, what, LV_UNHELD_FREE);
        return;
    case LV_HOLDING_OTHER:
        lv_release_unheld(&lv_process_context, t, what, LV_UNHELD_BY_THREAD);
        return;
    case LV_HOLDING_UNKNOWN:
        lv_release_unheld(&lv_process_context, t, what, LV_UNHELD_TAKEN);
        return;
    }
}

bool lv_hook_is_watched(struct lv_thread *t, const struct lv_object *object, uintptr_t site, uint64_t *ret_word)
{
    if (lv_is_own(&lv_process_context, object, site))
        return false;
    *ret_word = lv_identity_of_unmet(&lv_process_context, t, object);
    return (lv_identity_flags(*ret_word) & LV_IDENTITY_NOTRACK) == 0;
}

void lv_hook_release_other(struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    struct lv_acquisition what = { .address = object->address, .kind = (uint8_t)object->kind, .site = site };
    uint64_t word;

    if (!lv_hook_is_watched(t, object, site, &word))
        return;
    what.class = lv_identity_class(word);
    what.uid = lv_identity_uid(word);
    if (lv_held_find(t, object->address) == NULL && lv_nest_find(t, what.class) == NULL)
        release_unheld(t, object, &what);
    else
        lv_release_slow(&lv_process_context, t, &what);
}

void lv_hook_refused(struct lv_thread *t, const struct lv_acquisition *a)
{
    int saved = errno;

    if (a->reentrant && lv_process_context.options.error_returns)
        lv_acquire_refused(&lv_process_context, t, a);
    errno = saved;
}
