/* SPDX-License-Identifier: MIT */
/*
 * Lock objects lie at made-up addresses outside of every module, so that their classes come from their sites; their two
 * words lie in the record. Sites are made up too: stack traces then have the one frame.
 *
 * The arena is given a first block of our own. It is unmapped with the scenario, or cleared when the scenario begins
 * anew, so that thousands of validators fit into one process; what does not fit goes the usual way, to blocks that stay.
 */

#include "scenario.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/fast.h"

#define MEMORY ((size_t)32 * 1024 * 1024)
#define OBJECTS ((uintptr_t)0x510000000000)
#define OBJECT_SIZE 64
#define KEYS ((uintptr_t)0x520000000000)
#define INIT_SITES ((uintptr_t)0x530000000000)
#define LOCK_SITES ((uintptr_t)0x540000000000)
#define SITE_SIZE 256

static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from != NULL ? from : "");
}

static const char *name_of(const struct scenario *s, uintptr_t address)
{
    uintptr_t number = (address - OBJECTS) / OBJECT_SIZE;

    return address >= OBJECTS && number < s->lock_count ? s->locks[number].name : "?";
}

static void copy_edge(const struct scenario *s, const struct lv_report_edge *from, struct scenario_edge *to)
{
    to->kind = from->kind;
    copy_text(to->held, sizeof(to->held), name_of(s, from->held.address));
    copy_text(to->wanted, sizeof(to->wanted), name_of(s, from->wanted.address));
    to->held_mode = from->held.mode;
    to->wanted_mode = from->wanted.mode;
    to->wanted_flags = from->wanted.flags;
    to->held_address = from->held.address;
    to->wanted_address = from->wanted.address;
}

static void collect_upgrade(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    struct scenario *s = ctx->sink_arg;

    (void)len;
    s->upgrade_count++;
    s->upgrade_verdict = report->verdict;
    copy_text(s->upgrade_text, sizeof(s->upgrade_text), text);
}

static void collect(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    struct scenario *s = ctx->sink_arg;
    struct scenario_report *copy = &s->reports[s->report_count];
    size_t at = 0;

    ck_assert_uint_lt(s->report_count, SCENARIO_REPORTS);
    s->report_count++;
    *copy = (struct scenario_report){ .kind = report->kind,
                                      .verdict = report->verdict,
                                      .edge_count = report->edge_count,
                                      .held_count = report->held_count };
    for (uint32_t i = 0; i < report->edge_count && i < SCENARIO_EDGES; i++)
        copy_edge(s, &report->edges[i], &copy->edges[i]);
    if (report->edge_count == 0)
        copy_text(copy->subject, sizeof(copy->subject), name_of(s, report->subject.address));
    else if (report->edges[0].wanted.class != NULL)
        copy_text(copy->usage, sizeof(copy->usage), report->edges[0].wanted.class->usage);
    if (report->holder_thread.name != NULL) {
        copy_text(copy->holder, sizeof(copy->holder), name_of(s, report->holder.address));
        copy->holder_tid = report->holder_thread.tid;
        copy->holder_waits = report->holder_waits;
    }
    if (report->kind == LV_FINDING_SIGNAL) {
        copy_text(copy->state, sizeof(copy->state), report->usage.state);
        copy->news = report->usage.news;
        copy->new_edge = report->usage.new_edge;
        copy->let_in = report->usage.open.at.count != 0;
        copy_text(copy->inside, sizeof(copy->inside), report->usage.inside.site);
    }
    for (uint32_t i = 0; i < report->reason_count && at < sizeof(copy->reasons); i++)
        at += (size_t)snprintf(copy->reasons + at, sizeof(copy->reasons) - at, "%s\n", report->reasons[i]);
    copy_text(copy->detail, sizeof(copy->detail), report->detail);
    copy_text(copy->fingerprint, sizeof(copy->fingerprint), report->fingerprint);
    copy->text_size = len;
    ck_assert_uint_eq(strlen(text), len);
}

static void start(struct scenario *s, const char *text)
{
    char complaint[256];
    struct lv_text complaints;
    struct lv_options options;

    lv_options_default(&options);
    lv_text_init(&complaints, complaint, sizeof(complaint));
    lv_options_parse(&options, text, &complaints);
    ck_assert_msg(complaints.len == 0, "options: %s", complaint);
    s->ctx.arena.at = s->memory;
    s->ctx.arena.end = s->memory + MEMORY;
    s->ctx.sink = collect;
    s->ctx.upgraded = collect_upgrade;
    s->ctx.sink_arg = s;
    s->ctx.program = "scenario";
    s->table = options.identity == LV_IDENTITY_TABLE;
    ck_assert_int_eq(lv_context_init(&s->ctx, &options), 0);
}

struct scenario *scenario_new(const char *options)
{
    struct scenario *s = calloc(1, sizeof(*s));

    ck_assert_ptr_nonnull(s);
    s->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(s->memory, MAP_FAILED);
    start(s, options);
    return s;
}

void scenario_restart(struct scenario *s, const char *options)
{
    char *memory = s->memory;
    uint32_t locks = s->lock_count, reports = s->report_count;
    bool overflowed = s->ctx.arena.total != 0;

    memset(memory, 0, overflowed ? MEMORY : (size_t)(s->ctx.arena.at - memory));
    memset(s->locks, 0, locks * sizeof(s->locks[0]));
    memset(s->reports, 0, reports * sizeof(s->reports[0]));
    memset(s->threads, 0, sizeof(s->threads));
    memset(&s->ctx, 0, sizeof(s->ctx));
    s->explicit_count = s->lock_count = s->report_count = s->report_read = 0;
    s->taken = s->fast_locks = 0;
    s->upgrade_count = s->upgrade_read = 0;
    s->site = 0;
    start(s, options);
}

void scenario_free(struct scenario *s)
{
    munmap(s->memory, MEMORY);
    free(s);
}

void scenario_class(struct scenario *s, const char *class, enum scenario_class_kind kind)
{
    ck_assert_uint_lt(s->explicit_count, LV_ARRAY_SIZE(s->explicit_classes));
    if (kind == SCENARIO_EXPLICIT)
        copy_text(s->explicit_classes[s->explicit_count++], SCENARIO_NAME, class);
}

struct lv_thread *scenario_thread(struct scenario *s, unsigned thread)
{
    ck_assert_uint_lt(thread, SCENARIO_THREADS);
    if (s->threads[thread] == NULL)
        s->threads[thread] = lv_thread_new(&s->ctx);
    ck_assert_ptr_nonnull(s->threads[thread]);
    return s->threads[thread];
}

void scenario_create(struct scenario *s, unsigned parent, unsigned child)
{
    struct lv_segment first = lv_order_make_thread(scenario_thread(s, parent));

    ck_assert_ptr_null(s->threads[child]);
    scenario_thread(s, child)->segment = first;
}

void scenario_join(struct scenario *s, unsigned joiner, unsigned ended)
{
    lv_order_follow(&s->ctx, scenario_thread(s, joiner), &scenario_thread(s, ended)->segment);
}

/* The class part of a lock's name. */
static void class_of(const char *name, char class[SCENARIO_NAME])
{
    copy_text(class, SCENARIO_NAME, name);
    class[strcspn(class, "0123456789")] = '\0';
}

static uintptr_t text_number(const char *text)
{
    return (uintptr_t)(lv_hash_text(0, text) & 0xffffff);
}

/* What an init call does; the scenario's thread 0 makes it. */
static void init_object(struct scenario *s, const char *class, const struct lv_object *object)
{
    struct lv_thread *t = scenario_thread(s, 0);

    for (uint32_t i = 0; i < s->explicit_count; i++) {
        if (strcmp(s->explicit_classes[i], class) == 0) {
            const struct lv_class_key key = { .origin = LV_CLASS_NAME,
                                              .kind = object->kind,
                                              .place = KEYS + i * 16,
                                              .name = class };

            lv_identity_set(&s->ctx, t, object, &key, 0);
            return;
        }
    }
    lv_identity_init(&s->ctx, t, object, INIT_SITES + text_number(class) * SITE_SIZE);
}

struct lv_object *scenario_object(struct scenario *s, const char *name, enum lv_kind kind)
{
    struct scenario_lock_record *record;
    char class[SCENARIO_NAME];

    for (uint32_t i = 0; i < s->lock_count; i++)
        if (strcmp(s->locks[i].name, name) == 0)
            return &s->locks[i].object;
    ck_assert_uint_lt(s->lock_count, SCENARIO_LOCKS);
    record = &s->locks[s->lock_count];
    copy_text(record->name, sizeof(record->name), name);
    record->object = (struct lv_object){ .address = OBJECTS + s->lock_count * (uintptr_t)OBJECT_SIZE, .kind = kind };
    if (!s->table) {
        record->object.word = &record->words[0];
        record->object.seal = &record->words[1];
    }
    s->lock_count++;
    class_of(name, class);
    init_object(s, class, &record->object);
    return &record->object;
}

static uintptr_t site_of(const struct scenario *s, const struct lv_object *object)
{
    return s->site != 0 ? s->site : LOCK_SITES + (object->address - OBJECTS) / OBJECT_SIZE * SITE_SIZE;
}

/* An acquisition up to lv_acquire(), which the callers do not all want. False: the lock is not watched. */
static bool prepare(struct scenario *s, unsigned thread, const char *name, enum lv_mode mode, unsigned flags,
                    enum lv_kind kind, struct lv_acquisition *a)
{
    const struct lv_object *object = scenario_object(s, name, kind);
    struct lv_thread *t = scenario_thread(s, thread);
    uintptr_t site = site_of(s, object);

    return lv_acquisition_set(a, object, lv_identity_find(&s->ctx, t, object, site), mode, flags, site);
}

struct lv_acquisition scenario_begin(struct scenario *s, unsigned thread, const char *name, enum lv_mode mode,
                                     unsigned flags)
{
    struct lv_acquisition a = { 0 };

    if (prepare(s, thread, name, mode, flags, LV_KIND_MUTEX, &a))
        lv_acquire(&s->ctx, scenario_thread(s, thread), &a);
    return a;
}

/* As a hook does it: all of the acquisition, or nothing. */
static bool lock_fast(struct scenario *s, unsigned thread, const char *name, enum lv_mode mode, unsigned flags)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);
    struct lv_thread *t = scenario_thread(s, thread);
    uint64_t word;
    bool known = object->word != NULL ? lv_fast_word(t, object->address, object->word, object->seal, &word)
                                      : lv_fast_known(t, object->address, object->kind, &word);

    if (t->attention != 0 || !known ||
        !lv_fast_begin(t, object->address, word, object->kind, mode, flags, site_of(s, object)))
        return false;
    ck_assert(lv_fast_end(&s->ctx, t, object->address));
    s->fast_locks++;
    return true;
}

/* Every second time the fast path is tried, so that it finds what the general one left, and the other way round. */
void scenario_lock(struct scenario *s, unsigned thread, const char *name, enum lv_mode mode, unsigned flags)
{
    struct lv_acquisition a;

    if (s->taken++ % 2 != 0 && lock_fast(s, thread, name, mode, flags))
        return;
    a = scenario_begin(s, thread, name, mode, flags);
    if (a.address != 0)
        lv_acquired(&s->ctx, scenario_thread(s, thread), &a);
}

void scenario_lock_reentrant(struct scenario *s, unsigned thread, const char *name)
{
    struct lv_acquisition a = { 0 };

    if (!prepare(s, thread, name, LV_WRITE, 0, LV_KIND_MUTEX, &a))
        return;
    a.reentrant = true;
    lv_acquire(&s->ctx, scenario_thread(s, thread), &a);
    lv_acquired(&s->ctx, scenario_thread(s, thread), &a);
}

void scenario_lock_sub(struct scenario *s, unsigned thread, const char *name, unsigned subclass)
{
    lv_acquire_next(scenario_thread(s, thread), scenario_object(s, name, LV_KIND_MUTEX)->address, subclass, 0);
    scenario_lock(s, thread, name, LV_WRITE, 0);
}

void scenario_lock_nest(struct scenario *s, unsigned thread, const char *name, const char *nest)
{
    uintptr_t nest_address = scenario_object(s, nest, LV_KIND_MUTEX)->address;

    lv_acquire_next(scenario_thread(s, thread), scenario_object(s, name, LV_KIND_MUTEX)->address, 0, nest_address);
    scenario_lock(s, thread, name, LV_WRITE, 0);
}

void scenario_unlock(struct scenario *s, unsigned thread, const char *name)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);

    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_acquisition what = { .address = object->address,
                                   .kind = (uint8_t)object->kind,
                                   .site = site_of(s, object) };

    if (t->held[(ptrdiff_t)t->depth - 1].address == object->address) {
        lv_release(&s->ctx, t, object->address, object->kind, what.site);
        return;
    }
    what.class = lv_identity_class(lv_identity_peek(&s->ctx, object));
    lv_release_slow(&s->ctx, t, &what);
}

void scenario_chain(struct scenario *s, unsigned thread, const char *names)
{
    char copy[256], *word[32], *rest = copy;
    unsigned count = 0;

    copy_text(copy, sizeof(copy), names);
    for (char *next; (next = strsep(&rest, " ")) != NULL;) {
        ck_assert_uint_lt(count, LV_ARRAY_SIZE(word));
        word[count++] = next;
        scenario_lock(s, thread, next, LV_WRITE, 0);
    }
    while (count-- > 0)
        scenario_unlock(s, thread, word[count]);
}

struct lv_acquisition scenario_sem_begin(struct scenario *s, unsigned thread, const char *name, unsigned flags)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_SEM);
    struct lv_thread *t = scenario_thread(s, thread);
    struct lv_acquisition a = { 0 };

    if (lv_acquisition_set(&a, object, lv_sem_find(&s->ctx, t, object), LV_WRITE, flags, site_of(s, object)))
        lv_acquire(&s->ctx, t, &a);
    return a;
}

void scenario_sem_wait(struct scenario *s, unsigned thread, const char *name, unsigned flags)
{
    struct lv_acquisition a = scenario_sem_begin(s, thread, name, flags);

    if (a.address != 0)
        lv_sem_acquired(&s->ctx, scenario_thread(s, thread), &a);
}

void scenario_sem_post(struct scenario *s, unsigned thread, const char *name)
{
    const struct lv_object *object = scenario_object(s, name, LV_KIND_SEM);

    lv_sem_post(&s->ctx, scenario_thread(s, thread), object, site_of(s, object));
}

void scenario_wait(struct scenario *s, unsigned thread, const char *name, lv_event_state *state)
{
    struct lv_acquisition a = { 0 };

    __atomic_store_n(&s->ctx.events_in_use, true, __ATOMIC_RELAXED);
    if (prepare(s, thread, name, LV_WRITE, 0, LV_KIND_EVENT, &a))
        lv_event_begin_wait(&s->ctx, scenario_thread(s, thread), &a, state);
}

void scenario_complete(struct scenario *s, unsigned thread, const char *name, const lv_event_state *state)
{
    struct lv_acquisition a = { 0 };

    if (prepare(s, thread, name, LV_WRITE, 0, LV_KIND_EVENT, &a))
        lv_event_complete(&s->ctx, scenario_thread(s, thread), &a, state);
}

const struct scenario_report *scenario_expect(struct scenario *s, enum lv_finding_kind kind, enum lv_verdict verdict)
{
    const struct scenario_report *report = &s->reports[s->report_read];

    ck_assert_msg(s->report_read < s->report_count, "no finding, but %s (%s) was expected", lv_finding_kind_name(kind),
                  lv_verdict_name(verdict));
    ck_assert_msg(report->kind == kind && report->verdict == verdict, "found %s (%s), expected %s (%s)",
                  lv_finding_kind_name(report->kind), lv_verdict_name(report->verdict), lv_finding_kind_name(kind),
                  lv_verdict_name(verdict));
    s->report_read++;
    return report;
}

const struct scenario_report *scenario_expect_cycle(struct scenario *s, enum lv_finding_kind kind,
                                                    enum lv_verdict verdict, const char *edges)
{
    const struct scenario_report *report = scenario_expect(s, kind, verdict);
    char found[512] = "";
    size_t at = 0;

    for (uint32_t i = 0; i < report->edge_count && i < SCENARIO_EDGES && at < sizeof(found); i++)
        at += (size_t)snprintf(found + at, sizeof(found) - at, "%s%s>%s", i != 0 ? " " : "", report->edges[i].held,
                               report->edges[i].wanted);
    ck_assert_str_eq(found, edges);
    return report;
}

const char *scenario_expect_upgrade(struct scenario *s, enum lv_verdict verdict)
{
    ck_assert_uint_eq(s->upgrade_count, s->upgrade_read + 1);
    ck_assert_msg(s->upgrade_verdict == verdict, "upgraded to %s, not %s", lv_verdict_name(s->upgrade_verdict),
                  lv_verdict_name(verdict));
    s->upgrade_read++;
    return s->upgrade_text;
}

void scenario_expect_no_upgrade(struct scenario *s)
{
    ck_assert_msg(s->upgrade_count == s->upgrade_read, "upgraded:\n%s", s->upgrade_text);
}

void scenario_expect_clean(struct scenario *s)
{
    const struct scenario_report *report = &s->reports[s->report_read];

    ck_assert_msg(s->report_read == s->report_count, "found %s (%s) of %u edges, %s -> %s; expected nothing",
                  lv_finding_kind_name(report->kind), lv_verdict_name(report->verdict), report->edge_count,
                  report->edges[0].held, report->edges[0].wanted);
}
