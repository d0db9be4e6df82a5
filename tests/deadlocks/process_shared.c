/* SPDX-License-Identifier: MIT */
/* Mutexes for several processes, of which there is one. */
#include "deadlock.h"

#include <sys/mman.h>

enum {
    ROUNDS = 10
};

static pthread_mutex_t *inner, *outer;
static unsigned sum;

static void *go_in(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(inner);
        meet();
        LOCK(outer);
        sum++;
        UNLOCK(outer);
        UNLOCK(inner);
        work(some_number(20000));
    }
    return arg;
}

static void *go_out(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(outer);
        meet();
        LOCK(inner);
        sum++;
        UNLOCK(inner);
        UNLOCK(outer);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    MUST(memory != MAP_FAILED);
    inner = (pthread_mutex_t *)memory;
    outer = inner + 1;
    begin(argc, argv, 2);
    make_mutex(inner, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    make_mutex(outer, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
    run_two(go_in, go_out);
    return finish();
}
