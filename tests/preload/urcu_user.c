/* SPDX-License-Identifier: MIT */
/* A program that uses liburcu, of a flavour that registers threads by itself or of another: read sections, grace periods and
 * callbacks, fork with liburcu's own handlers around it. Built twice. */
/* case: read-and-wait */
/* case: callbacks */
/* case: fork */
/* Another thread holds a lock at the fork, which the child finds held, with liburcu's handlers around. */
/* case: fork-held */
/* findings: 1 */
/* expect: ^WARNING: lock held by a thread that a forked child does not have!$ */
/* expect: ^verdict: guarded$ */
/* case: finds */
/* status: 66 */
/* findings: 1 */
#include "program.h"

#ifdef FLAVOUR_BP
#include <urcu-bp.h>
#define BEFORE_FORK urcu_bp_before_fork
#define AFTER_FORK_PARENT urcu_bp_after_fork_parent
#define AFTER_FORK_CHILD urcu_bp_after_fork_child
#else
#include <urcu.h>
#define BEFORE_FORK call_rcu_before_fork
#define AFTER_FORK_PARENT call_rcu_after_fork_parent
#define AFTER_FORK_CHILD call_rcu_after_fork_child
#endif
#include <stdatomic.h>
#include <sys/wait.h>

static pthread_mutex_t writer = PTHREAD_MUTEX_INITIALIZER;
static int *shared_value;
static atomic_int stop, called;

static void *reader(void *unused)
{
    rcu_register_thread();
    while (!atomic_load(&stop)) {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
        int *value;

        rcu_read_lock();
        value = rcu_dereference(shared_value);
        /* A lock that is new, inside of a read section: the slow way. */
        MUST(pthread_mutex_lock(&fresh) == 0);
        MUST(*value >= 0);
        MUST(pthread_mutex_unlock(&fresh) == 0);
        rcu_read_unlock();
    }
    rcu_unregister_thread();
    return unused;
}

static void write_and_wait(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        int *new_value = malloc(sizeof(*new_value)), *old;

        MUST(new_value != NULL);
        *new_value = i;
        MUST(pthread_mutex_lock(&writer) == 0);
        old = rcu_xchg_pointer(&shared_value, new_value);
        synchronize_rcu();
        *old = -1;
        free(old);
        MUST(pthread_mutex_unlock(&writer) == 0);
    }
}

struct item {
    struct rcu_head head;
};

static void on_grace_period(struct rcu_head *head)
{
    free(head); /* the first member */
    atomic_fetch_add(&called, 1);
}

static void callbacks(void)
{
    for (int i = 0; i < 100; i++) {
        struct item *item = malloc(sizeof(*item));

        MUST(item != NULL);
        MUST(pthread_mutex_lock(&writer) == 0);
        call_rcu(&item->head, on_grace_period);
        MUST(pthread_mutex_unlock(&writer) == 0);
    }
    rcu_barrier();
    MUST(atomic_load(&called) == 100);
}

static void fork_and_use(void)
{
    MUST(pthread_atfork(BEFORE_FORK, AFTER_FORK_PARENT, AFTER_FORK_CHILD) == 0);
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            make_no_finding();
            write_and_wait(1);
            _exit(0);
        }
        MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    }
}

static int holds[2], may_end[2];

static void *hold_writer(void *unused)
{
    char byte = 'h';

    rcu_register_thread();
    MUST(pthread_mutex_lock(&writer) == 0);
    MUST(write(holds[1], &byte, 1) == 1 && read(may_end[0], &byte, 1) == 1);
    MUST(pthread_mutex_unlock(&writer) == 0);
    rcu_unregister_thread();
    return unused;
}

static void fork_while_held(void)
{
    struct timespec past = long_ago();
    pthread_t thread;
    char byte;
    pid_t pid;
    int status;

    MUST(pthread_atfork(BEFORE_FORK, AFTER_FORK_PARENT, AFTER_FORK_CHILD) == 0);
    MUST(pipe(holds) == 0 && pipe(may_end) == 0);
    MUST(pthread_create(&thread, NULL, hold_writer, NULL) == 0 && read(holds[0], &byte, 1) == 1);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_mutex_timedlock(&writer, &past) == ETIMEDOUT);
        MUST(pthread_mutex_init(&writer, NULL) == 0);
        write_and_wait(1);
        _exit(0);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    MUST(write(may_end[1], "e", 1) == 1 && pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    pthread_t thread[2];
    int readers = strncmp(argv[1], "fork", 4) == 0 ? 0 : 2; /* a child has no readers but itself */

    (void)argc;
    rcu_register_thread();
    shared_value = calloc(1, sizeof(*shared_value));
    MUST(shared_value != NULL);
    for (int i = 0; i < readers; i++)
        MUST(pthread_create(&thread[i], NULL, reader, NULL) == 0);
    if (is_case(argv, "callbacks"))
        callbacks();
    else if (is_case(argv, "fork"))
        fork_and_use();
    else if (is_case(argv, "fork-held"))
        fork_while_held();
    else
        write_and_wait(50);
    atomic_store(&stop, 1);
    for (int i = 0; i < readers; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    if (is_case(argv, "finds"))
        make_finding();
    free(shared_value);
    rcu_unregister_thread();
    puts("done");
    return 0;
}
