/* SPDX-License-Identifier: MIT */
/* pthread_once and call_once: locks that are held while the routine runs, and no locks any more when it has run. */
/* The library's own frames are nobody's business. */
/* reject: liblockval\.so */
#include "program.h"

#include <lockval.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <threads.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, n = PTHREAD_MUTEX_INITIALIZER;
static int runs;

static void use_m(void)
{
    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    runs++;
}

static void use_n(void)
{
    nest(&m, &n);
    runs++;
}

static void count(void)
{
    runs++;
}

/* Two controls of one class: the first's routine takes m, the second is used under m. Nothing hangs. */
/* case: cycle */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: potential$ */
/* expect: once@ensure */
struct object {
    pthread_once_t once;
};

static __attribute__((noinline)) void ensure(struct object *object, void (*routine)(void))
{
    MUST(pthread_once(&object->once, routine) == 0);
}

static void cycle(void)
{
    struct object *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

    ensure(a, use_m);
    MUST(pthread_mutex_lock(&m) == 0);
    ensure(b, count);
    MUST(pthread_mutex_unlock(&m) == 0);
    free(a);
    free(b);
}

/* The class of a static control is the control. Its first routine is cancelled, so it is used again. */
/* case: retry */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: \(retried\) */
static pthread_once_t retried = PTHREAD_ONCE_INIT;

static void take_and_end(void)
{
    use_m();
    MUST(pthread_cancel(pthread_self()) == 0);
    pthread_testcancel();
}

static void *is_cancelled(void *unused)
{
    pthread_once(&retried, take_and_end);
    return unused;
}

static void once_under_m(pthread_once_t *once)
{
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(pthread_once(once, count) == 0);
    MUST(pthread_mutex_unlock(&m) == 0);
}

static void retry(void)
{
    run_thread(is_cancelled, NULL);
    once_under_m(&retried);
}

/* Who waits for the routine makes the same edge as who runs it, and makes it before the wait: the routine ends when the
 * report has come, and would never end without the library. */
/* case: waiter */
/* plain: no */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* stdout: ^reported$ */
static pthread_once_t awaited = PTHREAD_ONCE_INIT;
static pthread_barrier_t in_routine;
static int reported;

static void on_report(const struct lockval_report *report, void *unused)
{
    (void)report;
    (void)unused;
    puts("reported");
    __atomic_store_n(&reported, 1, __ATOMIC_RELEASE);
}

static void until_reported(void)
{
    use_m();
    pthread_barrier_wait(&in_routine);
    while (!__atomic_load_n(&reported, __ATOMIC_ACQUIRE))
        sched_yield();
}

static void *run_awaited(void *unused)
{
    MUST(pthread_once(&awaited, until_reported) == 0);
    return unused;
}

static void waiter(void)
{
    pthread_t thread;

    lockval_set_report_callback(on_report, NULL);
    MUST(pthread_barrier_init(&in_routine, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, run_awaited, NULL) == 0);
    pthread_barrier_wait(&in_routine);
    once_under_m(&awaited);
    MUST(pthread_join(thread, NULL) == 0);
}

/* What has run is no lock: used under what its routine took, in this thread and in another. */
/* case: settled */
static pthread_once_t early = PTHREAD_ONCE_INIT;
static once_flag early_c11 = ONCE_FLAG_INIT;

static void *use_settled(void *unused)
{
    once_under_m(&early);
    MUST(pthread_mutex_lock(&n) == 0);
    call_once(&early_c11, count);
    MUST(pthread_mutex_unlock(&n) == 0);
    return unused;
}

static void settled(void)
{
    MUST(pthread_once(&early, use_m) == 0);
    call_once(&early_c11, use_n);
    use_settled(NULL);
    run_thread(use_settled, NULL);
}

/* One inside the other, in one order. */
/* case: nested */
static pthread_once_t outer_once = PTHREAD_ONCE_INIT, middle_once = PTHREAD_ONCE_INIT, other_once = PTHREAD_ONCE_INIT;
static once_flag inner_once = ONCE_FLAG_INIT;

static void middle(void)
{
    use_m();
    call_once(&inner_once, use_n);
    runs += 10;
}

static void outer(void)
{
    MUST(pthread_once(&other_once, count) == 0);
    MUST(pthread_once(&middle_once, middle) == 0);
    runs += 100;
}

static void *use_outer(void *unused)
{
    MUST(pthread_once(&outer_once, outer) == 0);
    MUST(pthread_once(&outer_once, outer) == 0);
    MUST(pthread_once(&middle_once, middle) == 0);
    call_once(&inner_once, use_n);
    return unused;
}

static void nested(void)
{
    pthread_t thread[8];

    for (int i = 0; i < 8; i++)
        MUST(pthread_create(&thread[i], NULL, use_outer, NULL) == 0);
    for (int i = 0; i < 8; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* Eight threads at two hundred controls. */
/* case: race */
/* options: stats=1 */
/* expect: ^  findings +0$ */
/* expect: ^  instances-in-table +[0-9]$ */
static struct object objects[200];

static void *ensure_all(void *unused)
{
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        MUST(pthread_once(&objects[i].once, count) == 0);
        MUST(__atomic_load_n(&runs, __ATOMIC_RELAXED) > (int)i);
    }
    return unused;
}

static void race(void)
{
    pthread_t thread[8];

    for (int i = 0; i < 8; i++)
        MUST(pthread_create(&thread[i], NULL, ensure_all, NULL) == 0);
    for (int i = 0; i < 8; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* Routines that do not come to their end hold nothing any more: m, taken after that, is not under them. */
/* case: longjmp */
static pthread_once_t left = PTHREAD_ONCE_INIT;
static jmp_buf back;

static void leave(void)
{
    longjmp(back, 1);
}

static void leave_by_longjmp(void)
{
    if (setjmp(back) == 0)
        MUST(pthread_once(&left, leave) == 0);
    use_m();
    once_under_m(&left);
    nested();
}

/* case: cancel */
static void end_thread(void)
{
    MUST(pthread_cancel(pthread_self()) == 0);
    pthread_testcancel();
}

static void lock_at_end(void *unused)
{
    (void)unused;
    use_m();
}

static void *end_in_once(void *unused)
{
    pthread_cleanup_push(lock_at_end, NULL);
    pthread_once(&left, end_thread);
    pthread_cleanup_pop(0);
    return unused;
}

static void cancel(void)
{
    run_thread(end_in_once, NULL);
    once_under_m(&left);
}

/* A routine that forks: it goes on in both. */
/* case: fork */
/* stdout: ^child: 0$ */
static pid_t child;

static void fork_here(void)
{
    fflush(stdout);
    child = fork();
    use_m();
}

static void fork_in_once(void)
{
    int status;

    MUST(pthread_once(&left, fork_here) == 0);
    MUST(pthread_once(&left, fork_here) == 0);
    once_under_m(&left);
    if (child == 0)
        exit(0);
    MUST(waitpid(child, &status, 0) == child);
    printf("child: %d\n", status);
}

/* A signal handler with a once of its own, inside a routine. */
/* case: handler */
static pthread_once_t of_handler = PTHREAD_ONCE_INIT;

static void on_signal(int number)
{
    (void)number;
    pthread_once(&of_handler, count);
}

static void raise_here(void)
{
    raise(SIGUSR1);
    use_m();
}

static void handler(void)
{
    MUST(signal(SIGUSR1, on_signal) != SIG_ERR);
    MUST(pthread_once(&left, raise_here) == 0);
    once_under_m(&left);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "cycle", cycle },       { "retry", retry },     { "waiter", waiter }, { "settled", settled },
    { "nested", nested },     { "race", race },       { "cancel", cancel }, { "longjmp", leave_by_longjmp },
    { "fork", fork_in_once }, { "handler", handler },
};

int main(int argc, char **argv)
{
    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    printf("%d runs\n", runs);
    return 0;
}
