/* SPDX-License-Identifier: MIT */
/*
 * Every call, type and macro of lockval.h, in the language that C89, C99, C11, C++98 and C++17 have in common. It is
 * compiled as each of them (compile.py), and run without the library and with it: there is nothing to find.
 */

#include <lockval.h>

#include <stdio.h>
#include <string.h>

static struct lockval_key key = LOCKVAL_KEY_INIT, event_key;
static struct lockval_map map = LOCKVAL_MAP_INIT("map", &key);
static struct lockval_event event = LOCKVAL_EVENT_INIT("event", &event_key);

static void on_report(const struct lockval_report *report, void *arg)
{
    (void)arg;
    fprintf(stderr, "%lu %s %s %s %s\n", report->size, report->kind, report->verdict, report->fingerprint,
            report->text);
}

static int compare(const void *held, const void *wanted)
{
    return held < wanted ? -1 : 1;
}

static void print_lock(const void *lock, char *text, unsigned long size)
{
    if (lock && size > 1)
        strcpy(text, "!");
}

static void maps(void)
{
    lockval_register_key(&key);
    lockval_init_map(&map, "map", &key);
    lockval_acquire_map(&map, LOCKVAL_WRITE, LOCKVAL_SUBCLASSES - 1, LOCKVAL_TRY, 0);
    lockval_contended_map(&map);
    lockval_acquired_map(&map);
    lockval_downgrade_map(&map);
    lockval_release_map(&map);
    lockval_acquire_map(&map, LOCKVAL_READ, 0, LOCKVAL_TIMED, 0);
    lockval_abandon_map(&map);
    lockval_might_lock_map(&map, LOCKVAL_READ_RECURSIVE);
    lockval_might_lock_map_nested(&map, LOCKVAL_READ_RECURSIVE, 1);
    lockval_sync_map(&map, LOCKVAL_WRITE, 0, 0);
    if (lockval_match_class_map(&map, &key) == 0)
        puts("the map is of another class");
    lockval_set_class_map(&map, &key, "map");
    lockval_set_subclass_map(&map, 1);
    lockval_set_order_map(&map, compare, print_lock);
    lockval_set_order_map(&map, 0, 0);
    lockval_set_wait_type_map(&map, LOCKVAL_WAIT_FREE, LOCKVAL_WAIT_CONFIG);
    lockval_set_wait_override_map(&map, LOCKVAL_WAIT_SLEEP);
    lockval_set_wait_type_map(&map, LOCKVAL_WAIT_UNCHECKED, LOCKVAL_WAIT_UNCHECKED);
    lockval_set_novalidate_map(&map);
    lockval_set_notrack_map(&map);
    lockval_init_map(&map, "map", &key);
}

/* No lock is taken: words as large as the largest kind do, and the library keeps to the words it may use. */
static void locks(void)
{
    static double words[3][16];

    lockval_set_class(words[0], LOCKVAL_MUTEX, &key, "lock");
    lockval_set_novalidate(words[1], LOCKVAL_RWLOCK);
    lockval_set_notrack(words[2], LOCKVAL_SPIN);
    lockval_set_subclass(words[0], LOCKVAL_MUTEX, 0);
    lockval_set_order(words[0], LOCKVAL_MUTEX, compare, print_lock);
    lockval_set_wait_type(words[0], LOCKVAL_MUTEX, LOCKVAL_WAIT_SLEEP, LOCKVAL_WAIT_SPIN);
    lockval_next_subclass(words[0], 1);
    lockval_next_nest(words[0], 0);
    lockval_might_lock(words[0], LOCKVAL_MUTEX, LOCKVAL_WRITE);
    lockval_might_lock_nested(words[0], LOCKVAL_MUTEX, LOCKVAL_WRITE, 1);
    if (lockval_match_class(words[0], LOCKVAL_MUTEX, &key) == 0)
        puts("the lock is of another class");
    (void)words;
}

static void events(void)
{
    lockval_init_event(&event, "event", &event_key);
    lockval_begin_wait(&event);
    lockval_complete_event(&event);
    lockval_end_wait(&event);
    lockval_cut_history();
    (void)event;
}

static void contexts(void)
{
    int context = lockval_declare_context("context", LOCKVAL_CONTEXT_SOFT);

    if (context < 0)
        context = lockval_declare_context("context", LOCKVAL_CONTEXT_HARD);
    lockval_set_context_wait_type(context, LOCKVAL_WAIT_SPIN);
    lockval_enter_context(context);
    lockval_assert_in_context(context);
    lockval_disable_context(context);
    lockval_assert_context_disabled(context);
    lockval_enable_context(context);
    lockval_exit_context(context);
    lockval_assert_not_in_context(context);
    lockval_assert_context_enabled(context);
    (void)context;
}

static void claims(void)
{
    unsigned cookie;

    lockval_assert_not_held(&map);
    lockval_acquire_map(&map, LOCKVAL_WRITE, 0, 0, 0);
    lockval_acquired_map(&map);
    lockval_assert_held(&map, LOCKVAL_ANY);
    lockval_set_held_subclass(&map, 1);
    cookie = lockval_pin(&map);
    lockval_unpin(&map, cookie);
    lockval_repin(&map, cookie);
    lockval_unpin(&map, cookie);
    lockval_assert(1, "one is one");
    if (lockval_depth() == 0) {
        lockval_show_held();
        lockval_show_all_held();
    }
    if (lockval_is_held(&map, LOCKVAL_WRITE) == 0)
        puts("the map is not held");
    lockval_release_map(&map);
    lockval_assert_none_held();
    (void)cookie;
}

int main(void)
{
    lockval_report_fn before = lockval_set_report_callback(on_report, 0);
    const char *version = lockval_version();
    char number[64];

    sprintf(number, "%d.%d.%d", LOCKVAL_VERSION_MAJOR, LOCKVAL_VERSION_MINOR, LOCKVAL_VERSION_PATCH);
    maps();
    locks();
    events();
    contexts();
    claims();
    lockval_off();
    lockval_on();
    lockval_free_key_range(&event_key, sizeof(event_key));
    lockval_unregister_key(&key);
    (void)before;
    (void)on_report;
    (void)compare;
    (void)print_lock;
    (void)map;
    if (version && strcmp(version, number) != 0)
        puts("header and library are of different versions");
    return lockval_count_findings() ? 1 : 0;
}
