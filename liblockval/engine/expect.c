/* SPDX-License-Identifier: MIT */
/*
 * Which lock of the file a class is, is asked once, and kept in the class. What was met is never forgotten: a forked child does not
 * look up again what its parent knew, so for it that counts as well.
 */

#include "engine/expect.h"

#include "check/verdict.h"
#include "engine/pool.h"
#include "engine/resolve.h"
#include "engine/symbols.h"

enum {
    NOT_ASKED = 0, /* .expect of a class; else one more than the number of the key in the file by which it is known */
    NOT_NAMED = 1,
    KEY_MOST = 1024,
    DETAIL_MOST = 2048,
    LINE_MOST = 8192,
    NEVER_MET_MOST = 32 /* lines that are listed */
};

void lv_expect_load(struct lv_context *ctx, struct lv_text *complaints)
{
    const char *path = ctx->options.expect;
    const void *data = NULL;
    struct lv_expect *expect;
    int64_t size;
    int wrong;

    if (*path == '\0' || lv_text_glob("none", path))
        return;
    size = lv_os_map_file(path, &data);
    expect = lv_arena_alloc(&ctx->arena, sizeof(*expect));
    if (size < 0 || expect == NULL) {
        lv_text_printf(complaints, "lockval: option 'expect': %s cannot be read\n", path);
        return;
    }
    wrong = lv_expect_parse(expect, path, size != 0 ? data : "", (size_t)size, &ctx->arena, complaints);
    if (size != 0)
        lv_os_unmap((void *)(uintptr_t)data, (size_t)size);
    if (wrong < 0)
        lv_text_printf(complaints, "lockval: option 'expect': %s is not used, for want of memory\n", path);
    else if (wrong != 0)
        lv_text_printf(complaints, "lockval: option 'expect': %s is not used, as %d %s wrong with it\n", path, wrong,
                       wrong == 1 ? "thing is" : "things are");
    else if (lv_expect_is_for(expect, ctx->program))
        ctx->expect = expect;
}

void lv_expect_prepare(struct lv_context *ctx, lv_class_id id)
{
    const struct lv_class *class;

    if (LV_LIKELY(ctx->expect == NULL) || id.v == 0)
        return;
    class = lv_classes_get(&ctx->classes, id);
    /* Looked at without the lock, it only says whether the look is worth it. */
    if (__atomic_load_n(&class->expect, __ATOMIC_RELAXED) == NOT_ASKED)
        lv_symbols_prepare(ctx, class->key.module);
}

/* By which key of the file the class is known; 0: none. */
static uint32_t key_of(struct lv_context *ctx, struct lv_class *class)
{
    char run[KEY_MOST], stable[KEY_MOST];
    const char *const keys[] = { run, stable };
    struct lv_text text;
    uint32_t key;

    if (class->expect != NOT_ASKED)
        return class->expect - NOT_NAMED;
    lv_text_init(&text, run, sizeof(run));
    lv_class_run_key(class, &text);
    lv_text_init(&text, stable, sizeof(stable));
    lv_class_stable_key(ctx, class, &text);
    (void)lv_expect_find(
        ctx->expect, &(struct lv_expect_class){ class->key.kind, class->subclass, keys, LV_ARRAY_SIZE(keys) }, &key);
    __atomic_store_n(&class->expect, key + NOT_NAMED, __ATOMIC_RELAXED);
    return key;
}

static struct lv_expect_side side_of(struct lv_context *ctx, lv_class_id id)
{
    uint32_t key = key_of(ctx, lv_classes_get(&ctx->classes, id));

    return (struct lv_expect_side){ key != 0 ? lv_expect_key(ctx->expect, key)->lock : 0, false };
}

/* Is it open whether the class is the lock that its key's number says? */
static bool is_in_doubt(struct lv_context *ctx, lv_class_id id)
{
    struct lv_class *class = lv_classes_get(&ctx->classes, id);
    uint32_t key = key_of(ctx, class);
    const struct lv_expect_key *known;

    if (key == 0)
        return false;
    known = lv_expect_key(ctx->expect, key);
    return !known->pattern && lv_expect_is_numbered(known->text) && lv_class_is_out_of_order(ctx, class);
}

/* Is what is about to be reported true of whichever locks the two may be? */
static bool is_sure(struct lv_context *ctx, const struct lv_expect_step *step, struct lv_expect_asked *asked)
{
    struct lv_expect_answer unused;

    asked->from.doubt = is_in_doubt(ctx, step->edge->held.class);
    asked->to.doubt = is_in_doubt(ctx, step->edge->wanted.class);
    return (!asked->from.doubt && !asked->to.doubt) || !lv_expect_judge(ctx->expect, asked, &unused);
}

static bool is_lock(struct lv_context *ctx, lv_class_id id)
{
    return lv_class_standing(&ctx->classes, lv_classes_get(&ctx->classes, id)->base) == LV_CLASS_IS_LOCK;
}

static void report(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                   const struct lv_expect_step *step, const struct lv_expect_answer *answer)
{
    struct lv_finding_edge edge = *step->edge;
    struct lv_pool pool = { .ctx = ctx };
    char detail[DETAIL_MOST];
    struct lv_finding finding = {
        .kind = LV_FINDING_ORDER,
        .verdict = LV_VERDICT_MISUSE,
        .edge_count = 1,
        .edges = &edge,
        .detail = detail,
        .late = step->late,
        .at = step->at,
        .against = { ctx->expect->from, answer->line },
        .identity = lv_expect_fingerprint(lv_pool_stable_hash(&pool, edge.held.class),
                                          lv_pool_stable_hash(&pool, edge.wanted.class)),
    };
    struct lv_text text;

    lv_text_init(&text, detail, sizeof(detail));
    lv_expect_put_answer(ctx->expect, answer, &text);
    lv_finding_add_reason(&finding, (struct lv_reason){ LV_REASON_EXPECTED, 0, 0 });
    lv_findings_add(ctx, findings, t, &finding);
}

void lv_expect_judge_step(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t,
                          const struct lv_expect_step *step)
{
    lv_class_id held = step->edge->held.class, wanted = step->edge->wanted.class;
    struct lv_expect_answer answer;
    struct lv_expect_asked asked;

    if (LV_LIKELY(ctx->expect == NULL) || !is_lock(ctx, held) || !is_lock(ctx, wanted))
        return;
    asked = (struct lv_expect_asked){ .from = side_of(ctx, held),
                                      .to = side_of(ctx, wanted),
                                      .bits = step->bits,
                                      .same_class = held.v == wanted.v,
                                      .indirect = step->indirect };
    if (!lv_expect_judge(ctx->expect, &asked, &answer) && is_sure(ctx, step, &asked))
        report(ctx, findings, t, step, &answer);
}

void lv_expect_judge_edge(struct lv_context *ctx, struct lv_findings *findings, const struct lv_thread *t, uint8_t bits,
                          struct lv_edge_witness at, lv_stack_id late)
{
    const struct lv_check check = lv_context_check(ctx);
    struct lv_finding_edge edge;

    if (LV_LIKELY(ctx->expect == NULL))
        return;
    lv_verdict_show(&check, at, &edge);
    lv_expect_judge_step(ctx, findings, t,
                         &(struct lv_expect_step){ .edge = &edge, .bits = bits, .late = late.v != 0, .at = late });
}

/* ---- what was never met ---- */

struct listing {
    struct lv_context *ctx;
    struct lv_text text;
    uint32_t lines;
};

/* A line of the file was not met. */
static bool begin_line(struct listing *list, uint32_t line)
{
    if (list->lines++ >= NEVER_MET_MOST)
        return false;
    lv_text_printf(&list->text, "  never met: %.1000s:%u: ", list->ctx->expect->from, line);
    return true;
}

static void end_line(struct listing *list)
{
    lv_text_putc(&list->text, '\n');
    lv_context_say(list->ctx, list->text.buf, list->text.len);
    lv_text_init(&list->text, list->text.buf, list->text.size);
}

static void list_locks(struct listing *list)
{
    const struct lv_expect *expect = list->ctx->expect;

    for (uint32_t i = 1; i < expect->locks.count; i++) {
        const struct lv_expect_lock *lock = lv_expect_lock(expect, i);

        if (lock->met || !begin_line(list, lock->line))
            continue;
        lv_text_puts(&list->text, "lock ");
        lv_expect_put_word(&list->text, lock->name);
        end_line(list);
    }
}

/* A line that forbids is not there to be met. */
static void list_terms(struct listing *list)
{
    const struct lv_expect *expect = list->ctx->expect;

    for (uint32_t i = 1; i < expect->terms.count; i++) {
        const struct lv_expect_term *term = lv_expect_term(expect, i);

        if (term->met || (term->what != LV_EXPECT_ALLOW && term->what != LV_EXPECT_NEST) ||
            !begin_line(list, term->line))
            continue;
        lv_expect_put_term(expect, term, &list->text);
        end_line(list);
    }
}

/* Classes that no edge has were not looked up so far. */
static void look_up_all(struct lv_context *ctx)
{
    for (uint32_t i = 1; i < ctx->classes.all.count; i++) {
        struct lv_locked locked = lv_context_lock(ctx);

        (void)key_of(ctx, lv_classes_get(&ctx->classes, (lv_class_id){ i }));
        lv_context_unlock(ctx, &locked);
    }
}

void lv_expect_stats(struct lv_context *ctx)
{
    struct listing list = { .ctx = ctx };
    char *buf;

    if (ctx->expect == NULL)
        return;
    buf = lv_os_map(LINE_MOST); /* whoever calls exit may have a small stack */
    if (buf == NULL)
        return;
    look_up_all(ctx);
    lv_text_init(&list.text, buf, LINE_MOST);
    list_locks(&list);
    list_terms(&list);
    lv_text_printf(&list.text, "  expect             %u of %u lines of %.1000s were never met\n", list.lines,
                   ctx->expect->locks.count + ctx->expect->terms.count - 2, ctx->expect->from);
    lv_context_say(ctx, buf, list.text.len);
    lv_os_unmap(buf, LINE_MOST);
}
