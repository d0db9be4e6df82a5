/* SPDX-License-Identifier: MIT */
/* A thread ends with a lock in hand, after an error that comes once in fifty runs. The next one waits for nobody. */
#include "deadlock.h"

static pthread_mutex_t file = PTHREAD_MUTEX_INITIALIZER;
static unsigned sum;

static void *save(void *arg)
{
    bool failed = hang || some_number(50) == 0;

    LOCK(&file);
    sum++;
    meet();
    if (failed)
        return NULL; /* forgot to unlock */
    UNLOCK(&file);
    return arg;
}

static void *load(void *arg)
{
    meet();
    if (!hang)
        work(50000);
    LOCK(&file);
    sum++;
    UNLOCK(&file);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    run_two(save, load);
    return finish();
}
