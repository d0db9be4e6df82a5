/* SPDX-License-Identifier: MIT */
/*
 * A thread that takes again what it holds, and will wait for ever: the report is there before the hang. A report callback
 * lets the other thread end the program, which without the library would hang: so it is not run without.
 */
/* plain: no */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: deadlock$ */
/* stdout: ^reported: recursive deadlock$ */
#include "program.h"

#include <lockval.h>

static int pipe_ends[2];

static void on_report(const struct lockval_report *report, void *arg)
{
    (void)arg;
    printf("reported: %s %s\n", report->kind, report->verdict);
    fflush(stdout);
    (void)!write(pipe_ends[1], "r", 1);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void once_again(void)
{
    pthread_once(&once, once_again);
}

static void *hang(void *kind)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
    static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
    static pthread_spinlock_t spin;

    if (strcmp(kind, "mutex") == 0) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&mutex);
    } else if (strcmp(kind, "adaptive") == 0) {
        pthread_mutex_lock(&adaptive);
        pthread_mutex_lock(&adaptive);
    } else if (strcmp(kind, "write-after-read") == 0) {
        pthread_rwlock_rdlock(&rwlock);
        pthread_rwlock_wrlock(&rwlock);
    } else if (strcmp(kind, "once") == 0) {
        pthread_once(&once, once_again);
    } else {
        pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
        pthread_spin_lock(&spin);
        pthread_spin_lock(&spin);
    }
    puts("it came through");
    return NULL;
}

/* case: mutex */
/* case: adaptive */
/* case: write-after-read */
/* case: spin */
/* case: once */

int main(int argc, char **argv)
{
    pthread_t thread;
    char byte;

    (void)argc;
    lockval_set_report_callback(on_report, pipe_ends);
    MUST(pipe(pipe_ends) == 0);
    MUST(pthread_create(&thread, NULL, hang, argv[1]) == 0);
    MUST(read(pipe_ends[0], &byte, 1) == 1);
    _exit(0);
}
