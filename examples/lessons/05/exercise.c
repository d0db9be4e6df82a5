/* SPDX-License-Identifier: MIT */
/* The small server has learned to reload: one function does not fit into its order. Find out which, by the graph. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t config = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t session = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t journal = PTHREAD_MUTEX_INITIALIZER;
static int lines;

static void write_line(void)
{
    pthread_mutex_lock(&journal);
    lines++;
    pthread_mutex_unlock(&journal);
}

static void login(void)
{
    pthread_mutex_lock(&config);
    pthread_mutex_lock(&session);
    write_line();
    pthread_mutex_unlock(&session);
    pthread_mutex_unlock(&config);
}

static void send_one(void)
{
    pthread_mutex_lock(&session);
    pthread_mutex_lock(&queue);
    write_line();
    pthread_mutex_unlock(&queue);
    pthread_mutex_unlock(&session);
}

static void expire(void)
{
    pthread_mutex_lock(&session);
    write_line();
    pthread_mutex_unlock(&session);
}

/* What waits in the queue is sent by the new configuration. */
static void reload(void)
{
    pthread_mutex_lock(&queue);
    write_line();
    pthread_mutex_lock(&config);
    write_line();
    pthread_mutex_unlock(&config);
    pthread_mutex_unlock(&queue);
}

int main(void)
{
    login();
    send_one();
    expire();
    reload();
    printf("%d lines\n", lines);
    return 0;
}
