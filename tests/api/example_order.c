/* SPDX-License-Identifier: MIT */
/*
 * Accounts whose locks are taken in the order of their numbers. The program tells lockval that order, and is told where it
 * forgets it itself.
 * Under lockval: recursive, potential.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

struct account {
    pthread_mutex_t lock; /* first: what is compared are locks, and so accounts */
    unsigned number;
    long balance;
};

static struct lockval_key account_key;

/* Less than 0: held before wanted is right. */
static int compare_accounts(const void *held, const void *wanted)
{
    unsigned first = ((const struct account *)held)->number, second = ((const struct account *)wanted)->number;

    return first < second ? -1 : first > second;
}

static void print_account(const void *lock, char *text, unsigned long size)
{
    snprintf(text, size, "no. %u", ((const struct account *)lock)->number);
}

static void account_init(struct account *account, unsigned number)
{
    pthread_mutex_init(&account->lock, NULL);
    lockval_set_class(&account->lock, LOCKVAL_MUTEX, &account_key, "account");
    lockval_set_order(&account->lock, LOCKVAL_MUTEX, compare_accounts, print_account);
    account->number = number;
    account->balance = 100;
}

static void transfer(struct account *from, struct account *to, long amount)
{
    pthread_mutex_lock(&from->lock); /* the bug: this is not always the lower number */
    pthread_mutex_lock(&to->lock);
    from->balance -= amount;
    to->balance += amount;
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}

int main(void)
{
    struct account one, two;

    account_init(&one, 1);
    account_init(&two, 2);
    transfer(&one, &two, 10);
    transfer(&two, &one, 20);
    printf("%ld and %ld\n", one.balance, two.balance);
    (void)compare_accounts;
    (void)print_account;
    return 0;
}
