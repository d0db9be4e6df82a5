/* SPDX-License-Identifier: MIT */
/* A bank. One thread pays wages, the other writes the balance. Both take the money first. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t money_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t paper_lock = PTHREAD_MUTEX_INITIALIZER;
static int money = 1000, lines;

static void *pay(void *unused)
{
    pthread_mutex_lock(&money_lock);
    money -= 10;
    pthread_mutex_lock(&paper_lock);
    lines++;
    pthread_mutex_unlock(&paper_lock);
    pthread_mutex_unlock(&money_lock);
    return unused;
}

static void *balance(void *unused)
{
    pthread_mutex_lock(&money_lock);
    pthread_mutex_lock(&paper_lock);
    lines++;
    printf("balance %d\n", money >= 0 ? 1 : 0);
    pthread_mutex_unlock(&paper_lock);
    pthread_mutex_unlock(&money_lock);
    return unused;
}

int main(void)
{
    pthread_t threads[2];

    pthread_create(&threads[0], NULL, pay, NULL);
    pthread_create(&threads[1], NULL, balance, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    printf("%d lines\n", lines);
    return 0;
}
