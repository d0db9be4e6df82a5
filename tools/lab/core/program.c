/* SPDX-License-Identifier: MIT */
/* A line at a time. Names are made when they are met first, so the order of lines is free. */

#include "core/program.h"

#include <string.h>

#include "base/text.h"

/* A part of the text. */
struct word {
    const char *at;
    size_t len;
};

struct reader {
    struct lab_program *program;
    const char *text;
    struct lv_text complaint;
    unsigned line;
    char keyed[LAB_LOCKS][LAB_NAME]; /* names of classes */
    unsigned keyed_count;
    struct lab_sequence handlers[LAB_CONTEXTS]; /* of contexts, until all threads are known */
};

static bool complain(struct reader *r, const char *what, struct word word)
{
    char name[LAB_NAME * 2] = "";

    memcpy(name, word.at, word.len < sizeof(name) ? word.len : sizeof(name) - 1);
    lv_text_printf(&r->complaint, "%s%s%s", what, word.len != 0 ? ": " : "", name);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '&' || c == '>' || c == '(' || c == ')' || c == '.' || c == '/' || c == '$' || c == '*' || c == '#';
}

/* The first word of @rest, which is left behind it; of length 0: there is none. */
static struct word next_word(struct word *rest)
{
    struct word word;

    while (rest->len != 0 && is_blank(*rest->at)) {
        rest->at++;
        rest->len--;
    }
    word = (struct word){ rest->at, 0 };
    while (rest->len != 0 && is_name_char(*rest->at)) {
        word.len++;
        rest->at++;
        rest->len--;
    }
    return word;
}

static bool is(struct word word, const char *text)
{
    return strlen(text) == word.len && memcmp(word.at, text, word.len) == 0;
}

static bool copy_name(struct reader *r, char name[LAB_NAME], struct word word)
{
    if (word.len == 0)
        return complain(r, "a name is missing", word);
    if (word.len >= LAB_NAME)
        return complain(r, "this name is too long", word);
    memcpy(name, word.at, word.len);
    name[word.len] = '\0';
    return true;
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

/* A.2 is a lock of the class A. */
static void cut_instance(char *name)
{
    char *dot = strrchr(name, '.');

    if (dot != NULL && dot != name && dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0')
        *dot = '\0';
}

static struct lab_lock *lock_at(struct reader *r, struct word word, uint8_t *ret_number)
{
    struct lab_program *p = r->program;
    struct lab_lock *lock;
    char name[LAB_NAME];

    if (!copy_name(r, name, word))
        return NULL;
    for (uint8_t i = 0; i < p->lock_count; i++) {
        if (strcmp(p->locks[i].name, name) == 0) {
            *ret_number = i;
            return &p->locks[i];
        }
    }
    if (p->lock_count == LAB_LOCKS) {
        (void)complain(r, "there are too many locks; no more than 32", (struct word){ word.at, 0 });
        return NULL;
    }
    *ret_number = p->lock_count;
    lock = &p->locks[p->lock_count++];
    memcpy(lock->name, name, sizeof(name));
    memcpy(lock->class, name, sizeof(name));
    cut_instance(lock->class);
    return lock;
}

/* The thread @word, a new one if there was none. */
static bool thread_at(struct reader *r, struct word word, uint8_t *ret_number)
{
    struct lab_program *p = r->program;
    char name[LAB_NAME];

    if (!copy_name(r, name, word))
        return false;
    for (uint8_t i = 0; i < p->thread_count; i++) {
        if (strcmp(p->sequences[i].name, name) == 0) {
            *ret_number = i;
            return true;
        }
    }
    if (p->thread_count == LAB_THREADS)
        return complain(r, "there are too many threads; no more than 8", (struct word){ word.at, 0 });
    *ret_number = p->thread_count++;
    memcpy(p->sequences[*ret_number].name, name, sizeof(name));
    return true;
}

static bool context_at(struct reader *r, struct word word, uint8_t *ret_number)
{
    struct lab_program *p = r->program;
    char name[LAB_NAME];

    if (!copy_name(r, name, word))
        return false;
    for (uint8_t i = 0; i < p->context_count; i++) {
        if (strcmp(p->contexts[i].name, name) == 0) {
            *ret_number = i;
            return true;
        }
    }
    if (p->context_count == LAB_CONTEXTS)
        return complain(r, "there are too many contexts; no more than 4", (struct word){ word.at, 0 });
    *ret_number = p->context_count++;
    memcpy(p->contexts[*ret_number].name, name, sizeof(name));
    return true;
}

/* ---- steps --------------------------------------------------------------------------------------------------------- */

enum of {
    OF_LOCK,
    OF_EVENT,
    OF_COND,
    OF_FLAG,
    OF_CONTEXT,
    OF_THREAD
};

static const struct {
    const char *word;
    enum of of;
    struct lab_step step;
} verbs[] = {
    { "lock", OF_LOCK, { .code = LAB_TAKE } },
    { "write", OF_LOCK, { .code = LAB_TAKE } },
    { "read", OF_LOCK, { .code = LAB_TAKE, .read = true } },
    { "try", OF_LOCK, { .code = LAB_TAKE, .try = true } },
    { "tryread", OF_LOCK, { .code = LAB_TAKE, .read = true, .try = true } },
    { "timed", OF_LOCK, { .code = LAB_TAKE, .timed = true } },
    { "spin", OF_LOCK, { .code = LAB_TAKE, .spin = true } },
    { "unlock", OF_LOCK, { .code = LAB_RELEASE } },
    { "init", OF_LOCK, { .code = LAB_INIT } },
    { "wait", OF_EVENT, { .code = LAB_WAIT } },
    { "complete", OF_EVENT, { .code = LAB_COMPLETE } },
    { "signal", OF_COND, { .code = LAB_SIGNAL } },
    { "broadcast", OF_COND, { .code = LAB_BROADCAST } },
    { "set", OF_FLAG, { .code = LAB_SET } },
    { "await", OF_FLAG, { .code = LAB_AWAIT } },
    { "mask", OF_CONTEXT, { .code = LAB_MASK } },
    { "unmask", OF_CONTEXT, { .code = LAB_UNMASK } },
    { "enter", OF_CONTEXT, { .code = LAB_ENTER } },
    { "leave", OF_CONTEXT, { .code = LAB_LEAVE } },
    { "create", OF_THREAD, { .code = LAB_CREATE } },
    { "join", OF_THREAD, { .code = LAB_JOIN } },
};

static const char *sort_of(enum lab_kind kind)
{
    return kind == LAB_EVENT  ? "an event"
           : kind == LAB_COND ? "a condition variable"
           : kind == LAB_FLAG ? "a flag"
                              : "a lock";
}

static bool complain_of_sort(struct reader *r, enum lab_kind is, enum lab_kind wanted, struct word word)
{
    char text[80];
    struct lv_text what;

    lv_text_init(&what, text, sizeof(text));
    lv_text_printf(&what, "this is %s, not %s", sort_of(is), sort_of(wanted));
    return complain(r, text, word);
}

/* A kind that is guessed from how a name is used. */
static bool guess_kind(struct reader *r, struct lab_lock *lock, enum lab_kind kind, struct word word)
{
    bool is_no_lock = kind >= LAB_EVENT;

    if ((lock->declared || lock->used) && (is_no_lock || lock->kind >= LAB_EVENT) && lock->kind != kind)
        return complain_of_sort(r, lock->kind, kind, word);
    if (lock->declared && kind == LAB_RWLOCK && lock->kind < LAB_RWLOCK)
        return complain(r, "this is no rwlock, so it cannot be read", word);
    if (!lock->declared) {
        lock->kind = lock->kind > kind ? lock->kind : kind;
        lock->declared = is_no_lock;
    }
    lock->used = true;
    return true;
}

static bool read_lock(struct reader *r, struct lab_step *step, struct word word, struct word *rest)
{
    const char *slash = memchr(word.at, '/', word.len);
    struct lab_lock *lock;
    struct word more;

    if (slash != NULL && slash != word.at && slash + 2 == word.at + word.len && slash[1] >= '0' && slash[1] <= '7') {
        step->subclass = (uint8_t)(slash[1] - '0');
        word.len -= 2;
    }
    lock = lock_at(r, word, &step->what);
    if (lock == NULL || !guess_kind(r, lock, step->read ? LAB_RWLOCK : LAB_MUTEX, word))
        return false;
    more = next_word(rest);
    if (more.len == 0)
        return true;
    if (!is(more, "nest") || step->code != LAB_TAKE)
        return complain(r, "this word is one too many", more);
    return lock_at(r, next_word(rest), &step->nest) != NULL;
}

/* @word is an event; if a mutex is waited with, a condition variable. */
static bool read_event(struct reader *r, struct lab_step *step, struct word word, struct word *rest)
{
    struct word end = *rest, with = next_word(&end), mutex = next_word(&end);
    bool has_mutex = step->code == LAB_WAIT && is(with, "with");
    struct lab_lock *lock = lock_at(r, word, &step->what), *other;

    if (lock == NULL || !guess_kind(r, lock, has_mutex ? LAB_COND : LAB_EVENT, word))
        return false;
    if (!has_mutex)
        return true;
    step->code = LAB_COND_WAIT;
    other = lock_at(r, mutex, &step->nest);
    if (other == NULL || !guess_kind(r, other, LAB_MUTEX, mutex))
        return false;
    if (other->kind != LAB_MUTEX)
        return complain(r, "only with a mutex can be waited, not with this", mutex);
    *rest = end;
    return true;
}

static bool read_step(struct reader *r, struct lab_sequence *sequence, struct word rest)
{
    struct lab_step *step = &sequence->steps[sequence->count];
    struct word verb = next_word(&rest), word;
    struct lab_lock *lock;
    size_t i = 0;

    if (sequence->count == LAB_STEPS)
        return complain(r, "there are too many steps; no more than 96 a thread", (struct word){ verb.at, 0 });
    while (i < LV_ARRAY_SIZE(verbs) && !is(verb, verbs[i].word))
        i++;
    if (i == LV_ARRAY_SIZE(verbs))
        return complain(r, "this step is not known", verb.len != 0 ? verb : rest);
    word = next_word(&rest);
    *step = verbs[i].step;
    step->nest = LAB_NONE;
    step->from = (uint16_t)(verb.at - r->text);
    if (verbs[i].of == OF_LOCK) {
        if (!read_lock(r, step, word, &rest))
            return false;
    } else if (verbs[i].of == OF_EVENT) {
        if (!read_event(r, step, word, &rest))
            return false;
    } else if (verbs[i].of == OF_COND || verbs[i].of == OF_FLAG) {
        lock = lock_at(r, word, &step->what);
        if (lock == NULL || !guess_kind(r, lock, verbs[i].of == OF_COND ? LAB_COND : LAB_FLAG, word))
            return false;
    } else if (verbs[i].of == OF_CONTEXT) {
        if (!context_at(r, word, &step->what))
            return false;
    } else if (!thread_at(r, word, &step->what)) {
        return false;
    }
    if (step->code == LAB_CREATE)
        r->program->sequences[step->what].made = true;
    step->to = (uint16_t)(rest.at - r->text);
    word = next_word(&rest);
    if (word.len != 0 || rest.len != 0)
        return complain(r, "this is one too many", word.len != 0 ? word : rest);
    sequence->count++;
    return true;
}

static bool read_steps(struct reader *r, struct lab_sequence *sequence, struct word rest)
{
    while (rest.len != 0) {
        const char *end = memchr(rest.at, ';', rest.len);
        struct word step = { rest.at, end != NULL ? (size_t)(end - rest.at) : rest.len };

        rest.at += step.len + (end != NULL);
        rest.len -= step.len + (end != NULL);
        while (step.len != 0 && is_blank(*step.at)) {
            step.at++;
            step.len--;
        }
        while (step.len != 0 && is_blank(step.at[step.len - 1]))
            step.len--;
        if (step.len != 0 && !read_step(r, sequence, step))
            return false;
    }
    return true;
}

/* ---- lines --------------------------------------------------------------------------------------------------------- */

static bool read_names(struct reader *r, enum lab_kind kind, struct word rest)
{
    struct word word = next_word(&rest);
    struct lab_lock *lock;
    uint8_t number;

    do {
        lock = lock_at(r, word, &number);
        if (lock == NULL)
            return false;
        if ((lock->declared && lock->kind != kind) || (lock->used && kind >= LAB_EVENT && lock->kind != kind))
            return complain(r, "this name is already something else", word);
        lock->kind = kind;
        lock->declared = true;
        word = next_word(&rest);
    } while (word.len != 0);
    return rest.len == 0 || complain(r, "this is no name", rest);
}

static bool read_keyed(struct reader *r, struct word rest)
{
    for (struct word word = next_word(&rest); word.len != 0; word = next_word(&rest)) {
        if (r->keyed_count == LAB_LOCKS || !copy_name(r, r->keyed[r->keyed_count], word))
            return complain(r, "there are too many names", word);
        r->keyed_count++;
    }
    return true;
}

static bool read_context(struct reader *r, struct word rest)
{
    struct word name = next_word(&rest), more = next_word(&rest);
    uint8_t number;

    if (!context_at(r, name, &number))
        return false;
    if (more.len != 0 && !is(more, "soft"))
        return complain(r, "after the context's name only 'soft' may follow", more);
    r->program->contexts[number].soft = more.len != 0;
    return true;
}

static bool read_run(struct reader *r, struct word rest)
{
    struct lab_program *p = r->program;

    for (struct word word = next_word(&rest); word.len != 0; word = next_word(&rest)) {
        const char *slash = memchr(word.at, '/', word.len);
        struct word context = { word.at, slash != NULL ? (size_t)(slash - word.at) : 0 };
        struct lab_choice *run = &p->runs[p->run_count];
        uint8_t number = 0;

        if (p->run_count == LAB_RUNS)
            return complain(r, "there are too many names", word);
        if (slash != NULL) {
            if (!context_at(r, context, &number))
                return false;
            word = (struct word){ slash + 1, word.len - context.len - 1 };
        }
        if (!thread_at(r, word, &run->thread))
            return false;
        run->what = (uint8_t)(slash != NULL ? LAB_INTERRUPT + number : LAB_GO);
        p->run_count++;
    }
    return true;
}

static bool read_sequence(struct reader *r, struct word head, struct word rest)
{
    struct word first = next_word(&head), second = next_word(&head);
    uint8_t number;

    if (is(first, "on") && second.len != 0) {
        if (!context_at(r, second, &number))
            return false;
        r->program->contexts[number].interrupts = true;
        return read_steps(r, &r->handlers[number], rest);
    }
    if (second.len != 0)
        return complain(r, "this is one word too many before the colon", second);
    if (is(first, "run"))
        return read_run(r, rest);
    return thread_at(r, first, &number) && read_steps(r, &r->program->sequences[number], rest);
}

static bool read_line(struct reader *r, struct word line)
{
    static const char *const kinds[] = { "mutex", "recursive", "rwlock", "strict", "queued", "event", "cond", "flag" };
    const char *colon = memchr(line.at, ':', line.len);
    struct word rest = line, first;

    if (colon != NULL)
        return read_sequence(r, (struct word){ line.at, (size_t)(colon - line.at) },
                             (struct word){ colon + 1, line.len - (size_t)(colon + 1 - line.at) });
    first = next_word(&rest);
    if (first.len == 0)
        return rest.len == 0 || complain(r, "this line is not understood", rest);
    for (size_t i = 0; i < LV_ARRAY_SIZE(kinds); i++)
        if (is(first, kinds[i]))
            return read_names(r, (enum lab_kind)i, rest);
    if (is(first, "keyed"))
        return read_keyed(r, rest);
    if (is(first, "context"))
        return read_context(r, rest);
    return complain(r, "a thread's name and a colon, or a declaration, is missing before this", first);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

static bool finish(struct reader *r)
{
    struct lab_program *p = r->program;
    struct word nothing = { "", 0 };

    for (uint8_t i = 0; i < p->thread_count; i++)
        if (p->sequences[i].count == 0)
            return complain(r, "this thread has no steps",
                            (struct word){ p->sequences[i].name, strlen(p->sequences[i].name) });
    if (p->thread_count == 0)
        return complain(r, "there is no thread", nothing);
    for (uint8_t i = 0; i < p->context_count; i++) {
        if (!p->contexts[i].interrupts)
            continue;
        if (r->handlers[i].count == 0)
            return complain(r, "this context has no steps",
                            (struct word){ p->contexts[i].name, strlen(p->contexts[i].name) });
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

    while (at[used] == '#' && used != 0 && is_name_char(at[used - 1]))
        used += 1 + strcspn(at + used + 1, "#\n");
    return used;
}

bool lab_program_read(struct lab_program *program, const char *text, char *ret_complaint, size_t size,
                      unsigned *ret_line)
{
    static struct reader r; /* too large for a stack; nobody reads two programs at once */
    const char *at = text;

    memset(program, 0, sizeof(*program));
    memset(&r, 0, sizeof(r));
    r.program = program;
    r.text = text;
    lv_text_init(&r.complaint, ret_complaint, size);
    if (strlen(text) >= UINT16_MAX) {
        *ret_line = 1;
        return complain(&r, "the text is too long", (struct word){ text, 0 });
    }
    for (r.line = 1; *at != '\0'; r.line++) {
        size_t len = strcspn(at, "\n"), used = length_before_remark(at);

        *ret_line = r.line;
        if (!read_line(&r, (struct word){ at, used }))
            return false;
        at += len + (at[len] == '\n');
    }
    *ret_line = 0;
    return finish(&r);
}

void lab_step_text(const char *text, const struct lab_step *step, char *ret, size_t size)
{
    size_t len = (size_t)(step->to - step->from);

    if (len >= size)
        len = size - 1;
    memcpy(ret, text + step->from, len);
    ret[len] = '\0';
}
