/* SPDX-License-Identifier: MIT */
/*
 * The points of all threads in one array, found by class, mode and site; the meetings of all points in a second. Both are as
 * large as there are points and meetings, in memory that is mapped for it and given back.
 */

#include "engine/lockstat_sum.h"

#include <string.h>

#include "base/hash.h"
#include "engine/record.h"
#include "engine/resolve.h"
#include "report/lockstat.h"

/* Waits of one total for holders that came from one site. */
struct met {
    uint32_t next; /* of the total; 0: none */
    uint32_t born;
    uintptr_t site;
    struct lv_times wait; /* .count and .total */
};

struct total {
    lv_class_id class;
    bool reads;
    uint32_t born;
    uintptr_t site;
    uint64_t acquisitions, failed;
    struct lv_times wait, hold;
    uint32_t met; /* the first; 0: none */
};

struct sums {
    void *memory; /* null: there is nothing, or no memory */
    size_t size;
    double ns; /* of a tick */
    struct total *totals;
    uint32_t count;
    struct met *mets; /* number 0 is not used */
    uint32_t met_count;
    uint32_t *places; /* of totals, plus one; by hash */
    uint32_t mask;
};

static double ns_per_tick(const struct lv_context *ctx)
{
    uint64_t ticks = lv_clock_ticks() - ctx->clock.ticks;

    return ticks != 0 ? (double)(lv_clock_ns() - ctx->began_ns) / (double)ticks : 1;
}

static uint64_t ns_of(const struct sums *sums, uint64_t ticks)
{
    return (uint64_t)((double)ticks * sums->ns);
}

static void add_times(const struct sums *sums, struct lv_times *to, const struct lv_lockstat_times *from)
{
    uint64_t min = ns_of(sums, from->min), max = ns_of(sums, from->max);

    if (from->count == 0)
        return;
    if (to->count == 0 || min < to->min)
        to->min = min;
    if (max > to->max)
        to->max = max;
    to->count += from->count;
    to->total += ns_of(sums, from->total);
}

static struct total *total_of(struct sums *sums, const struct lv_lockstat_point *p)
{
    uint64_t i = lv_hash_mix(p->site ^ (uint64_t)p->born << 32, (uint64_t)p->class.v << 1 | p->reads);

    for (;; i++) {
        uint32_t number = sums->places[i & sums->mask];
        struct total *total = &sums->totals[number != 0 ? number - 1 : sums->count];

        if (number == 0) {
            *total = (struct total){ .class = p->class, .reads = p->reads, .born = p->born, .site = p->site };
            sums->places[i & sums->mask] = ++sums->count;
            return total;
        }
        if (total->class.v == p->class.v && total->reads == p->reads && total->site == p->site &&
            total->born == p->born)
            return total;
    }
}

static void add_meeting(struct sums *sums, struct total *total, const struct lv_lockstat_meeting *m)
{
    uint32_t number = total->met;

    while (number != 0 && (sums->mets[number].site != m->site || sums->mets[number].born != m->born))
        number = sums->mets[number].next;
    if (number == 0) {
        number = ++sums->met_count;
        sums->mets[number] = (struct met){ .next = total->met, .born = m->born, .site = m->site };
        total->met = number;
    }
    sums->mets[number].wait.count += m->count;
    sums->mets[number].wait.total += ns_of(sums, m->total);
}

static bool is_counted(const struct lv_lockstat_point *p)
{
    return p->class.v != 0 && (p->acquisitions != 0 || p->failed != 0 || p->wait.count != 0 || p->hold.count != 0);
}

static void add_point(struct sums *sums, const struct lv_lockstat_point *p)
{
    struct total *total = total_of(sums, p);

    total->acquisitions += p->acquisitions;
    total->failed += p->failed;
    add_times(sums, &total->wait, &p->wait);
    add_times(sums, &total->hold, &p->hold);
    for (const struct lv_lockstat_meeting *m = p->meetings; m != NULL; m = m->next)
        if (m->count != 0)
            add_meeting(sums, total, m);
}

/* How many points there are, and meetings. */
static size_t count_points(const struct lv_context *ctx, size_t *ret_meetings)
{
    size_t count = 0;

    *ret_meetings = 0;
    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        const struct lv_lockstat_point *p = t->lockstat != NULL ? t->lockstat->points : NULL;

        for (; p != NULL; p = p->next) {
            count += is_counted(p);
            for (const struct lv_lockstat_meeting *m = p->meetings; m != NULL; m = m->next)
                ++*ret_meetings;
        }
    }
    return count;
}

/* Threads go on counting: a point may be counted for the first time after there was made room for those that were. */
static void collect(struct lv_context *ctx, struct sums *sums)
{
    size_t meetings, room, points = count_points(ctx, &meetings), slots = 64;

    *sums = (struct sums){ .ns = ns_per_tick(ctx) };
    if (points == 0)
        return;
    room = points;
    while (slots < points * 2)
        slots *= 2;
    sums->size = points * sizeof(struct total) + (meetings + 1) * sizeof(struct met) + slots * sizeof(uint32_t);
    sums->memory = lv_os_map(sums->size);
    if (sums->memory == NULL)
        return;
    sums->totals = sums->memory;
    sums->mets = (struct met *)(void *)(sums->totals + points);
    sums->places = (uint32_t *)(void *)(sums->mets + meetings + 1);
    sums->mask = (uint32_t)(slots - 1);
    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        const struct lv_lockstat_point *p = t->lockstat != NULL ? t->lockstat->points : NULL;

        for (; p != NULL; p = p->next)
            if (is_counted(p) && room != 0) {
                room--;
                add_point(sums, p);
            }
    }
}

static void give_back(struct sums *sums)
{
    if (sums->memory != NULL)
        lv_os_unmap(sums->memory, sums->size);
}

/* ---- for the record -------------------------------------------------------------------------------------------------- */

static void put_total(struct lv_context *ctx, struct lv_batch *batch, const struct sums *sums,
                      const struct total *total)
{
    struct lv_batch_mark mark = lv_batch_mark(batch);
    struct lv_record_lock_stat line = {
        .class = lv_record_class(ctx, &batch, total->class),
        .reads = total->reads,
        .acquisitions = total->acquisitions,
        .failed = total->failed,
        .wait = total->wait,
        .hold = total->hold,
    };
    struct lv_record_holder *holders;

    for (uint32_t i = total->met; i != 0; i = sums->mets[i].next)
        line.holder_count++;
    holders = lv_batch_alloc(batch, line.holder_count * sizeof(*holders) + 1);
    if (holders == NULL)
        return;
    line.holders = holders;
    lv_record_site(ctx, batch, total->site, total->born, &line.site);
    for (uint32_t i = total->met; i != 0; i = sums->mets[i].next, holders++) {
        lv_record_site(ctx, batch, sums->mets[i].site, sums->mets[i].born, &holders->site);
        holders->count = sums->mets[i].wait.count;
        holders->total = sums->mets[i].wait.total;
    }
    LV_BATCH_LINE(ctx, batch, lv_record_put_lock_stat, &line);
    lv_batch_forget(batch, mark);
}

void lv_lockstat_record(struct lv_context *ctx, struct lv_batch **batch)
{
    struct sums sums;

    if (!ctx->options.lock_stat || !lv_batch_need(ctx, batch))
        return;
    collect(ctx, &sums);
    for (uint32_t i = 0; i < sums.count; i++)
        put_total(ctx, *batch, &sums, &sums.totals[i]);
    give_back(&sums);
}

/* ---- for the log ----------------------------------------------------------------------------------------------------- */

/* What is there of one class: totals that lie one after another once they are sorted. */
struct group {
    uint32_t first, count;
    uint64_t contentions, acquisitions;
};

/* Sort by insertion with shrinking gaps. */
#define SORT(type, items, n, is_before)                                                  \
    do {                                                                                 \
        for (uint32_t gap_ = (n) / 2; gap_ != 0; gap_ /= 2)                              \
            for (uint32_t i_ = gap_; i_ < (n); i_++) {                                   \
                type item_ = (items)[i_];                                                \
                uint32_t k_ = i_;                                                        \
                                                                                         \
                for (; k_ >= gap_ && is_before(&item_, &(items)[k_ - gap_]); k_ -= gap_) \
                    (items)[k_] = (items)[k_ - gap_];                                    \
                (items)[k_] = item_;                                                     \
            }                                                                            \
    } while (0)

static bool total_before(const struct total *a, const struct total *b)
{
    return a->class.v != b->class.v ? a->class.v < b->class.v : a->wait.count > b->wait.count;
}

static bool group_before(const struct group *a, const struct group *b)
{
    return a->contentions != b->contentions ? a->contentions > b->contentions : a->acquisitions > b->acquisitions;
}

/* The classes, most contended first. @groups has room for each total. */
static uint32_t group(struct sums *sums, struct group *groups)
{
    uint32_t count = 0;

    SORT(struct total, sums->totals, sums->count, total_before);
    for (uint32_t i = 0; i < sums->count; i++) {
        const struct total *total = &sums->totals[i];

        if (i == 0 || sums->totals[i - 1].class.v != total->class.v)
            groups[count++] = (struct group){ .first = i };
        groups[count - 1].count++;
        groups[count - 1].contentions += total->wait.count;
        groups[count - 1].acquisitions += total->acquisitions;
    }
    SORT(struct group, groups, count, group_before);
    return count;
}

/* The place that was met most often among those that were not yet, by its number in @mets; 0: there is none. */
static uint32_t next_holder(const struct sums *sums, const struct group *g, const uint32_t *shown, uint32_t shown_count,
                            uint64_t *ret_count)
{
    uint32_t best = 0;

    *ret_count = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        for (uint32_t m = sums->totals[g->first + i].met; m != 0; m = sums->mets[m].next) {
            uint64_t count = 0;
            bool done = false;

            for (uint32_t k = 0; k < shown_count; k++)
                done |=
                    sums->mets[shown[k]].site == sums->mets[m].site && sums->mets[shown[k]].born == sums->mets[m].born;
            for (uint32_t k = 0; k < g->count && !done; k++)
                for (uint32_t n = sums->totals[g->first + k].met; n != 0; n = sums->mets[n].next)
                    if (sums->mets[n].site == sums->mets[m].site && sums->mets[n].born == sums->mets[m].born)
                        count += sums->mets[n].wait.count;
            if (count > *ret_count) {
                *ret_count = count;
                best = m;
            }
        }
    }
    return best;
}

/* Texts of one class's lines. */
struct shown {
    char name[256];
    char where[2 * LV_LOCKSTAT_PLACES][160];
    struct lv_lockstat_place waiters[LV_LOCKSTAT_PLACES], holders[LV_LOCKSTAT_PLACES];
};

static const char *name_site(struct lv_context *ctx, uintptr_t site, uint32_t born, char *buf, size_t size)
{
    struct lv_text text;

    lv_text_init(&text, buf, size);
    if (site == 0)
        lv_text_puts(&text, "(not known)");
    else
        lv_frame_name(ctx, site, born, &text);
    return buf;
}

static void merge(struct lv_times *to, const struct lv_times *from)
{
    if (from->count == 0)
        return;
    if (to->count == 0 || from->min < to->min)
        to->min = from->min;
    if (from->max > to->max)
        to->max = from->max;
    to->count += from->count;
    to->total += from->total;
}

static void put_group(struct lv_context *ctx, const struct sums *sums, const struct group *g, struct lv_text *out)
{
    struct shown shown;
    struct lv_lockstat_class class = { .name = shown.name, .waiters = shown.waiters, .holders = shown.holders };
    uint32_t met[LV_LOCKSTAT_PLACES];
    struct lv_text text;

    lv_text_init(&text, shown.name, sizeof(shown.name));
    lv_class_name(lv_classes_get(&ctx->classes, sums->totals[g->first].class), &text);
    for (uint32_t i = 0; i < g->count; i++) {
        const struct total *total = &sums->totals[g->first + i];
        struct lv_lockstat_use *use = total->reads ? &class.read : &class.write;

        use->acquisitions += total->acquisitions;
        merge(&use->wait, &total->wait);
        merge(&use->hold, &total->hold);
        if (total->wait.count == 0 || class.waiter_count == LV_LOCKSTAT_PLACES)
            continue;
        shown.waiters[class.waiter_count] = (struct lv_lockstat_place){
            .where = name_site(ctx, total->site, total->born, shown.where[class.waiter_count], sizeof(shown.where[0])),
            .address = total->site,
            .count = total->wait.count,
        };
        class.waiter_count++;
    }
    while (class.holder_count < LV_LOCKSTAT_PLACES) {
        struct lv_lockstat_place *place = &shown.holders[class.holder_count];
        uint32_t m = next_holder(sums, g, met, class.holder_count, &place->count);
        char *buf = shown.where[LV_LOCKSTAT_PLACES + class.holder_count];

        if (m == 0)
            break;
        met[class.holder_count++] = m;
        place->address = sums->mets[m].site;
        place->where = name_site(ctx, place->address, sums->mets[m].born, buf, sizeof(shown.where[0]));
    }
    lv_lockstat_put_class(&class, out);
}

static void put_table(struct lv_context *ctx, const struct sums *sums, const struct group *groups, uint32_t count,
                      struct lv_text *out)
{
    lv_text_printf(out, "lockval: lock_stat of %s[%d], times in microseconds\n", ctx->program, (int)lv_os_pid());
    lv_lockstat_put_head(out);
    for (uint32_t i = 0; i < count; i++)
        put_group(ctx, sums, &groups[i], out);
    if (ctx->lockstat_gone.acquisitions != 0)
        lv_text_printf(
            out, "lockval: %llu acquisitions, %llu contended, were of classes whose keys were unregistered\n",
            (unsigned long long)ctx->lockstat_gone.acquisitions, (unsigned long long)ctx->lockstat_gone.contentions);
}

/* A class has at most 16 lines, which have at most 512 bytes. */
static void say(struct lv_context *ctx, struct sums *sums, struct lv_locked *locked)
{
    size_t groups_size = sums->count * sizeof(struct group);
    struct group *groups = lv_os_map(groups_size);
    uint32_t count = groups != NULL ? group(sums, groups) : 0;
    size_t size = 4096 + count * UINT64_C(16) * 512;
    char *buf = groups != NULL ? lv_os_map(size) : NULL;
    struct lv_text text = { .len = 0 };

    if (buf != NULL) {
        lv_text_init(&text, buf, size);
        put_table(ctx, sums, groups, count, &text);
    }
    lv_context_unlock(ctx, locked);
    if (buf != NULL) {
        lv_context_say(ctx, buf, text.len);
        lv_os_unmap(buf, size);
    }
    if (groups != NULL)
        lv_os_unmap(groups, groups_size);
}

void lv_lockstat_say(struct lv_context *ctx)
{
    struct lv_locked locked;
    struct sums sums;

    if (!ctx->options.lock_stat || __atomic_exchange_n(&ctx->lockstat_said, true, __ATOMIC_RELAXED))
        return;
    locked = lv_context_lock(ctx);
    collect(ctx, &sums);
    if (sums.count != 0)
        say(ctx, &sums, &locked);
    else
        lv_context_unlock(ctx, &locked);
    give_back(&sums);
}
