/* SPDX-License-Identifier: MIT */
/*
 * The books are copied twice: once to know whose symbols will be needed, which are read without the internal lock, and once
 * under the lock that the names are looked up under too.
 *
 * Whoever holds that lock has blocked all signals, so a handler does not meet it held by its own thread, but for SIGABRT
 * and its kin that come out of the library itself. What can be said without the lock is said then: states are never
 * unmapped, and each copies its books as one that looks for circles does.
 */

#include "engine/listing.h"

#include "engine/circle.h"
#include "engine/resolve_stuck.h"
#include "engine/stuck.h"
#include "sys/tasks.h"

enum {
    PATIENCE = 1000,      /* milliseconds that the internal lock is waited for, about */
    SPARE = 64,           /* threads that may come while memory is taken */
    BASE = 64 * 1024,     /* of the text and of the names, besides what is there for each thread */
    UNKNOWN = 256,        /* threads without a state that are looked at, */
    UNKNOWN_SHOWN = 16,   /* and that are named */
    PLAIN_TEXT = 4 * 1024 /* on the stack */
};

/* The threads of a listing. */
struct listing {
    struct lv_context *ctx;
    size_t size; /* of the mapping */
    uint32_t room, count;
    uint32_t left_out;
    struct lv_thread **of;
    struct lv_stuck *stuck;
};

static struct listing *listing_new(struct lv_context *ctx)
{
    uint32_t room = __atomic_load_n(&ctx->threads_used, __ATOMIC_RELAXED) + SPARE;
    size_t size = sizeof(struct listing) + room * (sizeof(struct lv_thread *) + sizeof(struct lv_stuck));
    struct listing *l = lv_os_map(size);

    if (l == NULL)
        return NULL;
    *l = (struct listing){ .ctx = ctx, .size = size, .room = room };
    l->stuck = (struct lv_stuck *)(void *)(l + 1);
    l->of = (struct lv_thread **)(void *)(l->stuck + room);
    return l;
}

/* The threads in the order of their numbers, so the first thread comes first. Context: lock held. */
static void find_threads(struct listing *l)
{
    l->count = l->left_out = 0;
    for (struct lv_thread *t = l->ctx->threads; t != NULL; t = t->next) {
        uint32_t at = l->count;

        if (!t->used)
            continue;
        if (l->count == l->room) {
            l->left_out++;
            continue;
        }
        for (; at > 0 && l->of[at - 1]->tid > t->tid; at--)
            l->of[at] = l->of[at - 1];
        l->of[at] = t;
        l->count++;
    }
}

static bool note_blocker(struct lv_thread *blocker, enum lv_mode mode, bool queued, void *arg)
{
    const struct listing *l = ((void **)arg)[0];
    struct lv_stuck *stuck = ((void **)arg)[1];

    for (uint32_t i = 0; i < l->count; i++) {
        if (l->of[i] != blocker)
            continue;
        stuck->blocker = i;
        stuck->blocker_mode = mode;
        stuck->blocker_queued = queued;
        return true;
    }
    return false;
}

/* Who keeps number @i from what it waits for. Context: lock held. */
static void find_blocker(struct listing *l, uint32_t i)
{
    const struct lv_look look = { .ctx = l->ctx };
    void *arg[] = { l, &l->stuck[i] };
    struct lv_blocked on;

    for (uint32_t j = 0; lv_circle_wanted(l->of[i], j, &on); j++)
        if (lv_circle_blockers(&look, l->of[i], &on, note_blocker, arg))
            return;
}

/* Context: lock held. */
static void copy_books(struct listing *l)
{
    const struct lv_clock now = lv_clock_now();

    find_threads(l);
    for (uint32_t i = 0; i < l->count; i++) {
        lv_stuck_describe(l->ctx, l->of[i], &now, &l->stuck[i]);
        find_blocker(l, i);
    }
}

/* ---- threads without a state ---- */

static bool has_state(const struct lv_context *ctx, int tid)
{
    const struct lv_thread *t = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE);

    while (t != NULL && !(t->used && t->tid == tid))
        t = t->next;
    return t != NULL;
}

static void put_task(int tid, struct lv_text *out)
{
    char path[48], name[32];
    struct lv_text text;
    int len;

    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/self/task/%d/comm", tid);
    len = lv_os_read_text(path, name, sizeof(name));
    for (int i = 0; i < len; i++)
        if (name[i] == '\n')
            name[i] = '\0';
    lv_text_printf(out, "%s/%d", len > 0 ? name : "?", tid);
}

/* Threads that took no lock yet, are at their very end, or that libc did not make. */
static void put_unknown(const struct lv_context *ctx, struct lv_text *out)
{
    int tids[UNKNOWN], all = lv_task_list(tids, UNKNOWN);
    uint32_t unknown = 0;

    for (int i = 0; i < all && i < UNKNOWN; i++) {
        if (has_state(ctx, tids[i]))
            continue;
        if (unknown < UNKNOWN_SHOWN) {
            lv_text_puts(out, unknown == 0 ? "threads of which no lock is known: " : ", ");
            put_task(tids[i], out);
        }
        unknown++;
    }
    if (unknown > UNKNOWN_SHOWN)
        lv_text_printf(out, " and %u more", unknown - UNKNOWN_SHOWN);
    if (unknown != 0)
        lv_text_putc(out, '\n');
    if (all > UNKNOWN)
        lv_text_printf(out, "(of %d threads %d were asked for)\n", all, UNKNOWN);
}

/* ---- with names ---- */

/* What becomes of the copied books. */
struct page {
    size_t size; /* of the mapping; the first half is for names, the second for the text */
    char *memory;
    struct lv_report report;
};

/* Context: lock held. */
static bool resolve(struct listing *l, struct page *ret)
{
    const struct lv_finding finding = { .stuck = l->stuck, .stuck_count = l->count };
    size_t half = BASE + lv_resolve_stuck_size(l->ctx, l->stuck, l->count);
    struct lv_pool pool;

    *ret = (struct page){ .size = 2 * half, .memory = lv_os_map(2 * half) };
    if (ret->memory == NULL)
        return false;
    pool = (struct lv_pool){ .ctx = l->ctx, .at = ret->memory, .end = ret->memory + half };
    lv_pool_room_for_classes(&pool, lv_resolve_stuck_classes(&finding));
    ret->report = (struct lv_report){
        .program = l->ctx->program,
        .pid = lv_os_pid(),
        .stuck = lv_resolve_threads(&pool, l->stuck, l->count),
        .stuck_count = l->count,
    };
    return ret->report.stuck != NULL || l->count == 0;
}

static void say(struct listing *l, const char *why, struct page *page)
{
    struct lv_text out;

    lv_text_init(&out, page->memory + page->size / 2, page->size / 2);
    lv_report_threads_text(&page->report, why, &out);
    if (l->left_out != 0)
        lv_text_printf(&out, "%u more threads are not shown\n", l->left_out);
    put_unknown(l->ctx, &out);
    lv_context_say(l->ctx, out.buf, out.len);
    if (out.cut)
        lv_context_say(l->ctx, "(the listing is cut here)\n", 26);
}

/* False: it cannot be done now. */
static bool show_with_names(struct listing *l, const char *why, bool registered)
{
    struct lv_locked locked;
    struct page page;
    bool resolved;

    if (registered) {
        if (!lv_context_try_lock(l->ctx, PATIENCE, &locked))
            return false;
        copy_books(l);
        lv_context_unlock(l->ctx, &locked);
        lv_resolve_prepare_stuck(l->ctx, l->stuck, l->count);
    }
    if (!lv_context_try_lock(l->ctx, PATIENCE, &locked))
        return false;
    copy_books(l);
    resolved = resolve(l, &page);
    lv_context_unlock(l->ctx, &locked);
    if (resolved)
        say(l, why, &page);
    if (page.memory != NULL)
        lv_os_unmap(page.memory, page.size);
    return resolved;
}

/* ---- without names ---- */

static const char *word_of(uint32_t wait)
{
    switch (wait) {
    case LV_WAITS_LOCK:
        return "waits for lock";
    case LV_WAITS_JOIN:
        return "joins thread";
    case LV_WAITS_COND:
        return "waits on condition variable";
    case LV_WAITS_SEM:
        return "waits for semaphore";
    case LV_WAITS_BARRIER:
        return "waits at barrier";
    case LV_WAITS_EVENT:
        return "waits for event";
    default:
        return "runs";
    }
}

static void put_plainly(const struct lv_thread *t, struct lv_text *out)
{
    uint32_t depth = __atomic_load_n(&t->depth, __ATOMIC_ACQUIRE);
    const struct lv_held *held = __atomic_load_n(&t->held, __ATOMIC_ACQUIRE);
    struct lv_blocked on;

    if (!lv_circle_wanted(t, 0, &on))
        on.wait = LV_WAITS_NOT;
    put_task(t->tid, out);
    lv_text_printf(out, " %s", word_of(on.wait));
    if (on.wait != LV_WAITS_NOT)
        lv_text_printf(out, " 0x%lx", (unsigned long)on.wanted.address);
    for (uint32_t i = depth > LV_STUCK_HELD ? depth - LV_STUCK_HELD : 0; i < depth; i++)
        lv_text_printf(out, "%s0x%lx", i + LV_STUCK_HELD == depth || i == 0 ? ", holds " : " ",
                       (unsigned long)__atomic_load_n(&held[i].address, __ATOMIC_RELAXED));
    lv_text_putc(out, '\n');
}

static void show_plainly(struct lv_context *ctx, const char *why)
{
    char buf[PLAIN_TEXT];
    struct lv_text out;

    lv_text_init(&out, buf, sizeof(buf));
    lv_text_printf(&out,
                   "\nShowing all threads of %s[%d]%s%s:\n"
                   "(without names: lockval has no memory for them, or is in the middle of its own books)\n",
                   ctx->program, lv_os_pid(), why != NULL ? ", at " : "", why != NULL ? why : "");
    for (const struct lv_thread *t = __atomic_load_n(&ctx->threads, __ATOMIC_ACQUIRE); t != NULL; t = t->next) {
        if (!t->used)
            continue;
        put_plainly(t, &out);
        lv_context_say(ctx, out.buf, out.len);
        lv_text_init(&out, buf, sizeof(buf));
    }
    put_unknown(ctx, &out);
    lv_text_puts(&out, "=============================================\n");
    lv_context_say(ctx, out.buf, out.len);
}

void lv_show_threads(struct lv_context *ctx, const char *why, bool registered)
{
    struct listing *l = listing_new(ctx);

    if (l == NULL || !show_with_names(l, why, registered))
        show_plainly(ctx, why);
    if (l != NULL)
        lv_os_unmap(l, l->size);
}
