/* SPDX-License-Identifier: MIT */
/* The name's column is 40 wide, those of numbers 14; times are microseconds with two digits behind the point. Keeps nothing. */

#include "report/lockstat.h"

#include <string.h>

enum {
    NAME = 40,
    NUMBER = 14,
    NUMBERS = 12,
    LINE = NAME + 1 + NUMBERS * (NUMBER + 1)
};

static void line(struct lv_text *out, char c, size_t indent, size_t len)
{
    lv_text_repeat(out, ' ', indent);
    lv_text_repeat(out, c, len);
    lv_text_putc(out, '\n');
}

void lv_lockstat_put_head(struct lv_text *out)
{
    static const char *const names[NUMBERS] = { "con-bounces",    "contentions",  "waittime-min",   "waittime-max",
                                                "waittime-total", "waittime-avg", "acq-bounces",    "acquisitions",
                                                "holdtime-min",   "holdtime-max", "holdtime-total", "holdtime-avg" };

    line(out, '-', 0, LINE);
    lv_text_printf(out, "%*s", NAME, "class name");
    for (size_t i = 0; i < NUMBERS; i++)
        lv_text_printf(out, " %*s", NUMBER, names[i]);
    lv_text_putc(out, '\n');
    line(out, '-', 0, LINE);
    lv_text_putc(out, '\n');
}

static void put_count(struct lv_text *out, uint64_t count)
{
    lv_text_printf(out, " %*llu", NUMBER, (unsigned long long)count);
}

static void put_time(struct lv_text *out, uint64_t ns)
{
    char buf[32];
    struct lv_text text;
    uint64_t hundredths = (ns + 5) / 10;

    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "%llu.%02u", (unsigned long long)(hundredths / 100), (unsigned)(hundredths % 100));
    lv_text_printf(out, " %*s", NUMBER, buf);
}

static void put_times(struct lv_text *out, const struct lv_times *times)
{
    put_time(out, times->min);
    put_time(out, times->max);
    put_time(out, times->total);
    put_time(out, times->count != 0 ? times->total / times->count : 0);
}

static void put_use(struct lv_text *out, const char *name, const char *suffix, const struct lv_lockstat_use *use)
{
    size_t width = NAME - 1 - strlen(suffix);

    lv_text_printf(out, "%*s%s:", (int)width, name, suffix);
    lv_text_printf(out, " %*s", NUMBER, "-");
    put_count(out, use->wait.count);
    put_times(out, &use->wait);
    lv_text_printf(out, " %*s", NUMBER, "-");
    put_count(out, use->acquisitions);
    put_times(out, &use->hold);
    lv_text_putc(out, '\n');
}

static void put_places(struct lv_text *out, const char *name, const struct lv_lockstat_place *places, uint32_t count)
{
    size_t len = strlen(name) < NAME ? strlen(name) : NAME;

    if (count == 0)
        return;
    line(out, '-', NAME - len, len);
    for (uint32_t i = 0; i < count && i < LV_LOCKSTAT_PLACES; i++) {
        char buf[32];
        struct lv_text text;

        lv_text_init(&text, buf, sizeof(buf));
        lv_text_printf(&text, "[<%016llx>]", (unsigned long long)places[i].address);
        lv_text_printf(out, "%*s", NAME, name);
        put_count(out, places[i].count);
        lv_text_printf(out, " %*s %s\n", 2 * NUMBER + 1, buf, places[i].where);
    }
}

static bool is_used(const struct lv_lockstat_use *use)
{
    return use->acquisitions != 0 || use->wait.count != 0;
}

void lv_lockstat_put_class(const struct lv_lockstat_class *class, struct lv_text *out)
{
    bool reads = is_used(&class->read);

    if (is_used(&class->write) || !reads)
        put_use(out, class->name, reads ? "-W" : "", &class->write);
    if (reads)
        put_use(out, class->name, "-R", &class->read);
    put_places(out, class->name, class->waiters, class->waiter_count);
    put_places(out, class->name, class->holders, class->holder_count);
    if (class->waiter_count != 0 || class->holder_count != 0) {
        lv_text_putc(out, '\n');
        line(out, '.', 0, LINE);
        lv_text_putc(out, '\n');
    }
}
