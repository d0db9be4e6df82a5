/* SPDX-License-Identifier: MIT */
/*
 * Evidence that comes after a finding was made. Two threads that live side by side take turns, so that no create or join
 * orders them; the locks of each class are made in one loop.
 */
#include <stdbool.h>

#include "program.h"

enum {
    LOCKS = 4,
    ROUNDS = 3000
};

static pthread_mutex_t account[LOCKS], journal[LOCKS], gate[LOCKS];
static pthread_barrier_t barrier;

/* A class for each: its locks are made at one place. */
static void make_all(void)
{
    for (volatile unsigned i = 0; i < LOCKS; i++) {
        MUST(pthread_mutex_init(&account[i], NULL) == 0);
        MUST(pthread_mutex_init(&journal[i], NULL) == 0);
    }
}

/* A gate is certain as long as it is the only lock of its class. */
static __attribute__((noinline)) void make_gate(unsigned which)
{
    MUST(pthread_mutex_init(&gate[which], NULL) == 0);
    __asm__ volatile("");
}

/* The two orders, each from one place whatever the locks. */
static __attribute__((noinline)) void post(unsigned i)
{
    nest(&account[i], &journal[i]);
    __asm__ volatile("");
}

static __attribute__((noinline)) void audit(unsigned i)
{
    nest(&journal[i], &account[i]);
    __asm__ volatile("");
}

static __attribute__((noinline)) void audit_gated(unsigned i, unsigned which)
{
    MUST(pthread_mutex_lock(&gate[which]) == 0);
    nest(&journal[i], &account[i]);
    MUST(pthread_mutex_unlock(&gate[which]) == 0);
}

static __attribute__((noinline)) void post_gated(unsigned i, unsigned which)
{
    MUST(pthread_mutex_lock(&gate[which]) == 0);
    nest(&account[i], &journal[i]);
    MUST(pthread_mutex_unlock(&gate[which]) == 0);
}

struct script {
    void (*step[4])(void);
};

/* The other thread does steps 1 and 3. */
static void *other(void *arg)
{
    const struct script *script = arg;

    for (unsigned i = 0; i < 4; i++) {
        if (i % 2 == 1 && script->step[i] != NULL)
            script->step[i]();
        (void)pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static void play(const struct script *script)
{
    pthread_t thread;

    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, other, (void *)script) == 0);
    for (unsigned i = 0; i < 4; i++) {
        if (i % 2 == 0 && script->step[i] != NULL)
            script->step[i]();
        (void)pthread_barrier_wait(&barrier);
    }
    MUST(pthread_join(thread, NULL) == 0);
}

/* case: instances */
/* status: 66 */
/* options: fail_on=feasible */
/* findings: 1 */
/* expect: ^verdict: potential\n */
/* expect: ^lockval: finding [0-9a-f]{16} is upgraded: potential -> feasible\n  circular  .* -> .* -> .*\n  2 acquisitions by 2 threads */
/* expect: ^lockval: 1 finding: 1 feasible\n  feasible  circular  .* */
static void post_first(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        post(0);
}

static void audit_second(void)
{
    audit(1);
}

static void post_second(void)
{
    post(1);
}

static const struct script instances = { { post_first, audit_second, post_second, NULL } };

/* One thread makes both orders, then another one comes. */
/* case: threads */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential\n  one thread made */
/* expect: ^lockval: finding [0-9a-f]{16} is upgraded: potential -> feasible\n */
/* expect: ^lockval: 1 finding: 1 feasible\n */
static void both_orders(void)
{
    post(0);
    audit(0);
}

static void audit_first(void)
{
    audit(0);
}

static const struct script threads = { { both_orders, audit_first, NULL, NULL } };

/* The exit status is that of the final verdict. */
/* case: gates */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: guarded\n */
/* expect: ^lockval: finding [0-9a-f]{16} is upgraded: guarded -> feasible\n */
/* expect: ^lockval: 1 finding: 1 feasible\n */
static void post_under_gate(void)
{
    post_gated(0, 0);
}

static void audit_under_gate(void)
{
    audit_gated(0, 0);
}

static void post_under_another(void)
{
    make_gate(1);
    post_gated(0, 1);
}

static const struct script gates = { { post_under_gate, audit_under_gate, post_under_another, NULL } };

/* The gate is always the same: a note it was, a note it stays. */
/* case: one-gate */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded\n */
/* reject: is upgraded */
/* expect: ^lockval: 1 finding: 1 guarded\n */
static void post_often(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        post_gated(i % LOCKS, 0);
}

static void audit_often(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        audit_gated(i % LOCKS, 0);
}

static const struct script one_gate = { { post_under_gate, audit_under_gate, post_often, audit_often } };

/* Evidence that never comes: the locks never meet, in all rounds; and the watch ends. */
/* case: never */
/* status: 66 */
/* options: stats=1 */
/* findings: 1 */
/* expect: ^verdict: potential\n */
/* reject: is upgraded */
/* expect: ^lockval: 1 finding: 1 potential\n */
/* expect: ^  locked-walks +[0-9]{1,3}$ */
static void post_even(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        post(i % 2 * 2);
}

static void audit_odd(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        audit(i % 2 * 2 + 1);
}

static const struct script never = { { post_even, audit_odd, post_even, audit_odd } };

/* Many threads at once, in an order that is kept, after one of them alone did it the other way: nobody hangs. */
/* case: crowd */
/* status: 66 */
/* findings: 1 */
/* expect: ^lockval: 1 finding: 1 (potential|feasible)\n */
static void *crowd_member(void *arg)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        post((i + (unsigned)(size_t)arg) % LOCKS);
    return NULL;
}

static void crowd(void)
{
    pthread_t thread[8];

    both_orders();
    for (size_t i = 0; i < 8; i++)
        MUST(pthread_create(&thread[i], NULL, crowd_member, (void *)i) == 0);
    for (size_t i = 0; i < 8; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        const struct script *script;
    } cases[] = { { "instances", &instances },
                  { "threads", &threads },
                  { "gates", &gates },
                  { "one-gate", &one_gate },
                  { "never", &never } };

    (void)argc;
    make_all();
    make_gate(0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            play(cases[i].script);
    if (is_case(argv, "crowd"))
        crowd();
    puts("done");
    return 0;
}
