/* SPDX-License-Identifier: MIT */
/* A cache and its log. The test calls both functions, from one thread, and passes. A second thread will come. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int entries, lines;

static void write_log(void)
{
    pthread_mutex_lock(&log_lock);
    lines++;
    pthread_mutex_unlock(&log_lock);
}

static void insert(void)
{
    pthread_mutex_lock(&cache_lock);
    entries++;
    write_log();
    pthread_mutex_unlock(&cache_lock);
}

static int size(void)
{
    int count;

    pthread_mutex_lock(&cache_lock);
    count = entries;
    pthread_mutex_unlock(&cache_lock);
    return count;
}

static void rotate(void)
{
    pthread_mutex_lock(&log_lock);
    printf("%d lines, %d entries\n", lines, size());
    lines = 0;
    pthread_mutex_unlock(&log_lock);
}

int main(void)
{
    insert();
    insert();
    rotate();
    return 0;
}
