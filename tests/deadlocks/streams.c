/* SPDX-License-Identifier: MIT */
/* A stream is a lock, too: one thread holds it and wants the mutex, the other the other way round. */
#include "deadlock.h"

enum {
    ROUNDS = 10
};

static pthread_mutex_t records = PTHREAD_MUTEX_INITIALIZER;
static FILE *journal;

static void *print_all(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        flockfile(journal);
        meet();
        LOCK(&records);
        MUST(putc_unlocked('r', journal) == 'r');
        UNLOCK(&records);
        funlockfile(journal);
        work(some_number(20000));
    }
    return arg;
}

static void *add_record(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&records);
        meet();
        flockfile(journal);
        MUST(putc_unlocked('a', journal) == 'a');
        funlockfile(journal);
        UNLOCK(&records);
        work(some_number(20000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    journal = fopen("/dev/null", "w");
    MUST(journal != NULL);
    run_two(print_all, add_record);
    MUST(fclose(journal) == 0);
    return finish();
}
