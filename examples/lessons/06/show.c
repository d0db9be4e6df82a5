/* SPDX-License-Identifier: MIT */
/* A reader that reads again. Which kind of rwlock it is makes the difference. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_rwlock_t table;

static int find(void)
{
    int found;

    pthread_rwlock_rdlock(&table);
    found = 1;
    pthread_rwlock_unlock(&table);
    return found;
}

static int count(void)
{
    int found;

    pthread_rwlock_rdlock(&table);
    found = find() + find();
    pthread_rwlock_unlock(&table);
    return found;
}

static void *change(void *unused)
{
    pthread_rwlock_wrlock(&table);
    pthread_rwlock_unlock(&table);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_rwlockattr_t attributes;
    pthread_t writer;

    pthread_rwlockattr_init(&attributes);
    if (argc > 1 && strcmp(argv[1], "strict") == 0)
        pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&table, &attributes);
    printf("%d found\n", count());
    pthread_create(&writer, NULL, change, NULL);
    pthread_join(writer, NULL);
    return 0;
}
