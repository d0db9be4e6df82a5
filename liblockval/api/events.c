/* SPDX-License-Identifier: MIT */
/* Events, and the history that they look back on. With annotated events switched off (option events) they are nothing. */

#include "api/calls.h"
#include "engine/event.h"

static bool are_on(void)
{
    return (lv_process_context.options.events & LV_EVENTS_ANNOTATED) != 0;
}

static lv_event_state *state_of(struct lockval_event *event)
{
    return (lv_event_state *)(void *)&event->lockval_generation;
}

/* From the first event on, every thread writes its history. */
static void start_histories(void)
{
    if (!__atomic_load_n(&lv_process_context.events_in_use, __ATOMIC_RELAXED))
        __atomic_store_n(&lv_process_context.events_in_use, true, __ATOMIC_RELEASE);
}

static bool look_up(struct lv_thread *t, struct lockval_event *event, uintptr_t site, struct lv_acquisition *a)
{
    struct lv_object object = lv_map_object(&event->lockval_map, LV_KIND_EVENT);

    return t != NULL && are_on() &&
           lv_acquisition_set(a, &object, lv_map_identity(t, &event->lockval_map, LV_KIND_EVENT), LV_WRITE, 0, site);
}

LOCKVAL_API void lockval_init_event(struct lockval_event *event, const char *name, const struct lockval_key *key)
{
    *event = (struct lockval_event)LOCKVAL_EVENT_INIT(name, key);
    if (are_on())
        start_histories();
}

LOCKVAL_API void lockval_begin_wait(struct lockval_event *event)
{
    struct lv_thread *t = lv_self();
    struct lv_held_record record;
    struct lv_acquisition a;

    if (!look_up(t, event, LV_CALL_SITE, &a))
        return;
    start_histories();
    lv_event_begin_wait(&lv_process_context, t, &a, state_of(event));
    record = lv_acquisition_record(t, &a);
    lv_blocked_begin_event(t, &record, a.site);
}

LOCKVAL_API void lockval_end_wait(struct lockval_event *event)
{
    struct lv_thread *t = lv_self();

    if (t == NULL || !are_on())
        return;
    lv_blocked_end_event(t);
    lv_event_end_wait(state_of(event));
}

LOCKVAL_API void lockval_complete_event(struct lockval_event *event)
{
    struct lv_thread *t = lv_self();
    struct lv_acquisition a;

    if (look_up(t, event, LV_CALL_SITE, &a))
        lv_event_complete(&lv_process_context, t, &a, state_of(event));
}

LOCKVAL_API void lockval_cut_history(void)
{
    struct lv_thread *t = lv_self();

    if (t != NULL)
        lv_history_cut(t);
}
