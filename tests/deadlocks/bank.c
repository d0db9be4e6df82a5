/* SPDX-License-Identifier: MIT */
/* Money goes from account to account under the locks of both, that of the giver first. */
#include "deadlock.h"

enum {
    ACCOUNTS = 3,
    TRANSFERS = 50
};

static struct account {
    pthread_mutex_t lock;
    long balance;
} accounts[ACCOUNTS];

static void transfer(struct account *from, struct account *to, long amount)
{
    LOCK(&from->lock);
    from->balance -= amount;
    meet();
    LOCK(&to->lock);
    to->balance += amount;
    UNLOCK(&to->lock);
    UNLOCK(&from->lock);
}

static void *pay(void *arg)
{
    for (long i = 0; i < TRANSFERS; i++) {
        transfer(&accounts[0], &accounts[1], i);
        work(some_number(2000));
    }
    return arg;
}

static void *pay_back(void *arg)
{
    for (long i = 0; i < TRANSFERS; i++) {
        transfer(&accounts[1], &accounts[0], i);
        work(some_number(2000));
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 2);
    for (int i = 0; i < ACCOUNTS; i++)
        make_alike(&accounts[i].lock);
    run_two(pay, pay_back);
    return finish();
}
