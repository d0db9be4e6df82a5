/* SPDX-License-Identifier: MIT */
/* A place is the same in two processes if its module is: by its build-id, and without one by its path. */

#include "stat/sums.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "record/reader.h"

struct adding {
    struct stat_sums *sums;
    struct sym_session *symbols;
    struct rec_pool *texts;
    struct rec_index classes; /* by the text of the key */
    struct rec_index sites;   /* by the text of class and place */
    struct rec_index pairs;   /* by the text of both sites; null or the pair's number and one */
};

static void add_times(struct lv_times *to, const struct rec_times *from)
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

static void add_use(struct stat_use *to, const struct rec_lock_stat *from)
{
    to->acquisitions += from->acquisitions;
    to->failed += from->failed;
    add_times(&to->wait, &from->wait);
    add_times(&to->hold, &from->hold);
}

/* The place in an index of what @text names; @text is freed. */
static void **place_of(struct adding *adding, struct rec_index *index, char *text)
{
    uint64_t key = (uint64_t)(uintptr_t)rec_pool_text(adding->texts, text);

    free(text);
    return rec_index_at(index, key);
}

static struct stat_class *class_of(struct adding *adding, const struct rec_class *class)
{
    void **place = place_of(adding, &adding->classes, cli_printf("%s %s", class->key, class->kind));
    struct stat_class *new;

    if (*place != NULL)
        return *place;
    new = *place = cli_alloc(1, sizeof(*new));
    new->name = class->name;
    new->key = class->key;
    new->kind = class->kind;
    rec_append(&adding->sums->classes, &adding->sums->class_count, new);
    return new;
}

static struct stat_site *site_of(struct adding *adding, struct stat_class *class, const struct rec_frame *frame)
{
    const struct rec_module *module = frame->module;
    const char *file = module == NULL ? "" : module->build_id[0] != '\0' ? module->build_id : module->path;
    void **place = place_of(adding, &adding->sites, cli_printf("%p %s+%" PRIx64, (void *)class, file, frame->offset));
    struct stat_site *new;

    if (*place != NULL)
        return *place;
    new = *place = cli_alloc(1, sizeof(*new));
    new->frame = *frame;
    new->text = stat_site_text(adding->symbols, frame);
    rec_append(&class->sites, &class->site_count, new);
    return new;
}

static void add_pair(struct adding *adding, struct stat_class *class, const struct stat_site *waiter,
                     const struct rec_holder *holder)
{
    struct stat_site *other = site_of(adding, class, &holder->site);
    void **place = place_of(adding, &adding->pairs, cli_printf("%p %p", (const void *)waiter, (void *)other));
    size_t number = (size_t)(uintptr_t)*place;

    if (number == 0) {
        class->pairs = cli_realloc(class->pairs, class->pair_count + 1, sizeof(*class->pairs));
        class->pairs[class->pair_count] = (struct stat_pair){ .waiter = waiter, .holder = other };
        number = ++class->pair_count;
        *place = (void *)(uintptr_t)number;
    }
    class->pairs[number - 1].count += holder->count;
    class->pairs[number - 1].total += holder->total;
    other->held += holder->count;
}

static void add(struct adding *adding, const struct rec_lock_stat *stat)
{
    struct stat_class *class = class_of(adding, stat->class);
    struct stat_site *site = site_of(adding, class, &stat->site);
    unsigned mode = stat->reads ? STAT_READ : STAT_WRITE;

    add_use(&class->use[mode], stat);
    add_use(&class->all, stat);
    add_use(&site->use[mode], stat);
    add_use(&adding->sums->all, stat);
    for (size_t i = 0; i < stat->holder_count; i++)
        add_pair(adding, class, site, &stat->holders[i]);
}

static uint64_t waits(const struct stat_site *site)
{
    return site->use[STAT_WRITE].wait.count + site->use[STAT_READ].wait.count;
}

static uint64_t acquisitions(const struct stat_site *site)
{
    return site->use[STAT_WRITE].acquisitions + site->use[STAT_READ].acquisitions;
}

static int more_first(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int compare_sites(const void *a, const void *b)
{
    const struct stat_site *const *x = a, *const *y = b;
    int r = more_first(waits(*x), waits(*y));

    if (r == 0)
        r = more_first(acquisitions(*x), acquisitions(*y));
    return r != 0 ? r : strcmp((*x)->text, (*y)->text);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct stat_pair *x = a, *y = b;
    int r = more_first(x->total, y->total);

    if (r == 0)
        r = more_first(x->count, y->count);
    if (r == 0)
        r = strcmp(x->waiter->text, y->waiter->text);
    return r != 0 ? r : strcmp(x->holder->text, y->holder->text);
}

struct stat_sums *stat_sums_of(const struct rec_set *set, struct sym_session *symbols)
{
    struct adding adding = { .sums = cli_alloc(1, sizeof(*adding.sums)), .symbols = symbols, .texts = rec_pool_open() };

    for (size_t i = 0; i < set->process_count; i++) {
        const struct rec_process *process = set->processes[i];

        adding.sums->process_count += process->lock_stat_count != 0;
        for (size_t j = 0; j < process->lock_stat_count; j++)
            add(&adding, process->lock_stats[j]);
    }
    for (size_t i = 0; i < adding.sums->class_count; i++) {
        struct stat_class *class = adding.sums->classes[i];

        qsort(class->sites, class->site_count, sizeof(struct stat_site *), compare_sites);
        if (class->pair_count != 0)
            qsort(class->pairs, class->pair_count, sizeof(*class->pairs), compare_pairs);
    }
    rec_index_free(&adding.classes);
    rec_index_free(&adding.sites);
    rec_index_free(&adding.pairs);
    rec_pool_close(adding.texts);
    return adding.sums;
}

void stat_sums_free(struct stat_sums *sums)
{
    for (size_t i = 0; i < sums->class_count; i++) {
        struct stat_class *class = sums->classes[i];

        for (size_t j = 0; j < class->site_count; j++) {
            free(class->sites[j]->text);
            free(class->sites[j]);
        }
        free(class->sites);
        free(class->pairs);
        free(class);
    }
    free(sums->classes);
    free(sums);
}
