/* SPDX-License-Identifier: MIT */
/* Needs atfork_lib, whose constructor so comes before those of all libraries that the program itself needs. */
#include <pthread.h>

extern pthread_mutex_t early_taken;
pthread_mutex_t *mutex_of_fork(void);

pthread_mutex_t *mutex_of_fork(void)
{
    return &early_taken;
}
