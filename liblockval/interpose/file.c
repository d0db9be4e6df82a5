/* SPDX-License-Identifier: MIT */
/*
 * The locks of stdio streams, as the program takes them; what libc takes inside its own calls it takes without asking. A
 * stream's class is that of its first flockfile, for none of the many ways to open one is worth a hook; the three
 * standard streams are called by their names.
 *
 * A stream ends in fclose or pclose, which also give up its lock: no finding is made of a stream that is closed while it
 * is locked. That must be known before libc frees it, since other locks may lie in its memory the moment after.
 */

#define _GNU_SOURCE
#include "engine/site.h"
#include "interpose/hook.h"
#include "process/objects.h"

/* A standard stream that is met for the first time gets its name. */
static void name_standard(struct lv_thread *t, const struct lv_object *object)
{
    const char *name = lv_file_standard_name((const FILE *)object->address);
    struct lv_class_key key;
    bool known;

    if (name == NULL || lv_identity_peek_guarded(&lv_process_context, t, object) != 0)
        return;
    t->guard++;
    known = lv_site_is_static(&lv_process_context, object, &key);
    t->guard--;
    if (!known)
        return;
    key.name = name;
    (void)lv_identity_adopt_as(&lv_process_context, t, object, &key);
}

LV_EXPORT void flockfile(FILE *file)
{
    const struct lv_object object = lv_bare_object(LV_KIND_FILE, file);
    struct lv_thread *t = lv_self();
    struct lv_acquisition a;
    struct lv_hook_wait wait = { .t = NULL };
    bool watched = false;

    if (t != NULL) {
        name_standard(t, &object);
        watched = lv_hook_before(t, &object, LV_WRITE, 0, true, LV_CALL_SITE, &a);
    }
    if (watched)
        (void)lv_hook_wait_begin(t, &object, &a, false, &wait);
    lv_real.flockfile(file);
    lv_hook_wait_end(&wait);
    if (watched)
        lv_acquired(&lv_process_context, t, &a);
}

LV_EXPORT int ftrylockfile(FILE *file)
{
    const struct lv_object object = lv_bare_object(LV_KIND_FILE, file);
    struct lv_thread *t = lv_self();
    int r = lv_real.ftrylockfile(file);

    if (t == NULL)
        return r;
    if (r == 0) {
        name_standard(t, &object);
        lv_hook_tried(t, &object, LV_WRITE, LV_CALL_SITE);
    } else {
        t->next_set = false; /* what was said of this acquisition */
        if (t->lockstat != NULL)
            lv_hook_not_tried(t, &object, LV_WRITE, LV_CALL_SITE);
    }
    return r;
}

/* libc counts a release by a thread that does not have the stream, and the next flockfile goes wrong. */
LV_EXPORT void funlockfile(FILE *file)
{
    const struct lv_object object = lv_bare_object(LV_KIND_FILE, file);
    struct lv_thread *t = lv_self();

    if (t != NULL && (lv_held_find(t, object.address) != NULL || lv_file_holding(object.address) != LV_HOLDING_SELF))
        lv_hook_release(t, &object, LV_CALL_SITE);
    lv_real.funlockfile(file);
}

static void forget(const FILE *file)
{
    const struct lv_object object = lv_bare_object(LV_KIND_FILE, file);
    struct lv_thread *t = lv_self_any();

    if (t == NULL || lv_identity_peek_guarded(&lv_process_context, t, &object) == 0)
        return;
    while (lv_held_drop(t, object.address))
        ;
    lv_identity_forget(&lv_process_context, t, &object);
}

LV_EXPORT int fclose(FILE *file)
{
    forget(file);
    return lv_real.fclose(file);
}

LV_EXPORT int pclose(FILE *file)
{
    forget(file);
    return lv_real.pclose(file);
}

LV_ALIAS(flockfile, _IO_flockfile);
LV_ALIAS(ftrylockfile, _IO_ftrylockfile);
LV_ALIAS(funlockfile, _IO_funlockfile);
LV_ALIAS(fclose, _IO_fclose);
