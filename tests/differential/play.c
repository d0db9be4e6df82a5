/* SPDX-License-Identifier: MIT */
/*
 * Plays programs, read as text from stdin, on the core, and prints what it finds. One program after another; the form:
 *
 *     program 7 strict=1          its number, and options as in LOCKVAL_OPTIONS
 *     class A                     the locks A0, A1, ... carry an explicit key
 *     forget                      findings made in earlier steps are made again
 *     1 lock A0 w timed sub=1     a thread's step: what, the lock, the mode (w, r: blocks behind a writer, R: recursive)
 *     1 unlock A0
 *     end
 *
 * For each finding, the number of its step in the program, and the finding: kind, verdict, its edges (held>wanted), or
 * the lock in brackets. A finding with edges begins with the one that made it. Then "end 7".
 */

#include "engine/resolve.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 256,
    WORDS = 12,
    SITES = 16,
    CONTEXTS = 2 /* hard and soft */
};

static struct {
    struct scenario *s;
    unsigned step;
    bool forget;
    lv_event_state events[SCENARIO_LOCKS]; /* by the number of the event's object */
} play;

static _Noreturn void refuse(const char *what, const char *word)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "play: %s: %s\n", what, word);
    exit(2);
}

/* "/1" behind the name of a class with a subclass, else nothing. */
static const char *subclass_of(const struct lv_report_lock *lock)
{
    const char *slash = lock->class != NULL ? strrchr(lock->class->name, '/') : NULL;

    return slash != NULL && slash[1] >= '1' && slash[1] <= '7' && slash[2] == '\0' ? slash : "";
}

static const char *lock_name(uintptr_t address)
{
    for (uint32_t i = 0; i < play.s->lock_count; i++)
        if (play.s->locks[i].object.address == address)
            return play.s->locks[i].name;
    return "?";
}

/* The letters of the class of @lock, one of several that an entry stands for, and "?". */
static void print_class(const struct lv_report_lock *lock)
{
    size_t len = strlen(lock->class->name) - strlen(subclass_of(lock));

    for (uint32_t i = 0; i < play.s->lock_count; i++) {
        const struct scenario_lock_record *record = &play.s->locks[i];
        lv_class_id id = lv_identity_class(lv_identity_peek(&play.s->ctx, &record->object));
        char name[64];
        struct lv_text text;

        lv_text_init(&text, name, sizeof(name));
        lv_class_name(lv_classes_get(&play.s->ctx.classes, id), &text);
        if (strlen(name) == len && strncmp(name, lock->class->name, len) == 0) {
            printf("%.*s?", (int)strcspn(record->name, "0123456789"), record->name);
            return;
        }
    }
}

static void print_lock(const struct lv_report_lock *lock)
{
    if (lock->address == 0)
        print_class(lock);
    printf("%s%s.%c%s", lock->address != 0 ? lock_name(lock->address) : "", subclass_of(lock), "wrR"[lock->mode],
           (lock->flags & LV_TIMED) != 0 ? "t" : "");
}

/* What the news was, the context, the lock taken inside, the one held open, the number of the new edge. */
static void print_usage(const struct lv_report_usage *usage)
{
    static const char *const news[] = { "inside", "open", "edge" };

    printf(" {%s:%s:", news[usage->news], usage->state);
    print_lock(&usage->inside.lock);
    putchar(':');
    print_lock(&usage->open.lock);
    printf(":%u}", usage->new_edge);
}

static void print_finding(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    (void)ctx;
    if (strlen(text) != len)
        refuse("the text has another length than it says", text);
    printf("%u %s %s", play.step, lv_finding_kind_name(report->kind), lv_verdict_name(report->verdict));
    for (uint32_t i = 0; i < report->edge_count; i++) {
        putchar(' ');
        print_lock(&report->edges[i].held);
        putchar('>');
        print_lock(&report->edges[i].wanted);
    }
    if (report->kind == LV_FINDING_SIGNAL)
        print_usage(&report->usage);
    else if (report->edge_count == 0)
        printf(" [%s]", lock_name(report->subject.address));
    putchar('\n');
}

static enum lv_mode mode_of(const char *word)
{
    const char *at = strchr("wrR", word[0]);

    if (at == NULL || word[0] == '\0' || word[1] != '\0')
        refuse("no mode", word);
    return (enum lv_mode)(at - "wrR");
}

static unsigned number_of(const char *text, unsigned limit)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || number >= limit)
        refuse("no number, or too large a one", text);
    return (unsigned)number;
}

/* The value of "name=value", or null. */
static const char *value_of(const char *word, const char *name)
{
    size_t len = strlen(name);

    return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

/* lock, want: "lock A0 w [try] [timed] [unchecked] [again] [sub=N] [nest=B0] [site=N]". A want is given up. */
static void take(unsigned thread, char *const word[], unsigned count, bool want)
{
    struct scenario *s = play.s;
    unsigned flags = 0, subclass = 0;
    bool again = false;
    const char *nest = NULL, *value;

    s->site = 0;
    for (unsigned i = 3; i < count; i++) {
        if (strcmp(word[i], "try") == 0)
            flags |= LV_TRY;
        else if (strcmp(word[i], "timed") == 0)
            flags |= LV_TIMED;
        else if (strcmp(word[i], "unchecked") == 0)
            flags |= LV_UNCHECKED;
        else if (strcmp(word[i], "again") == 0)
            again = true;
        else if ((value = value_of(word[i], "sub")) != NULL)
            subclass = number_of(value, LV_SUBCLASSES);
        else if ((value = value_of(word[i], "nest")) != NULL)
            nest = value;
        else if ((value = value_of(word[i], "site")) != NULL)
            s->site = 0x1000 + number_of(value, SITES) * UINT64_C(16);
        else
            refuse("no such flag", word[i]);
    }
    if (again) {
        scenario_lock_reentrant(s, thread, word[1]);
        return;
    }
    if (subclass != 0 || nest != NULL)
        lv_acquire_next(scenario_thread(s, thread), scenario_object(s, word[1], LV_KIND_MUTEX)->address, subclass,
                        nest != NULL ? scenario_object(s, nest, LV_KIND_MUTEX)->address : 0);
    if (want)
        (void)scenario_begin(s, thread, word[1], mode_of(word[2]), flags);
    else
        scenario_lock(s, thread, word[1], mode_of(word[2]), flags);
    s->site = 0;
}

static lv_event_state *event_of(const char *name)
{
    const struct lv_object *object = scenario_object(play.s, name, LV_KIND_EVENT);

    for (uint32_t i = 0; i < play.s->lock_count; i++)
        if (&play.s->locks[i].object == object)
            return &play.events[i];
    return NULL;
}

static void do_unlock(unsigned thread, const char *name)
{
    scenario_unlock(play.s, thread, name);
}

static void do_downgrade(unsigned thread, const char *name)
{
    (void)lv_downgrade(scenario_thread(play.s, thread), scenario_object(play.s, name, LV_KIND_MUTEX)->address);
}

static void do_wait(unsigned thread, const char *name)
{
    scenario_wait(play.s, thread, name, event_of(name));
}

static void do_woken(unsigned thread, const char *name)
{
    (void)thread;
    lv_event_end_wait(event_of(name));
}

static void do_complete(unsigned thread, const char *name)
{
    scenario_complete(play.s, thread, name, event_of(name));
}

static void do_cut(unsigned thread, const char *name)
{
    (void)name;
    lv_history_cut(scenario_thread(play.s, thread));
}

static void do_enter(unsigned thread, const char *name)
{
    lv_context_enter(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, CONTEXTS));
}

static void do_exit(unsigned thread, const char *name)
{
    lv_context_exit(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, CONTEXTS));
}

static void do_disable(unsigned thread, const char *name)
{
    lv_context_disable(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, CONTEXTS));
}

static void do_enable(unsigned thread, const char *name)
{
    lv_context_enable(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, CONTEXTS));
}

static void do_signal(unsigned thread, const char *name)
{
    lv_context_enter_signal(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, LV_SIGNALS));
}

static void do_return(unsigned thread, const char *name)
{
    lv_context_exit_signal(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, LV_SIGNALS));
}

static void do_handle(unsigned thread, const char *name)
{
    lv_context_set_handled(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, LV_SIGNALS), true,
                           0x2000);
}

static void do_unhandle(unsigned thread, const char *name)
{
    lv_context_set_handled(&play.s->ctx, scenario_thread(play.s, thread), (int)number_of(name, LV_SIGNALS), false, 0);
}

/* "10,12", or "-" for none. */
static void do_mask(unsigned thread, const char *name)
{
    uint64_t blocked = 0;

    for (const char *at = name; *at >= '0' && *at <= '9'; at += *at == ',') {
        char *end;

        blocked |= lv_signal_bit((int)strtoul(at, &end, 10));
        at = end;
    }
    lv_context_set_mask(&play.s->ctx, scenario_thread(play.s, thread), blocked);
}

static void do_create(unsigned thread, const char *name)
{
    scenario_create(play.s, thread, number_of(name, SCENARIO_THREADS));
}

static void do_join(unsigned thread, const char *name)
{
    scenario_join(play.s, thread, number_of(name, SCENARIO_THREADS));
}

static const struct step {
    const char *name;
    void (*run)(unsigned thread, const char *name);
} steps[] = {
    { "unlock", do_unlock },     { "downgrade", do_downgrade }, { "wait", do_wait },
    { "woken", do_woken },       { "complete", do_complete },   { "cut", do_cut },
    { "enter", do_enter },       { "exit", do_exit },           { "disable", do_disable },
    { "enable", do_enable },     { "create", do_create },       { "join", do_join },
    { "signal", do_signal },     { "return", do_return },       { "handle", do_handle },
    { "unhandle", do_unhandle }, { "mask", do_mask },
};

/* @word: what, its object, and more. */
static void run_step(unsigned thread, char *const word[], unsigned count)
{
    if (play.forget)
        lv_table_init(&play.s->ctx.found, &play.s->ctx.arena);
    if (count >= 3 && (strcmp(word[0], "lock") == 0 || strcmp(word[0], "want") == 0)) {
        take(thread, word, count, word[0][0] == 'w');
        return;
    }
    for (size_t i = 0; i < LV_ARRAY_SIZE(steps); i++) {
        if (strcmp(steps[i].name, word[0]) == 0) {
            steps[i].run(thread, count > 1 ? word[1] : "");
            return;
        }
    }
    refuse("no such step", word[0]);
}

static void begin(const char *options)
{
    scenario_restart(play.s, options);
    play.s->ctx.sink = print_finding;
    memset(play.events, 0, sizeof(play.events));
    play.step = 0;
    play.forget = false;
    for (int i = 0; i < CONTEXTS; i++)
        if (lv_context_declare(&play.s->ctx, i == 0 ? "hard" : "soft", (uint8_t)i) != i)
            refuse("the context has another number", i == 0 ? "hard" : "soft");
}

static void run_line(char *word[], unsigned count, unsigned long *number)
{
    if (strcmp(word[0], "program") == 0 && count >= 2) {
        *number = strtoul(word[1], NULL, 10);
        begin(count > 2 ? word[2] : NULL);
    } else if (strcmp(word[0], "class") == 0 && count == 2) {
        scenario_class(play.s, word[1], SCENARIO_EXPLICIT);
    } else if (strcmp(word[0], "forget") == 0) {
        play.forget = true;
    } else if (strcmp(word[0], "end") == 0) {
        printf("end %lu\n", *number);
    } else if (count >= 2) {
        run_step(number_of(word[0], SCENARIO_THREADS), word + 1, count - 1);
        play.step++;
    } else {
        refuse("no such line", word[0]);
    }
}

int main(void)
{
    unsigned long number = 0;
    char line[LINE];

    play.s = scenario_new(NULL);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *word[WORDS + 1], *rest = line;
        unsigned count = 0;

        for (char *next; (next = strsep(&rest, " \n")) != NULL && count < WORDS;)
            if (*next != '\0')
                word[count++] = next;
        if (count == 0 || word[0][0] == '#')
            continue;
        word[count] = NULL;
        run_line(word, count, &number);
    }
    scenario_free(play.s);
    return 0;
}
