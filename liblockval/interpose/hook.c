/* SPDX-License-Identifier: MIT */
/* The part of the hooks that is not worth being inline: a release that is out of order, or of a lock that is not in the
 * thread's books. Owns no data. */

#include "interpose/hook.h"

void lv_hook_release_other(struct lv_thread *t, const struct lv_object *object, uintptr_t site)
{
    struct lv_acquisition what = { .address = object->address, .kind = (uint8_t)object->kind, .site = site };
    uint64_t word;

    if (lv_is_own(&lv_process_context, object, site))
        return;
    word = lv_identity_peek_guarded(&lv_process_context, t, object);
    if ((lv_identity_flags(word) & LV_IDENTITY_NOTRACK) != 0)
        return;
    what.class = lv_identity_class(word);
    what.uid = lv_identity_uid(word);
    lv_release_slow(&lv_process_context, t, &what);
}
