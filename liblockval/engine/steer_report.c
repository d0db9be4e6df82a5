/* SPDX-License-Identifier: MIT */
/*
 * Reading the plan, and telling what came of it. A line is written as soon as there is something to tell, in one piece and at
 * the end of the file: the run may be ended at any moment, and children write to the same file. Each line has all counts of its
 * role, so that the last one of a process says it all; a role has as many lines as it has pauses, which are bounded.
 *
 *     t "steer", pid, role        the role's number, from 0 on
 *     what                        "reached" for the first time, "expired", "met"
 *     reached, held, expired, met, early, early_expired      the counts, as in struct lv_steer_count
 *     tid, thread, ms, wanted     who it is about, for how long it was held, and before which lock (key, name, uid, address)
 *     gates                       locks that were held each time the role was reached
 */

#include "engine/steer.h"

#include "engine/pool.h"
#include "engine/resolve.h"

void lv_steer_load(struct lv_context *ctx, struct lv_text *complaints)
{
    const char *path = ctx->options.steer, *wrong = NULL;
    const void *data = NULL;
    struct lv_steer *steer;
    uint32_t line = 0;
    int64_t size;

    if (path[0] == '\0')
        return;
    size = lv_os_map_file(path, &data);
    steer = lv_arena_alloc(&ctx->arena, sizeof(*steer));
    if (size < 0)
        wrong = "cannot be read";
    else if (steer == NULL)
        wrong = "there is no memory";
    else
        wrong = lv_plan_parse(&steer->plan, data, (size_t)size, &ctx->arena, &line);
    if (size > 0)
        lv_os_unmap((void *)(uintptr_t)data, (size_t)size);
    if (wrong == NULL)
        ctx->steer = steer;
    else if (line != 0)
        lv_text_printf(complaints, "lockval: option 'steer': %s: line %u %s\n", path, line, wrong);
    else
        lv_text_printf(complaints, "lockval: option 'steer': %s: %s\n", path, wrong);
}

/* As a JSON string. */
static void put_string(struct lv_text *out, const char *text)
{
    lv_text_putc(out, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            lv_text_printf(out, "\\%c", c);
        else if (c < ' ')
            lv_text_printf(out, "\\u%04x", (unsigned)c);
        else
            lv_text_putc(out, (char)c);
    }
    lv_text_putc(out, '"');
}

static void put_lock(const struct lv_context *ctx, const struct lv_held_record *lock, struct lv_text *out)
{
    const struct lv_class *class = lv_classes_get(&ctx->classes, lock->class);
    char buf[512];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    if (lock->class.v != 0)
        lv_class_run_key(class, &text);
    lv_text_puts(out, "{\"key\":");
    put_string(out, buf);
    lv_text_init(&text, buf, sizeof(buf));
    if (lock->class.v != 0)
        lv_class_name(class, &text);
    else
        lv_text_puts(&text, "the end of a thread");
    lv_text_puts(out, ",\"name\":");
    put_string(out, buf);
    lv_text_printf(out, ",\"uid\":%u,\"address\":\"0x%lx\"}", lock->uid, (unsigned long)lock->address);
}

static void put_player(struct lv_context *ctx, const struct lv_steer_player *player, int64_t now_ms,
                       struct lv_text *out)
{
    char memory[512]; /* the name of a function; a longer one is cut */
    struct lv_pool pool = { .ctx = ctx, .at = memory, .end = memory + sizeof(memory) };

    lv_text_printf(out, ",\"tid\":%d,\"thread\":", player->t->tid);
    put_string(out, lv_pool_thread(&pool, player->t->info).name);
    lv_text_printf(out, ",\"ms\":%lld,\"wanted\":", (long long)(now_ms - player->since_ms));
    put_lock(ctx, &player->wanted, out);
}

void lv_steer_say(struct lv_context *ctx, uint32_t role, const char *what, const struct lv_steer_player *player,
                  int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    const struct lv_steer_count *count = &steer->counts[role];
    struct lv_text line;
    int fd;

    if (steer->plan.report == NULL || steer->wrong)
        return;
    lv_text_init(&line, steer->line, sizeof(steer->line));
    lv_text_printf(&line,
                   "{\"t\":\"steer\",\"pid\":%d,\"role\":%u,\"what\":\"%s\",\"reached\":%u,\"held\":%u,\"expired\":%u",
                   (int)lv_os_pid(), role, what, count->reached, count->held, count->expired);
    lv_text_printf(&line, ",\"met\":%u,\"early\":%u,\"early_expired\":%u", count->met, count->early,
                   count->early_expired);
    if (player != NULL)
        put_player(ctx, player, now_ms, &line);
    lv_text_puts(&line, ",\"gates\":[");
    for (uint32_t i = 0; i < count->gate_count; i++) {
        lv_text_puts(&line, i > 0 ? "," : "");
        put_lock(ctx, &count->gates[i], &line);
    }
    lv_text_puts(&line, "]}\n");
    fd = line.cut ? -1 : lv_os_open_append(steer->plan.report);
    if (fd < 0 || lv_os_write_all(fd, steer->line, line.len) < 0)
        steer->wrong = !line.cut;
    if (fd >= 0)
        lv_os_close(fd);
}

void lv_steer_stats(const struct lv_context *ctx, struct lv_text *out)
{
    for (uint32_t i = 0; ctx->steer != NULL && i < ctx->steer->plan.role_count; i++) {
        const struct lv_steer_count *count = &ctx->steer->counts[i];

        lv_text_printf(out,
                       "  steer-role-%u       reached %u, held %u, met %u, expired %u, early %u, early-expired %u\n", i,
                       count->reached, count->held, count->met, count->expired, count->early, count->early_expired);
    }
}
