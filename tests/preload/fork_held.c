/* SPDX-License-Identifier: MIT */
/*
 * Locks that another thread holds at the fork, and what the child does with them. A child that takes one would wait for
 * ever: it is told so before, which ends it here; an alarm ends it if it is not told. The parent finds nothing, whatever the
 * child does.
 */
#include "program.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, free_one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t robust, inherit, made[2];
static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER, read_by = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t strict = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_spinlock_t spin;
static mtx_t c11;
static struct shared {
    pthread_mutex_t mutex, by_mistake;
    pthread_spinlock_t spin;
} * shared;
extern pthread_mutex_t early_taken, early_renewed; /* of atfork_lib */

static int said[2], told[2];
static pthread_t holder;

static void init_all(void)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutex_init(&robust, &attr) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_STALLED) == 0);
    MUST(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
    MUST(pthread_mutex_init(&inherit, &attr) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_mutex_init(&made[i], NULL) == 0);
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(mtx_init(&c11, mtx_plain) == thrd_success);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(shared != MAP_FAILED);
    MUST(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_NONE) == 0);
    MUST(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
    MUST(pthread_mutex_init(&shared->mutex, &attr) == 0);
    MUST(pthread_mutex_init(&shared->by_mistake, NULL) == 0);
    MUST(pthread_spin_init(&shared->spin, PTHREAD_PROCESS_SHARED) == 0);
}

static void *hold_all(void *unused)
{
    pthread_mutex_t *const mutexes[] = { &mutex,   &adaptive, &errorcheck,    &recursive,          &robust,
                                         &inherit, &made[1],  &shared->mutex, &shared->by_mistake, &early_renewed };
    char byte = 's';

    nest(&free_one, &finding_a); /* held once, but not at the fork */
    for (size_t i = 0; i < sizeof(mutexes) / sizeof(mutexes[0]); i++)
        MUST(pthread_mutex_lock(mutexes[i]) == 0);
    MUST(pthread_rwlock_wrlock(&written) == 0);
    MUST(pthread_rwlock_rdlock(&read_by) == 0 && pthread_rwlock_rdlock(&strict) == 0);
    MUST(pthread_spin_lock(&spin) == 0 && pthread_spin_lock(&shared->spin) == 0);
    MUST(mtx_lock(&c11) == thrd_success);
    MUST(write(said[1], &byte, 1) == 1 && read(told[0], &byte, 1) == 1);
    MUST(mtx_unlock(&c11) == thrd_success);
    MUST(pthread_spin_unlock(&spin) == 0 && pthread_spin_unlock(&shared->spin) == 0);
    MUST(pthread_rwlock_unlock(&strict) == 0 && pthread_rwlock_unlock(&read_by) == 0);
    MUST(pthread_rwlock_unlock(&written) == 0);
    for (size_t i = sizeof(mutexes) / sizeof(mutexes[0]); i-- > 0;)
        MUST(pthread_mutex_unlock(mutexes[i]) == 0);
    return unused;
}

/* Run the case in a child of a process in which another thread holds all locks. */
static void in_child(void (*run)(void))
{
    char byte;
    pid_t pid;
    int status;

    MUST(pipe(said) == 0 && pipe(told) == 0);
    MUST(pthread_create(&holder, NULL, hold_all, NULL) == 0);
    MUST(read(said[0], &byte, 1) == 1);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        alarm(20);
        run();
        exit(0);
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    MUST(write(told[1], "g", 1) == 1 && pthread_join(holder, NULL) == 0);
}

/* ---- the child takes it -------------------------------------------------------------------------------------------- */

/* case: mutex */
/* plain: no */
/* options: halt_on_error=1 */
/* status: 0 */
/* stdout: ^child: 66$ */
/* findings: 1 */
/* expect: ^WARNING: lock held by a thread that a forked child does not have!$ */
/* expect: \(mutex\)\{....\}-\{4:4\}\nis about to be taken in a forked child, but a thread of the parent held it at the fork$ */
/* expect: ^which is held by hold_all/\d+, taken at:\n  hold_all\+ */
/* expect: ^verdict: misuse\n  the thread that holds it does not exist in this process */
/* expect: ^stack backtrace:\n take_mutex\+ */
static void take_mutex(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
}

/* case: adaptive */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: \(adaptive\).*\nis about to be taken in a forked child */
static void take_adaptive(void)
{
    pthread_mutex_lock(&adaptive);
}

/* case: errorcheck */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: \(errorcheck\).*\nis about to be taken in a forked child */
static void take_errorcheck(void)
{
    pthread_mutex_lock(&errorcheck);
}

/* case: recursive */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: \(recursive\).*\nis about to be taken in a forked child */
static void take_recursive(void)
{
    pthread_mutex_lock(&recursive);
}

/* case: robust */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: is about to be taken in a forked child */
static void take_robust(void)
{
    pthread_mutex_lock(&robust);
}

/* case: inherit */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: is about to be taken in a forked child */
static void take_inherit(void)
{
    pthread_mutex_lock(&inherit);
}

/* case: c11 */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: is about to be taken in a forked child */
static void take_c11(void)
{
    mtx_lock(&c11);
}

/* case: spin */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: is about to be taken in a forked child */
static void take_spin(void)
{
    pthread_spin_lock(&spin);
}

/* case: read-written */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: \(written\).*\nis about to be taken in a forked child */
static void read_written(void)
{
    pthread_rwlock_rdlock(&written);
}

/* Readers do not wait for readers, also of those that are gone; the writer does. */
/* case: write-read */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: \(read_by\).*\nis about to be taken in a forked child */
static void write_read(void)
{
    MUST(pthread_rwlock_rdlock(&read_by) == 0 && pthread_rwlock_unlock(&read_by) == 0);
    MUST(pthread_rwlock_rdlock(&strict) == 0 && pthread_rwlock_unlock(&strict) == 0);
    MUST(pthread_rwlock_tryrdlock(&read_by) == 0 && pthread_rwlock_unlock(&read_by) == 0);
    pthread_rwlock_wrlock(&read_by);
}

/* A lock of the same class, taken again and again from the same place, says nothing about this one. */
/* case: same-class */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: ^stack backtrace:\n same_class\+ */
static void same_class(void)
{
    for (int i = 0; i < 100; i++) {
        MUST(pthread_mutex_lock(&made[i / 99]) == 0);
        MUST(pthread_mutex_unlock(&made[i / 99]) == 0);
    }
}

/* case: in-thread */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: ^lock_mutex/\d+: lock$ */
/* expect: ^which is held by hold_all/ */
static void *lock_mutex(void *unused)
{
    pthread_mutex_lock(&mutex);
    return unused;
}

static void in_thread(void)
{
    run_thread(lock_mutex, NULL);
}

/* case: grandchild */
/* plain: no */
/* options: halt_on_error=1 */
/* stdout: ^child: 66$ */
/* status: 0 */
/* findings: 1 */
/* expect: ^which is held by hold_all/ */
static void grandchild(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        take_mutex();
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    _exit(WEXITSTATUS(status));
}

/* Released by the child: it does not hold it, and nobody it knows will. */
/* case: unlock */
/* status: 0 */
/* plain: no */
/* stdout: ^child: 66$ */
/* findings: 1 */
/* expect: ^is being released, but this thread does not hold it\n\nwhich is held by hold_all/ */
static void unlock_mutex(void)
{
    MUST(pthread_mutex_unlock(&mutex) == 0);
    nest(&mutex, &free_one);
}

/* A call that gives up is a note: it does not hang. */
/* case: timed */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  timed: the call gives up after a time$ */
/* stdout: ^child: 0$ */
static void timed(void)
{
    struct timespec past = long_ago();

    for (int i = 0; i < 3; i++)
        MUST(pthread_mutex_timedlock(&mutex, &past) == ETIMEDOUT);
}

/* ---- what is no finding -------------------------------------------------------------------------------------------- */

/* case: try */
/* stdout: ^child: 0$ */
static void try(void)
{
    MUST(pthread_mutex_trylock(&mutex) == EBUSY && pthread_mutex_trylock(&robust) == EBUSY);
    MUST(pthread_rwlock_trywrlock(&written) == EBUSY && pthread_rwlock_tryrdlock(&written) == EBUSY);
    MUST(pthread_rwlock_trywrlock(&read_by) == EBUSY);
    MUST(pthread_spin_trylock(&spin) == EBUSY && mtx_trylock(&c11) == thrd_busy);
}

/* case: others */
/* stdout: ^child: 0$ */
static void others(void)
{
    nest(&free_one, &finding_a);
    nest(&made[0], &finding_a);
    nest(&made[0], &finding_a);
}

/* case: made-anew */
/* stdout: ^child: 0$ */
static void made_anew(void)
{
    MUST(pthread_mutex_init(&mutex, NULL) == 0 && pthread_mutex_init(&made[1], NULL) == 0);
    MUST(pthread_rwlock_init(&read_by, NULL) == 0 && pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    for (int i = 0; i < 3; i++) {
        nest(&mutex, &made[1]);
        MUST(pthread_rwlock_wrlock(&read_by) == 0 && pthread_rwlock_unlock(&read_by) == 0);
        MUST(pthread_spin_lock(&spin) == 0 && pthread_spin_unlock(&spin) == 0);
    }
}

/* Without a call: the lock itself says that nobody holds it, and later that others do. */
/* case: assigned */
/* stdout: ^child: 0$ */
static void *read_it(void *unused)
{
    MUST(pthread_rwlock_rdlock(&read_by) == 0 && pthread_rwlock_unlock(&read_by) == 0);
    return unused;
}

static void assigned(void)
{
    mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    read_by = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
    nest(&mutex, &free_one);
    MUST(pthread_rwlock_rdlock(&read_by) == 0);
    run_thread(read_it, NULL);
    MUST(pthread_rwlock_unlock(&read_by) == 0);
    MUST(pthread_rwlock_wrlock(&read_by) == 0 && pthread_rwlock_unlock(&read_by) == 0);
}

/* Memory that the parent sees too: the holder lives there. */
/* case: shared */
/* stdout: ^child: 0$ */
static void in_shared_memory(void)
{
    struct timespec past = long_ago();

    MUST(pthread_mutex_timedlock(&shared->mutex, &past) == ETIMEDOUT);
    MUST(pthread_mutex_timedlock(&shared->by_mistake, &past) == ETIMEDOUT);
    MUST(pthread_spin_trylock(&shared->spin) == EBUSY);
}

/* A spinlock in memory that the parent sees too, held by the thread that forks: it is the parent's to release. */
/* case: own-shared-spin */
static void own_shared_spin(void)
{
    int status;
    pid_t pid;

    MUST(pthread_spin_lock(&shared->spin) == 0);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_spin_lock(&shared->spin) == 0 && pthread_spin_unlock(&shared->spin) == 0);
        _exit(0);
    }
    MUST(pid > 0 && pthread_spin_unlock(&shared->spin) == 0);
    MUST(waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", status);
}

/* Handlers that were registered before the library's: around fork, and a lock that they make anew. */
/* case: early-handlers */
/* stdout: ^child: 0$ */
static void early_handlers(void)
{
    nest(&early_taken, &early_renewed);
    nest(&early_taken, &early_renewed);
}

/* ---- the program's own handlers ------------------------------------------------------------------------------------ */

static void take_free_one(void)
{
    MUST(pthread_mutex_lock(&free_one) == 0);
}

static void release_free_one(void)
{
    MUST(pthread_mutex_unlock(&free_one) == 0);
}

static void *use_free_one(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
        nest(&free_one, &finding_a);
    return NULL;
}

/* A lock that a handler takes before the fork is its thread's own in the child, however others want it. */
/* case: handler-takes */
/* stdout: ^child: 0$ */
static void handler_takes(void)
{
    static int stop;
    pthread_t thread[2];

    MUST(pthread_atfork(take_free_one, release_free_one, release_free_one) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread[i], NULL, use_free_one, &stop) == 0);
    for (int i = 0; i < 20; i++)
        in_child(others);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

static void renew(void)
{
    MUST(pthread_mutex_init(&mutex, NULL) == 0);
}

static void take_renewed(void)
{
    nest(&mutex, &free_one);
}

/* case: handler-renews */
/* stdout: ^child: 0$ */
static void handler_renews(void)
{
    MUST(pthread_atfork(NULL, NULL, renew) == 0);
    in_child(take_renewed);
}

/* What the forking thread holds is held by both. */
/* case: own */
/* stdout: ^child: 0$ */
static void use_own(void)
{
    MUST(pthread_rwlock_unlock(&written) == 0 && pthread_mutex_unlock(&free_one) == 0);
    nest(&free_one, &finding_b);
}

static void own(void)
{
    pid_t pid;
    int status;

    MUST(pthread_mutex_lock(&free_one) == 0 && pthread_rwlock_wrlock(&written) == 0);
    fflush(stdout);
    pid = fork();
    use_own();
    if (pid == 0)
        exit(0);
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", status);
}

/* Children that no handler runs for. */
/* case: other-children */
static void other_children(void)
{
    char shell[] = "sh", option[] = "-c", text[] = "exit 6";
    char *argv[] = { shell, option, text, NULL };
    pthread_t thread;
    FILE *stream;
    pid_t pid;
    int status;
    char byte;

    MUST(pipe(said) == 0 && pipe(told) == 0);
    MUST(pthread_create(&thread, NULL, hold_all, NULL) == 0 && read(said[0], &byte, 1) == 1);
    printf("system: %d\n", system("exit 4"));
    stream = popen("exit 5", "r");
    MUST(stream != NULL);
    printf("popen: %d\n", pclose(stream));
    MUST(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0 && waitpid(pid, &status, 0) == pid);
    printf("posix_spawn: %d\n", status);
    fflush(stdout);
    pid = vfork();
    if (pid == 0)
        _exit(7);
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    printf("vfork: %d\n", status);
    MUST(write(told[1], "g", 1) == 1 && pthread_join(thread, NULL) == 0);
}

static const struct {
    const char *name;
    void (*in_child)(void);
    void (*whole)(void);
} cases[] = {
    { "mutex", take_mutex, NULL },
    { "adaptive", take_adaptive, NULL },
    { "errorcheck", take_errorcheck, NULL },
    { "recursive", take_recursive, NULL },
    { "robust", take_robust, NULL },
    { "inherit", take_inherit, NULL },
    { "c11", take_c11, NULL },
    { "spin", take_spin, NULL },
    { "read-written", read_written, NULL },
    { "write-read", write_read, NULL },
    { "same-class", same_class, NULL },
    { "in-thread", in_thread, NULL },
    { "grandchild", grandchild, NULL },
    { "unlock", unlock_mutex, NULL },
    { "timed", timed, NULL },
    { "try", try, NULL },
    { "others", others, NULL },
    { "made-anew", made_anew, NULL },
    { "assigned", assigned, NULL },
    { "shared", in_shared_memory, NULL },
    { "own-shared-spin", NULL, own_shared_spin },
    { "early-handlers", early_handlers, NULL },
    { "handler-takes", NULL, handler_takes },
    { "handler-renews", NULL, handler_renews },
    { "own", NULL, own },
    { "other-children", NULL, other_children },
};

int main(int argc, char **argv)
{
    (void)argc;
    init_all();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!is_case(argv, cases[i].name))
            continue;
        if (cases[i].in_child != NULL)
            in_child(cases[i].in_child);
        else
            cases[i].whole();
    }
    puts("done");
    return 0;
}
