/* SPDX-License-Identifier: MIT */
/*
 * orders clean|abba [--status N] [--say TEXT] [--show ARGUMENT ...]: takes two locks in one order, or in both, prints what it is
 * told to, and ends with the status. It also answers what gtest_discover_tests() asks a program for, and runs the tests that it
 * says it has.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void take_both_ways(void)
{
    take(&a, &b);
    take(&b, &a);
}

static void show(int count, char **arguments)
{
    const char *preload = getenv("LD_PRELOAD"), *shown = getenv("SHOWN");
    int times = 0;

    for (const char *at = preload; at != NULL && (at = strstr(at, "liblockval.so")) != NULL; at++)
        times++;
    printf("preloaded %d times, SHOWN is '%s'\n", times, shown != NULL ? shown : "");
    for (int i = 0; i < count; i++)
        printf("argument %d is '%s'\n", i, arguments[i]);
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc > 1 && strcmp(argv[1], "--gtest_list_tests") == 0) {
        printf("Order.\n  clean\n  abba\n");
        return 0;
    }
    if (argc > 1 && strncmp(argv[1], "--gtest_filter=", 15) == 0) {
        if (strstr(argv[1], "abba") != NULL)
            take_both_ways();
        return 0;
    }
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "abba") == 0)
        take_both_ways();
    else
        take(&a, &b);
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--show") == 0) {
            show(argc - i - 1, argv + i + 1);
            break;
        }
        if (strcmp(argv[i], "--say") == 0 && i + 1 < argc)
            printf("%s\n", argv[++i]);
        else if (strcmp(argv[i], "--status") == 0 && i + 1 < argc)
            status = atoi(argv[++i]);
    }
    return status;
}
