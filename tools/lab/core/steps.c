/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/reader.h"

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

static bool complain_of_sort(struct lab_reader *r, enum lab_kind is, enum lab_kind wanted, struct lab_word word)
{
    char text[80];
    struct lv_text what;

    lv_text_init(&what, text, sizeof(text));
    lv_text_printf(&what, "this is %s, not %s", sort_of(is), sort_of(wanted));
    return lab_complain(r, text, word);
}

/* A kind that is guessed from how a name is used. */
static bool guess_kind(struct lab_reader *r, struct lab_lock *lock, enum lab_kind kind, struct lab_word word)
{
    bool is_no_lock = kind >= LAB_EVENT;

    if ((lock->declared || lock->used) && (is_no_lock || lock->kind >= LAB_EVENT) && lock->kind != kind)
        return complain_of_sort(r, lock->kind, kind, word);
    if (lock->declared && kind == LAB_RWLOCK && lock->kind < LAB_RWLOCK)
        return lab_complain(r, "this is no rwlock, so it cannot be read", word);
    if (!lock->declared) {
        lock->kind = lock->kind > kind ? lock->kind : kind;
        lock->declared = is_no_lock;
    }
    lock->used = true;
    return true;
}

static bool read_lock(struct lab_reader *r, struct lab_step *step, struct lab_word word, struct lab_word *rest)
{
    const char *slash = memchr(word.at, '/', word.len);
    struct lab_lock *lock;
    struct lab_word more;

    if (slash != NULL && slash != word.at && slash + 2 == word.at + word.len && slash[1] >= '0' && slash[1] <= '7') {
        step->subclass = (uint8_t)(slash[1] - '0');
        word.len -= 2;
    }
    lock = lab_lock_at(r, word, &step->what);
    if (lock == NULL || !guess_kind(r, lock, step->read ? LAB_RWLOCK : LAB_MUTEX, word))
        return false;
    more = lab_next_word(rest);
    if (more.len == 0)
        return true;
    if (!lab_word_is(more, "nest") || step->code != LAB_TAKE)
        return lab_complain(r, "this word is one too many", more);
    return lab_lock_at(r, lab_next_word(rest), &step->nest) != NULL;
}

/* @word is an event; if a mutex is waited with, a condition variable. */
static bool read_event(struct lab_reader *r, struct lab_step *step, struct lab_word word, struct lab_word *rest)
{
    struct lab_word end = *rest, with = lab_next_word(&end), mutex = lab_next_word(&end);
    bool has_mutex = step->code == LAB_WAIT && lab_word_is(with, "with");
    struct lab_lock *lock = lab_lock_at(r, word, &step->what), *other;

    if (lock == NULL || !guess_kind(r, lock, has_mutex ? LAB_COND : LAB_EVENT, word))
        return false;
    if (!has_mutex)
        return true;
    step->code = LAB_COND_WAIT;
    other = lab_lock_at(r, mutex, &step->nest);
    if (other == NULL || !guess_kind(r, other, LAB_MUTEX, mutex))
        return false;
    if (other->kind != LAB_MUTEX)
        return lab_complain(r, "only with a mutex can be waited, not with this", mutex);
    *rest = end;
    return true;
}

static bool read_step(struct lab_reader *r, struct lab_sequence *sequence, struct lab_word rest)
{
    struct lab_step *step = &sequence->steps[sequence->count];
    struct lab_word verb = lab_next_word(&rest), word;
    struct lab_lock *lock;
    size_t i = 0;

    if (sequence->count == LAB_STEPS)
        return lab_complain(r, "there are too many steps; no more than 96 a thread", (struct lab_word){ verb.at, 0 });
    while (i < LV_ARRAY_SIZE(verbs) && !lab_word_is(verb, verbs[i].word))
        i++;
    if (i == LV_ARRAY_SIZE(verbs))
        return lab_complain(r, "this step is not known", verb.len != 0 ? verb : rest);
    word = lab_next_word(&rest);
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
        lock = lab_lock_at(r, word, &step->what);
        if (lock == NULL || !guess_kind(r, lock, verbs[i].of == OF_COND ? LAB_COND : LAB_FLAG, word))
            return false;
    } else if (verbs[i].of == OF_CONTEXT) {
        if (!lab_context_at(r, word, &step->what))
            return false;
    } else if (!lab_thread_at(r, word, &step->what)) {
        return false;
    }
    if (step->code == LAB_CREATE)
        r->program->sequences[step->what].made = true;
    step->to = (uint16_t)(rest.at - r->text);
    word = lab_next_word(&rest);
    if (word.len != 0 || rest.len != 0)
        return lab_complain(r, "this is one too many", word.len != 0 ? word : rest);
    sequence->count++;
    return true;
}

bool lab_read_steps(struct lab_reader *r, struct lab_sequence *sequence, struct lab_word rest)
{
    while (rest.len != 0) {
        const char *end = memchr(rest.at, ';', rest.len);
        struct lab_word step = { rest.at, end != NULL ? (size_t)(end - rest.at) : rest.len };

        rest.at += step.len + (end != NULL);
        rest.len -= step.len + (end != NULL);
        while (step.len != 0 && lab_is_blank(*step.at)) {
            step.at++;
            step.len--;
        }
        while (step.len != 0 && lab_is_blank(step.at[step.len - 1]))
            step.len--;
        if (step.len != 0 && !read_step(r, sequence, step))
            return false;
    }
    return true;
}

void lab_step_text(const char *text, const struct lab_step *step, char *ret, size_t size)
{
    size_t len = (size_t)(step->to - step->from);

    if (len >= size)
        len = size - 1;
    memcpy(ret, text + step->from, len);
    ret[len] = '\0';
}
