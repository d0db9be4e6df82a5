/* SPDX-License-Identifier: MIT */
/* A listing as one object of JSON. Addresses are texts, since numbers of JSON are not wide enough everywhere. */

#define _GNU_SOURCE
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "threads/listing.h"

enum {
    TAKEN_FRAMES = 64
};

/* Texts come from another process, and need not be UTF-8. */
static json_t *text_of(const char *text)
{
    json_t *json = json_string(text);
    char *ascii;

    if (json != NULL)
        return json;
    ascii = cli_strdup(text);
    for (char *c = ascii; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(ascii);
    free(ascii);
    return json;
}

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static void set_address(json_t *object, const char *key, uint64_t address)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "0x%" PRIx64, address);
    set(object, key, json_string(text));
}

static json_t *frame_of(struct cli_listing *listing, uint64_t address, bool is_call)
{
    json_t *frame = json_object();
    struct cli_symbol symbol;

    cli_symbols_name(listing->symbols, address, is_call, &symbol);
    set_address(frame, "pc", address);
    if (symbol.function != NULL)
        set(frame, "function", text_of(symbol.function));
    set(frame, "offset", json_integer((json_int_t)symbol.offset));
    if (symbol.module != NULL)
        set(frame, "module", text_of(symbol.module));
    if (symbol.file != NULL) {
        set(frame, "file", text_of(symbol.file));
        set(frame, "line", json_integer(symbol.line));
    }
    return frame;
}

static json_t *taken_of(struct cli_listing *listing, lv_stack_id stack)
{
    uintptr_t frames[TAKEN_FRAMES];
    size_t count = stack.v != 0 ? cli_books_stack(listing->books, stack, frames, TAKEN_FRAMES) : 0;
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        if (frames[i] != 0)
            (void)json_array_append_new(array, frame_of(listing, frames[i], true));
    return array;
}

static json_t *lock_of(struct cli_listing *listing, const struct lv_held_record *record)
{
    json_t *lock = json_object();
    struct cli_symbol symbol;

    set_address(lock, "address", record->address);
    if (record->class.v != 0) {
        set(lock, "class", text_of(cli_names_class(listing->names, record->class.v)));
        set(lock, "kind", json_string(cli_names_kind((enum lv_kind)record->kind)));
        return lock;
    }
    cli_symbols_name(listing->symbols, record->address, false, &symbol);
    if (symbol.function != NULL && symbol.offset == 0)
        set(lock, "variable", text_of(symbol.function));
    return lock;
}

/* The lock, and how it is held or wanted. */
static json_t *use_of(struct cli_listing *listing, const struct lv_held_record *record)
{
    json_t *use = lock_of(listing, record);

    set(use, "mode", json_string(cli_names_mode((enum lv_mode)record->mode)));
    set(use, "taken_at", taken_of(listing, record->stack));
    return use;
}

static json_t *blockers_of(const struct cli_listed *thread)
{
    json_t *blockers = json_array();

    for (size_t i = 0; i < thread->blocker_count; i++) {
        const struct cli_blocker *blocker = &thread->blockers[i];
        json_t *json = json_object();

        set(json, "tid", json_integer(blocker->tid));
        if (thread->wait != CLI_WAIT_JOIN) {
            set(json, "mode", json_string(cli_names_mode(blocker->mode)));
            set(json, "queued", json_boolean(blocker->queued));
        }
        set(json, "known", json_boolean(blocker->thread != CLI_NOBODY));
        (void)json_array_append_new(blockers, json);
    }
    return blockers;
}

static json_t *wait_of(struct cli_listing *listing, const struct cli_listed *thread)
{
    json_t *wait = thread->wanted.address != 0 ? use_of(listing, &thread->wanted) : json_object();

    (void)json_object_del(wait, "taken_at");
    set(wait, "for", json_string(cli_wait_word(thread->wait)));
    if (thread->book != NULL && thread->book->wait != LV_WAITS_NOT) {
        set(wait, "timed", json_boolean(thread->book->timed));
        set(wait, "shared", json_boolean(thread->book->shared));
        if (thread->book->waited_ms >= 0)
            set(wait, "waited_ms", json_integer(thread->book->waited_ms));
    }
    if (thread->wait == CLI_WAIT_COND && thread->book->with.address != 0)
        set(wait, "with", lock_of(listing, &thread->book->with));
    set(wait, "blockers", blockers_of(thread));
    return wait;
}

static json_t *thread_of(struct cli_listing *listing, const struct cli_listed *thread)
{
    char state[2] = { thread->task->state, '\0' };
    json_t *json = json_object(), *array;

    set(json, "tid", json_integer(thread->task->tid));
    set(json, "name", text_of(thread->name));
    set(json, "state", text_of(state));
    set(json, "known", json_boolean(thread->book != NULL));
    if (thread->wait != CLI_WAIT_NONE)
        set(json, "waits", wait_of(listing, thread));
    if (thread->book != NULL) {
        array = json_array();
        for (size_t i = 0; i < thread->book->held_count; i++) {
            json_t *held = use_of(listing, &thread->book->held[i].record);

            set(held, "count", json_integer((json_int_t)thread->book->held[i].again + 1));
            (void)json_array_append_new(array, held);
        }
        set(json, "holds", array);
        set(json, "left_out", json_integer((json_int_t)thread->book->left_out));
    }
    if (listing->with_stacks) {
        array = json_array();
        for (unsigned i = 0; i < thread->frame_count; i++)
            (void)json_array_append_new(array, frame_of(listing, thread->frames[i].address, thread->frames[i].is_call));
        set(json, "stack", array);
        set(json, "stack_cut", json_boolean(thread->more_frames));
    }
    return json;
}

static void add_lock(const struct cli_listed_lock *lock, void *arg)
{
    struct cli_listing *listing = ((void **)arg)[0];
    json_t *json = lock_of(listing, &lock->record), *holders = json_array(), *waiters = json_array();

    for (size_t i = 0; i < lock->holder_count; i++) {
        json_t *holder = json_object();

        set(holder, "tid", json_integer(listing->threads[lock->holders[i]].task->tid));
        set(holder, "mode", json_string(cli_names_mode((enum lv_mode)lock->held[i]->record.mode)));
        set(holder, "taken_at", taken_of(listing, lock->held[i]->record.stack));
        (void)json_array_append_new(holders, holder);
    }
    for (size_t i = 0; i < lock->waiter_count; i++) {
        const struct cli_listed *thread = &listing->threads[lock->waiters[i]];
        json_t *waiter = wait_of(listing, thread);

        set(waiter, "tid", json_integer(thread->task->tid));
        (void)json_array_append_new(waiters, waiter);
    }
    set(json, "holders", holders);
    set(json, "waiters", waiters);
    (void)json_array_append_new(((void **)arg)[1], json);
}

static json_t *circles_of(const struct cli_listing *listing)
{
    json_t *circles = json_array();

    for (size_t i = 0; i < listing->circle_count; i++) {
        json_t *circle = json_array();

        for (size_t k = 0; k < listing->circles[i].count; k++)
            (void)json_array_append_new(circle,
                                        json_integer(listing->threads[listing->circles[i].threads[k]].task->tid));
        (void)json_array_append_new(circles, circle);
    }
    return circles;
}

void cli_listing_json(struct cli_listing *listing, bool by_lock, FILE *out)
{
    json_t *json = json_object(), *array = json_array();
    void *both[] = { listing, array };

    set(json, "pid", json_integer(listing->victim->pid));
    set(json, "program", text_of(listing->victim->program));
    if (listing->books != NULL) {
        set(json, "library", text_of(listing->books->version));
        set(json, "degraded", json_boolean(listing->books->state == LV_STATE_DEGRADED));
    } else {
        set(json, "library", json_null());
    }
    if (listing->stopped_us != 0)
        set(json, "stopped_us", json_integer((json_int_t)listing->stopped_us));
    if (by_lock)
        cli_listing_each_lock(listing, add_lock, both);
    for (size_t i = 0; !by_lock && i < listing->count; i++)
        (void)json_array_append_new(array, thread_of(listing, &listing->threads[i]));
    set(json, by_lock ? "locks" : "threads", array);
    set(json, "circles", circles_of(listing));
    (void)json_dumpf(json, out, JSON_INDENT(2));
    (void)fputc('\n', out);
    json_decref(json);
}
