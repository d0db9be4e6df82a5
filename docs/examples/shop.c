/* SPDX-License-Identifier: MIT */
/* A shop: one thread sells and writes a line for each sale, another closes the journal's page. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t stock_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static int stock = 1000, lines, pages;

static void write_line(void)
{
    pthread_mutex_lock(&journal_lock);
    lines++;
    pthread_mutex_unlock(&journal_lock);
}

static void sell(void)
{
    pthread_mutex_lock(&stock_lock);
    stock--;
    write_line();
    pthread_mutex_unlock(&stock_lock);
}

static int count_stock(void)
{
    int count;

    pthread_mutex_lock(&stock_lock);
    count = stock;
    pthread_mutex_unlock(&stock_lock);
    return count;
}

static void close_page(void)
{
    pthread_mutex_lock(&journal_lock);
    printf("page %d: %d lines, %d left\n", ++pages, lines, count_stock());
    lines = 0;
    pthread_mutex_unlock(&journal_lock);
}

static void *customers(void *unused)
{
    for (int i = 0; i < 100; i++)
        sell();
    return unused;
}

static void *accountant(void *unused)
{
    usleep(50000); /* the end of the day */
    close_page();
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, customers, NULL);
    pthread_create(&threads[1], NULL, accountant, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
