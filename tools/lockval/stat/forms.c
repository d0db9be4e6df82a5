/* SPDX-License-Identifier: MIT */
/* The kernel's layout is that of the library (report/lockstat.h). */

#include "stat/forms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* ---- for people ------------------------------------------------------------------------------------------------------ */

enum {
    PAIRS = 3,
    WIDTH = 10
};

/* "12.3 us": three digits or more. */
static void print_time(uint64_t ns, bool known)
{
    static const char *const units[] = { "ns", "us", "ms", "s" };
    double value = (double)ns;
    size_t unit = 0;
    char text[32];

    while (value >= 999.5 && unit < 3) {
        value /= 1000;
        unit++;
    }
    (void)snprintf(text, sizeof(text), "%.*f %s",
                   unit == 0 || value >= 99.95 ? 0
                   : value >= 9.995            ? 1
                                               : 2,
                   value, units[unit]);
    (void)printf(" %*s", WIDTH, known ? text : "-");
}

static double percent(uint64_t part, uint64_t all)
{
    return all != 0 ? 100.0 * (double)part / (double)all : 0;
}

static void print_use(const struct stat_class *class, const char *mode, const struct stat_use *use)
{
    print_time(use->wait.total, use->wait.count != 0);
    (void)printf(" %*" PRIu64 " %*" PRIu64 " %5.1f%%", WIDTH, use->wait.count, WIDTH, use->acquisitions,
                 percent(use->wait.count, use->acquisitions + use->failed));
    print_time(stat_average(&use->wait), use->wait.count != 0);
    print_time(use->wait.max, use->wait.count != 0);
    print_time(stat_average(&use->hold), use->hold.count != 0);
    print_time(use->hold.max, use->hold.count != 0);
    (void)printf("  %s%s\n", class->name, mode);
}

static bool is_used(const struct stat_use *use)
{
    return use->acquisitions != 0 || use->wait.count != 0 || use->failed != 0;
}

static void print_pairs(const struct stat_class *class)
{
    for (size_t i = 0; i < class->pair_count && i < PAIRS; i++) {
        print_time(class->pairs[i].total, true);
        (void)printf(" %*" PRIu64 "  at %s\n", WIDTH, class->pairs[i].count, class->pairs[i].waiter->text);
        if (stat_site_is_known(&class->pairs[i].holder->frame))
            (void)printf(" %*s  for who took it at %s\n", 2 * WIDTH + 1, "", class->pairs[i].holder->text);
    }
    if (class->pair_count > PAIRS)
        (void)printf(" %*s  and %zu more pairs of calls\n", 2 * WIDTH + 1, "", class->pair_count - PAIRS);
}

static void print_failed(const struct stat_use *use)
{
    if (use->failed != 0)
        (void)printf(" %*s  %" PRIu64 " call%s came back without it\n", 2 * WIDTH + 1, "", use->failed,
                     use->failed == 1 ? "" : "s");
}

void stat_print_table(const struct stat_sums *sums, size_t count)
{
    (void)printf("%" PRIu64 " acquisitions of %zu class%s in %zu process%s; %" PRIu64 " were contended (%.2f%%)\n\n",
                 sums->all.acquisitions, sums->class_count, sums->class_count == 1 ? "" : "es", sums->process_count,
                 sums->process_count == 1 ? "" : "es", sums->all.wait.count,
                 percent(sums->all.wait.count, sums->all.acquisitions + sums->all.failed));
    (void)printf(" %*s %*s %*s %6s %*s %*s %*s %*s  class\n", WIDTH, "waited", WIDTH, "contended", WIDTH, "acquired",
                 "", WIDTH, "wait avg", WIDTH, "wait max", WIDTH, "hold avg", WIDTH, "hold max");
    for (size_t i = 0; i < count; i++) {
        const struct stat_class *class = sums->classes[i];
        bool reads = is_used(&class->use[STAT_READ]);

        if (is_used(&class->use[STAT_WRITE]) || !reads)
            print_use(class, reads ? " (write)" : "", &class->use[STAT_WRITE]);
        if (reads)
            print_use(class, " (read)", &class->use[STAT_READ]);
        print_failed(&class->all);
        print_pairs(class);
    }
    if (count < sums->class_count)
        (void)printf("\nand %zu more classes\n", sums->class_count - count);
}

/* ---- the kernel's layout --------------------------------------------------------------------------------------------- */

/* The sites that @number counts most for. */
static uint32_t choose(const struct stat_class *class, uint64_t (*number)(const struct stat_site *),
                       struct lv_lockstat_place *places)
{
    uint32_t count = 0;

    for (size_t i = 0; i < class->site_count; i++) {
        const struct stat_site *site = class->sites[i];
        const struct lv_lockstat_place place = { site->text, (uintptr_t)site->frame.offset, number(site) };
        uint32_t at = count;

        if (place.count == 0)
            continue;
        while (at != 0 && places[at - 1].count < place.count)
            at--;
        if (at == LV_LOCKSTAT_PLACES)
            continue;
        count += count < LV_LOCKSTAT_PLACES;
        memmove(&places[at + 1], &places[at], (count - at - 1) * sizeof(*places));
        places[at] = place;
    }
    return count;
}

static uint64_t waits_at(const struct stat_site *site)
{
    return site->use[STAT_WRITE].wait.count + site->use[STAT_READ].wait.count;
}

static uint64_t waits_for(const struct stat_site *site)
{
    return site->held;
}

static struct lv_lockstat_use use_of(const struct stat_use *use)
{
    return (struct lv_lockstat_use){ .acquisitions = use->acquisitions, .wait = use->wait, .hold = use->hold };
}

/* Lines have a name or a place each, which may be long. */
static size_t room_for(const struct stat_class *class)
{
    size_t longest = strlen(class->name);

    for (size_t i = 0; i < class->site_count; i++)
        if (strlen(class->sites[i]->text) > longest)
            longest = strlen(class->sites[i]->text);
    return 16 * (512 + 2 * longest);
}

void stat_print_lock_stat(const struct stat_sums *sums, size_t count)
{
    char head[2048];
    struct lv_text text;

    lv_text_init(&text, head, sizeof(head));
    lv_lockstat_put_head(&text);
    (void)fputs(head, stdout);
    for (size_t i = 0; i < count; i++) {
        const struct stat_class *class = sums->classes[i];
        struct lv_lockstat_place waiters[LV_LOCKSTAT_PLACES + 1], holders[LV_LOCKSTAT_PLACES + 1];
        const struct lv_lockstat_class shown = {
            .name = class->name,
            .write = use_of(&class->use[STAT_WRITE]),
            .read = use_of(&class->use[STAT_READ]),
            .waiter_count = choose(class, waits_at, waiters),
            .holder_count = choose(class, waits_for, holders),
            .waiters = waiters,
            .holders = holders,
        };
        size_t size = room_for(class);
        char *buf = cli_alloc(size, 1);

        lv_text_init(&text, buf, size);
        lv_lockstat_put_class(&shown, &text);
        (void)fputs(buf, stdout);
        free(buf);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static json_t *times(const struct lv_times *times)
{
    return json_pack("{sI sI sI sI sI}", "count", (json_int_t)times->count, "min", (json_int_t)times->min, "max",
                     (json_int_t)times->max, "total", (json_int_t)times->total, "average",
                     (json_int_t)stat_average(times));
}

static json_t *use(const struct stat_use *use)
{
    return json_pack("{sI sI so so}", "acquisitions", (json_int_t)use->acquisitions, "failed", (json_int_t)use->failed,
                     "wait", times(&use->wait), "hold", times(&use->hold));
}

/* Sites are named by their number in the list. */
static size_t number_of(const struct stat_class *class, const struct stat_site *site)
{
    size_t i = 0;

    while (class->sites[i] != site)
        i++;
    return i;
}

static json_t *site_json(const struct stat_site *site, struct sym_session *symbols)
{
    const struct sym_frame *frame = stat_site_frame(symbols, &site->frame);
    json_t *json = json_pack("{so so so}", "text", stat_json_text(site->text), "write", use(&site->use[STAT_WRITE]),
                             "read", use(&site->use[STAT_READ]));
    char offset[32];

    if (stat_site_is_known(&site->frame)) {
        (void)snprintf(offset, sizeof(offset), "0x%" PRIx64, site->frame.offset);
        (void)json_object_set_new(json, "module",
                                  stat_json_text(site->frame.module != NULL ? site->frame.module->path : ""));
        (void)json_object_set_new(json, "offset", json_string(offset));
    }
    if (frame != NULL) {
        (void)json_object_set_new(json, "function", stat_json_text(frame->function));
        (void)json_object_set_new(json, "file", stat_json_text(frame->file));
        (void)json_object_set_new(json, "line", json_integer(frame->line));
    }
    return json;
}

static json_t *class_json(const struct stat_class *class, struct sym_session *symbols)
{
    json_t *sites = json_array(), *pairs = json_array();

    for (size_t i = 0; i < class->site_count; i++)
        (void)json_array_append_new(sites, site_json(class->sites[i], symbols));
    for (size_t i = 0; i < class->pair_count; i++)
        (void)json_array_append_new(
            pairs, json_pack("{sI sI sI sI}", "waiter", (json_int_t)number_of(class, class->pairs[i].waiter), "holder",
                             (json_int_t)number_of(class, class->pairs[i].holder), "count",
                             (json_int_t) class->pairs[i].count, "total", (json_int_t) class->pairs[i].total));
    return json_pack("{so so so so so so so so}", "name", stat_json_text(class->name), "key",
                     stat_json_text(class->key), "kind", stat_json_text(class->kind), "write",
                     use(&class->use[STAT_WRITE]), "read", use(&class->use[STAT_READ]), "all", use(&class->all),
                     "sites", sites, "pairs", pairs);
}

void stat_print_as_json(const struct stat_sums *sums, size_t count, struct sym_session *symbols)
{
    json_t *classes = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(classes, class_json(sums->classes[i], symbols));
    stat_print_json(json_pack("{sI sI so so}", "processes", (json_int_t)sums->process_count, "class_count",
                              (json_int_t)sums->class_count, "all", use(&sums->all), "classes", classes));
}
