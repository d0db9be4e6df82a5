/* SPDX-License-Identifier: MIT */
/* The time that is left is what it took so far, scaled: said when enough of it has passed for that to mean something. */

#include "common/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/terminal.h"

enum {
    FIRST_MS = 300, /* before the line is drawn at all */
    AGAIN_MS = 100,
    LEFT_MS = 1000, /* before the time that is left is said */
    NARROW = 8      /* columns of a terminal on which nothing fits */
};

static bool quiet;

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_progress_quiet(void)
{
    quiet = true;
}

void cli_progress_begin(struct cli_progress *progress, const char *what, uint64_t total, enum cli_progress_unit unit)
{
    *progress = (struct cli_progress){ .what = what, .total = total, .unit = unit, .begun_ms = now_ms() };
    progress->on = !quiet && cli_terminal_is_one(STDERR_FILENO);
}

static char *amount(const struct cli_progress *progress, uint64_t number)
{
    if (progress->unit == CLI_PROGRESS_BYTES)
        return cli_printf("%.1f MB", (double)number / 1e6);
    return cli_printf("%" PRIu64, number);
}

char *cli_progress_text(const struct cli_progress *progress, int64_t elapsed_ms)
{
    char *done = amount(progress, progress->done), *total = amount(progress, progress->total), *text, *left;
    int64_t left_s = 0;

    if (progress->done != 0 && progress->total > progress->done && elapsed_ms >= LEFT_MS)
        left_s =
            (int64_t)((double)elapsed_ms * (double)(progress->total - progress->done) / (double)progress->done / 1000) +
            1;
    left = left_s > 0 ? cli_printf(", about %" PRId64 " s left", left_s) : cli_strdup("");
    text = progress->total != 0
               ? cli_printf("%s: %s of %s, %.1f s%s", progress->what, done, total, (double)elapsed_ms / 1000, left)
               : cli_printf("%s: %s, %.1f s", progress->what, done, (double)elapsed_ms / 1000);
    free(done);
    free(total);
    free(left);
    return text;
}

static void draw(struct cli_progress *progress)
{
    int64_t now = now_ms();
    unsigned width;
    char *text;

    if (!progress->on || now - progress->begun_ms < FIRST_MS || now - progress->drawn_ms < AGAIN_MS)
        return;
    width = cli_terminal_width(STDERR_FILENO);
    if (width != 0 && width < NARROW)
        return;
    text = cli_progress_text(progress, now - progress->begun_ms);
    (void)fprintf(stderr, "\r  %.*s\033[K", width != 0 ? (int)width - 3 : 1000, text);
    (void)fflush(stderr);
    free(text);
    progress->drawn = true;
    progress->drawn_ms = now;
}

void cli_progress_add(struct cli_progress *progress, uint64_t more)
{
    progress->done += more;
    draw(progress);
}

void cli_progress_at(struct cli_progress *progress, uint64_t done)
{
    progress->done = done;
    draw(progress);
}

void cli_progress_clear(struct cli_progress *progress)
{
    if (!progress->drawn)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress->drawn = false;
    progress->drawn_ms = 0;
}

void cli_progress_end(struct cli_progress *progress)
{
    cli_progress_clear(progress);
    progress->on = false;
}
