/* SPDX-License-Identifier: MIT */
/*
 * Two locks. ledger_pay() takes accounts_lock and then history_lock, and ledger_audit() takes them the other way round: a
 * process that has a thread in each of them can hang. No program of this folder's tests is such a process.
 */

#include "ledger.h"

#include <pthread.h>

static pthread_mutex_t accounts_lock = PTHREAD_MUTEX_INITIALIZER;
static int balance[LEDGER_ACCOUNTS]; /* accounts_lock */

static pthread_mutex_t history_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int from, to, amount;
} history[LEDGER_HISTORY]; /* history_lock */
static int length, opened; /* history_lock: how many payments; with how much money each account began */

void ledger_open(int money)
{
    pthread_mutex_lock(&accounts_lock);
    for (int i = 0; i < LEDGER_ACCOUNTS; i++)
        balance[i] = money;
    pthread_mutex_unlock(&accounts_lock);
    pthread_mutex_lock(&history_lock);
    length = 0;
    opened = money;
    pthread_mutex_unlock(&history_lock);
}

static int note(int from, int to, int amount)
{
    int status = -1;

    pthread_mutex_lock(&history_lock);
    if (length < LEDGER_HISTORY) {
        history[length].from = from;
        history[length].to = to;
        history[length].amount = amount;
        length++;
        status = 0;
    }
    pthread_mutex_unlock(&history_lock);
    return status;
}

int ledger_pay(int from, int to, int amount)
{
    int status = -1;

    pthread_mutex_lock(&accounts_lock);
    if (balance[from] >= amount && note(from, to, amount) == 0) {
        balance[from] -= amount;
        balance[to] += amount;
        status = 0;
    }
    pthread_mutex_unlock(&accounts_lock);
    return status;
}

int ledger_audit(void)
{
    int expected[LEDGER_ACCOUNTS], status = 0;

    pthread_mutex_lock(&history_lock);
    for (int i = 0; i < LEDGER_ACCOUNTS; i++)
        expected[i] = opened;
    for (int i = 0; i < length; i++) {
        expected[history[i].from] -= history[i].amount;
        expected[history[i].to] += history[i].amount;
    }
    pthread_mutex_lock(&accounts_lock);
    for (int i = 0; i < LEDGER_ACCOUNTS; i++)
        if (balance[i] != expected[i])
            status = -1;
    pthread_mutex_unlock(&accounts_lock);
    pthread_mutex_unlock(&history_lock);
    return status;
}
