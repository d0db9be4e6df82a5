/* SPDX-License-Identifier: MIT */
/*
 * Two locks. store_put() takes index_lock and then journal_lock, and store_compact() takes them the other way round: a thread
 * in each of them can wait for the other for ever. None of the tests hangs.
 */

#include "store.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER;
static int values[STORE_KEYS]; /* index_lock */

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int key, value;
} journal[STORE_JOURNAL]; /* journal_lock */
static int length;        /* journal_lock */

static int append(int key, int value)
{
    int status = -1;

    pthread_mutex_lock(&journal_lock);
    if (length < STORE_JOURNAL) {
        journal[length].key = key;
        journal[length].value = value;
        length++;
        status = 0;
    }
    pthread_mutex_unlock(&journal_lock);
    return status;
}

void store_clear(void)
{
    pthread_mutex_lock(&index_lock);
    memset(values, 0, sizeof(values));
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_lock(&journal_lock);
    length = 0;
    pthread_mutex_unlock(&journal_lock);
}

int store_put(int key, int value)
{
    int status;

    pthread_mutex_lock(&index_lock);
    status = append(key, value);
    if (status == 0)
        values[key] = value;
    pthread_mutex_unlock(&index_lock);
    return status;
}

int store_get(int key)
{
    int value;

    pthread_mutex_lock(&index_lock);
    value = values[key];
    pthread_mutex_unlock(&index_lock);
    return value;
}

int store_journal_length(void)
{
    int result;

    pthread_mutex_lock(&journal_lock);
    result = length;
    pthread_mutex_unlock(&journal_lock);
    return result;
}

void store_replay(void)
{
    int read[STORE_KEYS] = { 0 };

    pthread_mutex_lock(&journal_lock);
    for (int i = 0; i < length; i++)
        read[journal[i].key] = journal[i].value;
    pthread_mutex_unlock(&journal_lock);
    pthread_mutex_lock(&index_lock);
    memcpy(values, read, sizeof(values));
    pthread_mutex_unlock(&index_lock);
}

void store_compact(void)
{
    pthread_mutex_lock(&journal_lock);
    pthread_mutex_lock(&index_lock);
    length = 0;
    for (int key = 0; key < STORE_KEYS; key++) {
        if (values[key] == 0)
            continue;
        journal[length].key = key;
        journal[length].value = values[key];
        length++;
    }
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&journal_lock);
}
