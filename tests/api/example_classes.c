/* SPDX-License-Identifier: MIT */
/*
 * Names for pthread locks. Without them the locks of all accounts are one class, called by the place of their
 * initialisation; with them, reports speak of accounts and of branches, and two accounts are never held at once unless
 * somebody says in which order.
 * Under lockval: recursive, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

struct account {
    pthread_mutex_t lock;
    long cents;
};

static struct lockval_key account_key;

static void account_init(struct account *account, long cents)
{
    pthread_mutex_init(&account->lock, NULL);
    lockval_set_class(&account->lock, LOCKVAL_MUTEX, &account_key, "account");
    account->cents = cents;
}

/* The bug: two transfers between the same accounts in opposite directions wait for each other. */
static void transfer(struct account *from, struct account *to, long cents)
{
    pthread_mutex_lock(&from->lock);
    pthread_mutex_lock(&to->lock);
    from->cents -= cents;
    to->cents += cents;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}

/* A lock whose order is known to be harmless is still shown in reports as held. */
static pthread_mutex_t statistics = PTHREAD_MUTEX_INITIALIZER;

/* A mutex that is the inside of another lock, annotated as a map elsewhere, is nobody's business. */
static pthread_mutex_t inside = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    struct account mine, yours;

    lockval_set_novalidate(&statistics, LOCKVAL_MUTEX);
    lockval_set_notrack(&inside, LOCKVAL_MUTEX);
    account_init(&mine, 1000);
    account_init(&yours, 500);
    pthread_mutex_lock(&statistics);
    pthread_mutex_lock(&inside);
    transfer(&mine, &yours, 300);
    pthread_mutex_unlock(&inside);
    pthread_mutex_unlock(&statistics);
    printf("%ld %ld\n", mine.cents, yours.cents);
    return 0;
}
