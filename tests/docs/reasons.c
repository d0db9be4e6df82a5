/* SPDX-License-Identifier: MIT */
/* Reasons for verdicts that no other suite's programs are given; docs/verdicts.md shows what is said of each case. */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

static void take_ab(void)
{
    nest(&a, &b);
}

static void take_ba(void)
{
    nest(&b, &a);
}

/* ---- A B by a thread that lives on, but makes another one, which is joined before B A ---- */

static pthread_t messenger;
static unsigned ready; /* atomic */

static void *nothing(void *unused)
{
    return unused;
}

static void *take_ab_and_tell(void *unused)
{
    take_ab();
    MUST(pthread_create(&messenger, NULL, nothing, NULL) == 0);
    __atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) == 1)
        (void)sched_yield();
    return unused;
}

static void created_joined(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, take_ab_and_tell, NULL) == 0);
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) == 0)
        (void)sched_yield();
    MUST(pthread_join(messenger, NULL) == 0);
    take_ba();
    __atomic_store_n(&ready, 2, __ATOMIC_SEQ_CST);
    MUST(pthread_join(thread, NULL) == 0);
}

/* ---- A B by more threads than are kept, each joined, and then B A ---- */

static void *take_ab_in_thread(void *unused)
{
    take_ab();
    return unused;
}

static void many_threads(void)
{
    for (int i = 0; i < 40; i++) {
        pthread_t thread;

        MUST(pthread_create(&thread, NULL, take_ab_in_thread, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
    take_ba();
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "created-joined"))
        created_joined();
    else if (is_case(argv, "many-threads"))
        many_threads();
    puts("done");
    return 0;
}
