/* SPDX-License-Identifier: MIT */
#include "core/machine.h"

#include <string.h>

void lab_begin(const struct lab_program *p, struct lab_state *state)
{
    memset(state, 0, sizeof(*state));
    for (uint8_t i = 0; i < p->thread_count; i++) {
        state->threads[i].frames[0].sequence = i;
        state->threads[i].depth = 1;
        state->threads[i].begun = !p->sequences[i].made;
    }
}

static const struct lab_step *step_of(const struct lab_program *p, const struct lab_thread_state *t)
{
    const struct lab_frame *frame = &t->frames[t->depth - 1];

    return &p->sequences[frame->sequence].steps[frame->next];
}

const struct lab_step *lab_next_step(const struct lab_program *p, const struct lab_state *state, unsigned thread)
{
    const struct lab_thread_state *t = &state->threads[thread];

    return t->depth != 0 && t->begun ? step_of(p, t) : NULL;
}

bool lab_is_over(const struct lab_program *p, const struct lab_state *state)
{
    for (uint8_t i = 0; i < p->thread_count; i++)
        if (state->threads[i].depth != 0)
            return false;
    return true;
}

/* ---- locks --------------------------------------------------------------------------------------------------------- */

static bool has_readers(const struct lab_lock_state *l)
{
    for (unsigned i = 0; i < LAB_THREADS; i++)
        if (l->readers[i] != 0)
            return true;
    return false;
}

/* Does a writer wait for lock @number? */
static bool is_awaited_by_writer(const struct lab_program *p, const struct lab_state *state, unsigned number)
{
    for (uint8_t i = 0; i < p->thread_count; i++) {
        const struct lab_thread_state *t = &state->threads[i];

        if (t->depth != 0 && t->waits && step_of(p, t)->code == LAB_TAKE && step_of(p, t)->what == number &&
            !step_of(p, t)->read)
            return true;
    }
    return false;
}

bool lab_reads_recursively(const struct lab_program *p, const struct lab_state *state, unsigned thread, unsigned lock)
{
    return p->locks[lock].kind == LAB_RWLOCK ||
           (p->locks[lock].kind == LAB_QUEUED && state->threads[thread].inside != 0);
}

/* Could @thread have what @step takes or waits for, now? */
static bool is_free(const struct lab_program *p, const struct lab_state *state, unsigned thread,
                    const struct lab_step *step)
{
    const struct lab_lock_state *l = &state->locks[step->what];

    switch (step->code) {
    case LAB_TAKE:
        if (step->read)
            return l->writer == 0 &&
                   (lab_reads_recursively(p, state, thread, step->what) || !is_awaited_by_writer(p, state, step->what));
        if (l->writer == thread + 1)
            return p->locks[step->what].kind == LAB_RECURSIVE;
        return l->writer == 0 && !has_readers(l);
    case LAB_WAIT:
    case LAB_AWAIT:
        return l->completed != 0;
    case LAB_COND_WAIT:
        return l->completed != 0 && (!state->threads[thread].waits || state->locks[step->nest].writer == 0);
    case LAB_JOIN:
        return state->threads[step->what].depth == 0;
    default:
        return true;
    }
}

static enum lab_done take(const struct lab_program *p, struct lab_state *state, unsigned thread,
                          const struct lab_step *step)
{
    struct lab_lock_state *l = &state->locks[step->what];

    state->threads[thread].missed &= ~(UINT32_C(1) << step->what);
    if (step->read) {
        l->readers[thread]++;
        return LAB_DONE_STEP;
    }
    if (l->writer == thread + 1 && p->locks[step->what].kind == LAB_RECURSIVE) {
        l->again++;
        return LAB_DONE_AGAIN;
    }
    l->writer = (uint8_t)(thread + 1);
    return LAB_DONE_STEP;
}

static enum lab_done release(struct lab_state *state, unsigned thread, const struct lab_step *step)
{
    struct lab_lock_state *l = &state->locks[step->what];
    struct lab_thread_state *t = &state->threads[thread];
    uint32_t bit = UINT32_C(1) << step->what;

    if (l->readers[thread] != 0) {
        l->readers[thread]--;
    } else if (l->writer == thread + 1) {
        if (l->again != 0) {
            l->again--;
            return LAB_DONE_AGAIN;
        }
        l->writer = 0;
    } else if ((t->missed & bit) != 0) { /* as a program does that looks at what its try gave */
        t->missed &= ~bit;
        return LAB_DONE_FAILED;
    } else {
        return LAB_DONE_STRANGE;
    }
    return LAB_DONE_STEP;
}

/* ---- what is no lock ----------------------------------------------------------------------------------------------- */

static void use_up(struct lab_lock_state *l)
{
    if (l->completed != LAB_ALL)
        l->completed--;
}

static void bring_about(struct lab_lock_state *l)
{
    if (l->completed < LAB_ALL - 1)
        l->completed++;
}

/* ---- steps --------------------------------------------------------------------------------------------------------- */

/* The step is over: go on to the next, and out of what has no more. */
static void advance(const struct lab_program *p, struct lab_thread_state *t, struct lab_did *did)
{
    t->waits = false;
    t->frames[t->depth - 1].next++;
    while (t->depth != 0) {
        struct lab_frame *frame = &t->frames[t->depth - 1];

        if (frame->next < p->sequences[frame->sequence].count)
            return;
        if (t->depth > 1) {
            uint8_t context = (uint8_t)(frame->sequence - p->thread_count);

            did->ended[did->ended_count++] = context;
            t->inside &= (uint8_t) ~(1u << context);
        }
        *frame = (struct lab_frame){ 0, 0 };
        t->depth--;
    }
    did->over = true;
}

/* Can the context come over @t, between two of its steps? What is soft interrupts no context. */
static bool can_interrupt(const struct lab_program *p, const struct lab_thread_state *t, unsigned context)
{
    const struct lab_context *c = &p->contexts[context];

    return c->interrupts && !t->waits && t->masked[context] == 0 && (t->came & 1u << context) == 0 &&
           (t->inside & 1u << context) == 0 && (!c->soft || t->inside == 0) && t->depth < LAB_FRAMES;
}

bool lab_can(const struct lab_program *p, const struct lab_state *state, struct lab_choice choice)
{
    const struct lab_thread_state *t = &state->threads[choice.thread];
    const struct lab_step *step;

    if (choice.thread >= p->thread_count || t->depth == 0 || !t->begun)
        return false;
    step = step_of(p, t);
    if (choice.what >= LAB_INTERRUPT)
        return choice.what - LAB_INTERRUPT < p->context_count && can_interrupt(p, t, choice.what - LAB_INTERRUPT);
    if (choice.what == LAB_TIME_OUT)
        return t->waits && step->timed;
    return !t->waits || is_free(p, state, choice.thread, step);
}

unsigned lab_choices(const struct lab_program *p, const struct lab_state *state, struct lab_choice ret[LAB_CHOICES])
{
    unsigned count = 0;

    for (uint8_t i = 0; i < p->thread_count; i++) {
        for (uint8_t what = 0; what < LAB_INTERRUPT + p->context_count; what++) {
            struct lab_choice choice = { i, what };

            if (lab_can(p, state, choice))
                ret[count++] = choice;
        }
    }
    return count;
}

static enum lab_done go(const struct lab_program *p, struct lab_state *state, unsigned thread,
                        const struct lab_step *step)
{
    struct lab_thread_state *t = &state->threads[thread];
    bool waited = t->waits;
    enum lab_done done = LAB_DONE_STEP;

    if (step->code == LAB_COND_WAIT && !waited && state->locks[step->nest].writer != thread + 1)
        return LAB_DONE_STRANGE;
    if (!is_free(p, state, thread, step)) {
        if (step->try) {
            t->missed |= UINT32_C(1) << step->what;
            return LAB_DONE_FAILED;
        }
        t->waits = true;
        if (step->code == LAB_COND_WAIT)
            state->locks[step->nest].writer = 0;
        return LAB_DONE_BEGUN;
    }
    switch ((enum lab_code)step->code) {
    case LAB_TAKE:
        done = take(p, state, thread, step);
        break;
    case LAB_RELEASE:
        return release(state, thread, step);
    case LAB_WAIT:
        use_up(&state->locks[step->what]);
        break;
    case LAB_COND_WAIT:
        use_up(&state->locks[step->what]);
        state->locks[step->nest].writer = (uint8_t)(thread + 1);
        break;
    case LAB_COMPLETE:
    case LAB_SIGNAL:
        bring_about(&state->locks[step->what]);
        break;
    case LAB_BROADCAST:
    case LAB_SET:
        state->locks[step->what].completed = LAB_ALL;
        break;
    case LAB_MASK:
        t->masked[step->what]++;
        break;
    case LAB_UNMASK:
        t->masked[step->what] = (uint8_t)(t->masked[step->what] - (t->masked[step->what] != 0));
        break;
    case LAB_ENTER:
        t->inside |= (uint8_t)(1u << step->what);
        break;
    case LAB_LEAVE:
        t->inside &= (uint8_t) ~(1u << step->what);
        break;
    case LAB_CREATE:
        state->threads[step->what].begun = true;
        break;
    case LAB_INIT:
        memset(&state->locks[step->what], 0, sizeof(state->locks[step->what]));
        break;
    case LAB_JOIN:
    case LAB_AWAIT:
        break;
    }
    return waited ? LAB_DONE_GOT : done;
}

struct lab_did lab_do(const struct lab_program *p, struct lab_state *state, struct lab_choice choice)
{
    struct lab_thread_state *t = &state->threads[choice.thread];
    struct lab_did did = { .step = step_of(p, t) };

    if (choice.what >= LAB_INTERRUPT) {
        unsigned context = choice.what - LAB_INTERRUPT;

        t->came |= (uint8_t)(1u << context);
        t->inside |= (uint8_t)(1u << context);
        t->frames[t->depth++] = (struct lab_frame){ p->contexts[context].sequence, 0 };
        return (struct lab_did){ .done = LAB_DONE_ENTERED };
    }
    if (choice.what == LAB_TIME_OUT) {
        t->missed |= UINT32_C(1) << did.step->what;
        did.done = LAB_DONE_FAILED;
    } else {
        did.done = go(p, state, choice.thread, did.step);
    }
    if (did.done != LAB_DONE_BEGUN)
        advance(p, t, &did);
    return did;
}
