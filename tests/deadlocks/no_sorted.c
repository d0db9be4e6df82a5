/* SPDX-License-Identifier: MIT */
/* Transfers to and fro between accounts, whose locks are taken in the order of their addresses. */
#include "deadlock.h"

enum {
    ACCOUNTS = 3,
    TRANSFERS = 200
};

static struct account {
    pthread_mutex_t lock;
    long balance;
} accounts[ACCOUNTS];

static void transfer(struct account *from, struct account *to, long amount)
{
    struct account *low = from < to ? from : to, *high = from < to ? to : from;

    LOCK(&low->lock);
    LOCK(&high->lock);
    from->balance -= amount;
    to->balance += amount;
    UNLOCK(&high->lock);
    UNLOCK(&low->lock);
}

static void *pay(void *arg)
{
    for (long i = 0; i < TRANSFERS; i++)
        transfer(&accounts[i % ACCOUNTS], &accounts[(i + 1) % ACCOUNTS], i);
    return arg;
}

static void *pay_back(void *arg)
{
    for (long i = 0; i < TRANSFERS; i++)
        transfer(&accounts[(i + 1) % ACCOUNTS], &accounts[i % ACCOUNTS], i);
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    for (int i = 0; i < ACCOUNTS; i++)
        make_alike(&accounts[i].lock);
    run_two(pay, pay_back);
    return finish();
}
