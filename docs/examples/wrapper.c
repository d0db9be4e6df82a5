/* SPDX-License-Identifier: MIT */
/* All locks of the program are made by one function, so all of them seem to be of one class. */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t *new_lock(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));

    if (lock == NULL || pthread_mutex_init(lock, NULL) != 0)
        abort();
    return lock;
}

static pthread_mutex_t *new_account(void)
{
    pthread_mutex_t *lock = new_lock();

    return lock;
}

static pthread_mutex_t *new_journal(void)
{
    pthread_mutex_t *lock = new_lock();

    return lock;
}

int main(void)
{
    pthread_mutex_t *account = new_account(), *journal = new_journal();

    /* An account before the table, the table before the journal: an order like any other. */
    pthread_mutex_lock(account);
    pthread_mutex_lock(&table);
    pthread_mutex_unlock(&table);
    pthread_mutex_unlock(account);
    pthread_mutex_lock(&table);
    pthread_mutex_lock(journal);
    pthread_mutex_unlock(journal);
    pthread_mutex_unlock(&table);
    return 0;
}
