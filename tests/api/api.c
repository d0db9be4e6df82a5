/* SPDX-License-Identifier: MIT */
/* Owns nothing but constants. Threads are made one after another, so nothing here is shared between two that run. */

#include "api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void api_say_finding(const struct lockval_report *report, void *arg)
{
    (void)arg;
    fprintf(stderr, "[finding %s %s %s]\n", report->kind, report->verdict, report->fingerprint);
}

int api_is_watched(void)
{
    return lockval_version() != NULL;
}

void api_require(int condition, const char *what)
{
    if (condition || !api_is_watched())
        return;
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
}

struct call {
    void (*fn)(void);
};

static void *thread_main(void *arg)
{
    const struct call *call = arg;

    call->fn();
    return NULL;
}

void api_in_thread(void (*fn)(void))
{
    struct call call = { fn };
    pthread_t thread;

    if (pthread_create(&thread, NULL, thread_main, &call) != 0 || pthread_join(thread, NULL) != 0) {
        fprintf(stderr, "no thread\n");
        exit(1);
    }
}

int api_main(int argc, char **argv, const struct api_case *cases, unsigned count)
{
    (void)lockval_set_report_callback(api_say_finding, NULL);
    for (unsigned i = 0; i < count && argc == 2; i++) {
        if (strcmp(argv[1], cases[i].name) != 0)
            continue;
        cases[i].run();
        printf("done: %s\n", cases[i].name);
        return 0;
    }
    fprintf(stderr, "usage: %s CASE\n", argv[0]);
    return 2;
}
