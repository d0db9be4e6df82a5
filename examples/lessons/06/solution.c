/* SPDX-License-Identifier: MIT */
/* A phone book whose writers do not starve: readers wait behind a waiting writer. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>

static pthread_rwlock_t book;
static int numbers[4] = { 11, 22, 33, 44 };

/* The caller holds the book. */
static int number_of(int i)
{
    return numbers[i];
}

static int look_up(int i)
{
    int number;

    pthread_rwlock_rdlock(&book);
    number = number_of(i);
    pthread_rwlock_unlock(&book);
    return number;
}

static int sum(void)
{
    int all = 0;

    pthread_rwlock_rdlock(&book);
    for (int i = 0; i < 4; i++)
        all += number_of(i);
    pthread_rwlock_unlock(&book);
    return all;
}

static void *change(void *unused)
{
    pthread_rwlock_wrlock(&book);
    numbers[3] = 45;
    pthread_rwlock_unlock(&book);
    return unused;
}

int main(void)
{
    pthread_rwlockattr_t attributes;
    pthread_t writer;

    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&book, &attributes);
    printf("sum %d\n", sum());
    pthread_create(&writer, NULL, change, NULL);
    pthread_join(writer, NULL);
    printf("last %d\n", look_up(3));
    return 0;
}
