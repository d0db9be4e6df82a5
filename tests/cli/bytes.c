/* SPDX-License-Identifier: MIT */
/* Two mutexes in both orders, by a function whose name in the file is no UTF-8. */

#include <pthread.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

/* Latin-1. */
void greet(pthread_mutex_t *first, pthread_mutex_t *second) __asm__("gr\xfc\xdf"
                                                                    "e");

__attribute__((noinline)) void greet(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

int main(void)
{
    greet(&a, &b);
    greet(&b, &a);
    return 0;
}
