/* SPDX-License-Identifier: MIT */
/* A mutex on the stack that a static initialiser makes anew in each round: many instances of one class. */
/* case: one */
/* case: nested */
#include "program.h"

static pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER;

static void round_of(int nested)
{
    pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;

    if (nested)
        MUST(pthread_mutex_lock(&global) == 0);
    MUST(pthread_mutex_lock(&local) == 0);
    MUST(pthread_mutex_unlock(&local) == 0);
    if (nested)
        MUST(pthread_mutex_unlock(&global) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    for (int i = 0; i < 20000; i++)
        round_of(is_case(argv, "nested"));
    puts("done");
    return 0;
}
