/* SPDX-License-Identifier: MIT */
/* A small server, whose order is good: config before session before queue, and a log below everything. */
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

int main(void)
{
    login();
    send_one();
    printf("%d lines\n", lines);
    return 0;
}
