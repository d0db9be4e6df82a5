/* SPDX-License-Identifier: MIT */
/* A program that pays, in two threads. */

#include <pthread.h>
#include <stddef.h>

#include "ledger.h"

static void *serve(void *counter)
{
    int from = *(int *)counter;

    for (int i = 0; i < 100; i++)
        (void)ledger_pay(from, (from + i) % LEDGER_ACCOUNTS, 1);
    return NULL;
}

int main(void)
{
    pthread_t tellers[2];
    int counters[2] = { 0, 1 };

    ledger_open(100);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&tellers[i], NULL, serve, &counters[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++)
        (void)pthread_join(tellers[i], NULL);
    return 0;
}
