/* SPDX-License-Identifier: MIT */
/* A line at a time. Names are made when they are met first, so the order of lines is free. */

#include "core/program.h"

#include <string.h>

#include "core/reader.h"

/* ---- lines --------------------------------------------------------------------------------------------------------- */

static bool read_names(struct lab_reader *r, enum lab_kind kind, struct lab_word rest)
{
    struct lab_word word = lab_next_word(&rest);
    struct lab_lock *lock;
    uint8_t number;

    do {
        lock = lab_lock_at(r, word, &number);
        if (lock == NULL)
            return false;
        if ((lock->declared && lock->kind != kind) || (lock->used && kind >= LAB_EVENT && lock->kind != kind))
            return lab_complain(r, "this name is already something else", word);
        lock->kind = kind;
        lock->declared = true;
        word = lab_next_word(&rest);
    } while (word.len != 0);
    return rest.len == 0 || lab_complain(r, "this is no name", rest);
}

static bool read_keyed(struct lab_reader *r, struct lab_word rest)
{
    for (struct lab_word word = lab_next_word(&rest); word.len != 0; word = lab_next_word(&rest)) {
        if (r->keyed_count == LAB_LOCKS || !lab_copy_name(r, r->keyed[r->keyed_count], word))
            return lab_complain(r, "there are too many names", word);
        r->keyed_count++;
    }
    return true;
}

static bool read_context(struct lab_reader *r, struct lab_word rest)
{
    struct lab_word name = lab_next_word(&rest), more = lab_next_word(&rest);
    uint8_t number;

    if (!lab_context_at(r, name, &number))
        return false;
    if (more.len != 0 && !lab_word_is(more, "soft"))
        return lab_complain(r, "after the context's name only 'soft' may follow", more);
    r->program->contexts[number].soft = more.len != 0;
    return true;
}

static bool read_run(struct lab_reader *r, struct lab_word rest)
{
    struct lab_program *p = r->program;

    for (struct lab_word word = lab_next_word(&rest); word.len != 0; word = lab_next_word(&rest)) {
        const char *slash = memchr(word.at, '/', word.len);
        struct lab_word context = { word.at, slash != NULL ? (size_t)(slash - word.at) : 0 };
        struct lab_choice *run = &p->runs[p->run_count];
        uint8_t number = 0;

        if (p->run_count == LAB_RUNS)
            return lab_complain(r, "there are too many names", word);
        if (slash != NULL) {
            if (!lab_context_at(r, context, &number))
                return false;
            word = (struct lab_word){ slash + 1, word.len - context.len - 1 };
        }
        if (!lab_thread_at(r, word, &run->thread))
            return false;
        run->what = (uint8_t)(slash != NULL ? LAB_INTERRUPT + number : LAB_GO);
        p->run_count++;
    }
    return true;
}

static bool read_sequence(struct lab_reader *r, struct lab_word head, struct lab_word rest)
{
    struct lab_word first = lab_next_word(&head), second = lab_next_word(&head);
    uint8_t number;

    if (lab_word_is(first, "on") && second.len != 0) {
        if (!lab_context_at(r, second, &number))
            return false;
        r->program->contexts[number].interrupts = true;
        return lab_read_steps(r, &r->handlers[number], rest);
    }
    if (second.len != 0)
        return lab_complain(r, "this is one word too many before the colon", second);
    if (lab_word_is(first, "run"))
        return read_run(r, rest);
    return lab_thread_at(r, first, &number) && lab_read_steps(r, &r->program->sequences[number], rest);
}

static bool read_line(struct lab_reader *r, struct lab_word line)
{
    static const char *const kinds[] = { "mutex", "recursive", "rwlock", "strict", "queued", "event", "cond", "flag" };
    const char *colon = memchr(line.at, ':', line.len);
    struct lab_word rest = line, first;

    if (colon != NULL)
        return read_sequence(r, (struct lab_word){ line.at, (size_t)(colon - line.at) },
                             (struct lab_word){ colon + 1, line.len - (size_t)(colon + 1 - line.at) });
    first = lab_next_word(&rest);
    if (first.len == 0)
        return rest.len == 0 || lab_complain(r, "this line is not understood", rest);
    for (size_t i = 0; i < LV_ARRAY_SIZE(kinds); i++)
        if (lab_word_is(first, kinds[i]))
            return read_names(r, (enum lab_kind)i, rest);
    if (lab_word_is(first, "keyed"))
        return read_keyed(r, rest);
    if (lab_word_is(first, "context"))
        return read_context(r, rest);
    return lab_complain(r, "a thread's name and a colon, or a declaration, is missing before this", first);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

static bool finish(struct lab_reader *r)
{
    struct lab_program *p = r->program;
    struct lab_word nothing = { "", 0 };

    for (uint8_t i = 0; i < p->thread_count; i++)
        if (p->sequences[i].count == 0)
            return lab_complain(r, "this thread has no steps",
                                (struct lab_word){ p->sequences[i].name, strlen(p->sequences[i].name) });
    if (p->thread_count == 0)
        return lab_complain(r, "there is no thread", nothing);
    for (uint8_t i = 0; i < p->context_count; i++) {
        if (!p->contexts[i].interrupts)
            continue;
        if (r->handlers[i].count == 0)
            return lab_complain(r, "this context has no steps",
                                (struct lab_word){ p->contexts[i].name, strlen(p->contexts[i].name) });
        p->contexts[i].sequence = (uint8_t)(p->thread_count + i);
        p->sequences[p->contexts[i].sequence] = r->handlers[i];
        memcpy(p->sequences[p->contexts[i].sequence].name, p->contexts[i].name, LAB_NAME);
    }
    for (uint8_t i = 0; i < p->lock_count; i++)
        for (unsigned k = 0; k < r->keyed_count; k++)
            p->locks[i].keyed |= strcmp(p->locks[i].class, r->keyed[k]) == 0;
    /* Locks of one class are of one kind. */
    for (uint8_t i = 0; i < p->lock_count; i++)
        for (uint8_t k = 0; k < p->lock_count; k++)
            if (strcmp(p->locks[i].class, p->locks[k].class) == 0 && !p->locks[i].declared &&
                p->locks[i].kind < p->locks[k].kind)
                p->locks[i].kind = p->locks[k].kind;
    if (p->run_count == 0)
        for (uint8_t i = 0; i < p->thread_count; i++)
            p->runs[p->run_count++] = (struct lab_choice){ i, LAB_GO };
    return true;
}

/* How much of the line at @at is no remark. */
static size_t length_before_remark(const char *at)
{
    size_t used = strcspn(at, "#\n");

    while (at[used] == '#' && used != 0 && lab_is_name_char(at[used - 1]))
        used += 1 + strcspn(at + used + 1, "#\n");
    return used;
}

bool lab_program_read(struct lab_program *program, const char *text, char *ret_complaint, size_t size,
                      unsigned *ret_line)
{
    static struct lab_reader r; /* too large for a stack; nobody reads two programs at once */
    const char *at = text;

    memset(program, 0, sizeof(*program));
    memset(&r, 0, sizeof(r));
    r.program = program;
    r.text = text;
    lv_text_init(&r.complaint, ret_complaint, size);
    if (strlen(text) >= UINT16_MAX) {
        *ret_line = 1;
        return lab_complain(&r, "the text is too long", (struct lab_word){ text, 0 });
    }
    for (r.line = 1; *at != '\0'; r.line++) {
        size_t len = strcspn(at, "\n"), used = length_before_remark(at);

        *ret_line = r.line;
        if (!read_line(&r, (struct lab_word){ at, used }))
            return false;
        at += len + (at[len] == '\n');
    }
    *ret_line = 0;
    return finish(&r);
}
