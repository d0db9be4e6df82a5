/* SPDX-License-Identifier: MIT */
/* Very much of one thing: nothing has a limit, and what one more takes is known. */
/* options: stats=1 */
/* expect: ^  dropped +0$ */
#include "program.h"

enum {
    MUTEXES = 1000000,
    CLASSES = 100000,
    HELD = 1000,
    AT_ONCE = 2000,
    OVER_LIFE = 10000
};

/* A million live mutexes of one class, each used twice. In the table one takes 16 bytes, and 32 of slots, at most doubled. */
/* case: mutexes */
/* expect: ^  classes +1$ */
/* expect: ^  chains +1$ */
/* expect: ^  instances-made +1000000$ */
/* expect: ^  memory-instances-kib +[0-9]{1,5}$ */
static void mutexes(void)
{
    pthread_mutex_t *mutex = malloc(MUTEXES * sizeof(*mutex));

    MUST(mutex != NULL);
    for (int i = 0; i < MUTEXES; i++)
        MUST(pthread_mutex_init(&mutex[i], NULL) == 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MUTEXES; i++) {
            MUST(pthread_mutex_lock(&mutex[i]) == 0);
            MUST(pthread_mutex_unlock(&mutex[i]) == 0);
        }
    }
    free(mutex);
}

/* A hundred thousand classes. */
/* case: classes */
/* expect: ^  classes +100000$ */
/* expect: ^  chains +100000$ */
/* expect: ^  stacks +1$ */
/* expect: ^  memory-kib +[0-9]{1,5}$ */
static pthread_mutex_t each[CLASSES] = { [0 ... CLASSES - 1] = PTHREAD_MUTEX_INITIALIZER };

static void classes(void)
{
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CLASSES; i++) {
            MUST(pthread_mutex_lock(&each[i]) == 0);
            MUST(pthread_mutex_unlock(&each[i]) == 0);
        }
    }
}

/* And a finding among them, which names two. */
/* case: classes-finding */
/* status: 66 */
/* findings: 1 */
/* expect: ^  classes +100000$ */
/* expect: ^-> #0 \(each\+0x118\) */
static void classes_finding(void)
{
    classes();
    nest(&each[7], &each[CLASSES - 1]);
    nest(&each[CLASSES - 1], &each[7]);
}

/* A thousand locks held by one thread, of as many classes, released from either end. */
/* case: held */
/* expect: ^  classes +1000$ */
/* expect: ^  edges +999$ */
static void held(void)
{
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < HELD; i++)
            MUST(pthread_mutex_lock(&each[i]) == 0);
        for (int i = 0; i < HELD; i++)
            MUST(pthread_mutex_unlock(&each[round == 0 ? i : HELD - 1 - i]) == 0);
    }
}

/* Two thousand threads at once, each with a lock of its own and one of all. */
/* case: at-once */
/* expect: ^  threads-at-once +2001$ */
/* expect: ^  instances-made +2001$ */
static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

static void *with_own(void *unused)
{
    pthread_mutex_t own;

    MUST(pthread_mutex_init(&own, NULL) == 0);
    pthread_barrier_wait(&barrier);
    nest(&outer, &own);
    MUST(pthread_mutex_destroy(&own) == 0);
    return unused;
}

static void start(pthread_t *thread, void *(*function)(void *))
{
    pthread_attr_t attr;

    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, 65536) == 0);
    MUST(pthread_create(thread, &attr, function, NULL) == 0);
}

static void at_once(void)
{
    static pthread_t thread[AT_ONCE];

    MUST(pthread_barrier_init(&barrier, NULL, AT_ONCE) == 0);
    /* Or threads that meet it for the first time together each use up a number for it. */
    MUST(pthread_mutex_lock(&outer) == 0 && pthread_mutex_unlock(&outer) == 0);
    for (int i = 0; i < AT_ONCE; i++)
        start(&thread[i], with_own);
    for (int i = 0; i < AT_ONCE; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* Ten thousand threads, a few at a time: what one leaves is used by the next. */
/* case: over-life */
/* expect: ^  threads-at-once +([1-9]|[1-3][0-9])$ */
/* expect: ^  memory-threads-kib +[0-9]{1,3}$ */
static void *uses_outer(void *unused)
{
    nest(&outer, &each[0]);
    return unused;
}

static void over_life(void)
{
    pthread_t thread[10];

    for (int i = 0; i < OVER_LIFE; i += 10) {
        for (int j = 0; j < 10; j++)
            start(&thread[j], uses_outer);
        for (int j = 0; j < 10; j++)
            MUST(pthread_join(thread[j], NULL) == 0);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "mutexes", mutexes }, { "classes", classes }, { "classes-finding", classes_finding },
    { "held", held },       { "at-once", at_once }, { "over-life", over_life },
};

int main(int argc, char **argv)
{
    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
