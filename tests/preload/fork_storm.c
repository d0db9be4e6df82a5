/* SPDX-License-Identifier: MIT */
/* Two hundred forks while other threads take locks, meet new ones, and come and go. A child works: it takes locks and
 * makes threads. What must not happen is a hang. */
/* case: locks */
/* case: births */

/* _Fork, which runs no handlers: its child may take locks all the same. */
/* case: raw */

/* The child of _Fork calls fork. */
/* case: raw-again */

/* A thread flushes all streams, one has a stream's lock and meets new locks. */
/* case: streams */

/* A library's handler of fork, registered before main, takes a mutex under which others meet new locks. */
/* case: handlers */

#include "program.h"

#include <stdatomic.h>
#include <sys/wait.h>

enum {
    FORKS = 200,
    HAMMERS = 3
};

static atomic_int stop;
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

/* Known and new locks: both the fast and the slow way. */
static void *hammer(void *unused)
{
    while (!atomic_load(&stop)) {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_t made;

        MUST(pthread_mutex_init(&made, NULL) == 0);
        nest(&shared_lock, &fresh);
        nest(&shared_lock, &made);
        MUST(pthread_mutex_destroy(&made) == 0);
    }
    return unused;
}

static void *short_life(void *unused)
{
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;

    MUST(pthread_mutex_lock(&mine) == 0);
    MUST(pthread_mutex_unlock(&mine) == 0);
    return unused;
}

static void *breed(void *unused)
{
    while (!atomic_load(&stop))
        run_thread(short_life, NULL);
    return unused;
}

static FILE *file;

static void *flush(void *unused)
{
    while (!atomic_load(&stop))
        (void)fflush(NULL);
    return unused;
}

static void *meet_in_stream(void *unused)
{
    while (!atomic_load(&stop)) {
        flockfile(file);
        for (int i = 0; i < 20; i++) {
            pthread_spinlock_t spin;

            MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
            MUST(pthread_spin_destroy(&spin) == 0);
        }
        funlockfile(file);
    }
    return unused;
}

pthread_mutex_t *mutex_of_fork(void); /* of atfork_user */

static void *meet_in_handlers_mutex(void *unused)
{
    while (!atomic_load(&stop)) {
        MUST(pthread_mutex_lock(mutex_of_fork()) == 0);
        for (int i = 0; i < 20; i++) {
            pthread_spinlock_t spin;

            MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
            MUST(pthread_spin_destroy(&spin) == 0);
        }
        MUST(pthread_mutex_unlock(mutex_of_fork()) == 0);
        (void)nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL); /* lets the others have it */
    }
    return unused;
}

/* What the thread with this number does. */
static void *(*work(char **argv, int number))(void *)
{
    if (is_case(argv, "streams"))
        return number == 0 ? flush : meet_in_stream;
    if (is_case(argv, "handlers"))
        return meet_in_handlers_mutex;
    return strncmp(argv[1], "raw", 3) == 0 || is_case(argv, "locks") ? hammer : breed;
}

/* In a child of _Fork. */
static void fork_again(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(0);
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void child(int raw, int again)
{
    static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    nest(&own, &fresh);
    if (again)
        fork_again();
    if (raw)
        _exit(0);
    run_thread(short_life, NULL);
    run_thread(short_life, NULL);
    _exit(0);
}

int main(int argc, char **argv)
{
    pthread_t thread[HAMMERS];
    int again = is_case(argv, "raw-again"), raw = again || is_case(argv, "raw");

    (void)argc;
    file = fopen("/dev/null", "w");
    MUST(file != NULL);
    for (int i = 0; i < HAMMERS; i++)
        MUST(pthread_create(&thread[i], NULL, work(argv, i), NULL) == 0);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = raw ? _Fork() : fork();
        int status;

        if (pid == 0)
            child(raw, again);
        MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
        MUST(status == 0);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < HAMMERS; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    puts("done");
    return 0;
}
