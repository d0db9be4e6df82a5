/* SPDX-License-Identifier: MIT */
/* A lock order that is expected, in the file locks.order, and programs that keep it or do not. Nothing here closes a circle. */
#include "join_order.h"

#include <semaphore.h>

/* order: lock a = static:expect:a */
/* order: lock b = static:expect:b # the second */
/* order: lock c = static:*:c */
/* order: lock rw rwlock = static:expect:rw */
/* order: allow a -> b */
/* order: allow b -> c */
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other2 = PTHREAD_MUTEX_INITIALIZER, other3 = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;

static void down(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0);
}

static void up(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_unlock(mutex) == 0);
}

static void nest3(pthread_mutex_t *outer, pthread_mutex_t *middle, pthread_mutex_t *inner)
{
    down(outer);
    nest(middle, inner);
    up(outer);
}

/* case: fits */
static void fits(void)
{
    nest3(&a, &b, &c);
    nest(&b, &c);
    nest(&other, &c);
    nest(&c, &other2);
}

/* case: against */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: acquisition against the expected lock order$ */
/* expect: ^which is against the lock order that is expected:\n  locks.order:1: no line allows b -> a$ */
/* expect: ^the held lock was taken at:\n  \w+\+0x */
/* expect: ^verdict: misuse\n  the lock order that is expected says so, whether it can hang or not\nclasses: b .*\n {9}a  */
/* expect: ^1 lock held by .*\n #0: 0x[0-9a-f]+ \(b\) */
/* expect: ^  misuse    order     b -> a  \[ */
static void against(void)
{
    for (int i = 0; i < 3; i++)
        nest(&b, &a);
}

/* case: once-for-a-pair */
/* status: 66 */
/* findings: 2 */
static void *again(void *unused)
{
    nest(&b, &a);
    return unused;
}

static void once_for_a_pair(void)
{
    nest(&b, &a);
    nest3(&other, &b, &a);
    run_thread(again, NULL);
    nest(&c, &b);
}

/* case: a-trylock-does-not-wait */
static void a_trylock_does_not_wait(void)
{
    down(&b);
    MUST(pthread_mutex_trylock(&a) == 0);
    up(&a);
    up(&b);
}

/* case: under-a-trylock */
/* status: 66 */
/* findings: 1 */
static void under_a_trylock(void)
{
    MUST(pthread_mutex_trylock(&b) == 0);
    down(&a);
    up(&a);
    up(&b);
}

static void timed(void)
{
    struct timespec until = far_away(CLOCK_REALTIME);

    down(&c);
    MUST(pthread_mutex_timedlock(&a, &until) == 0);
    up(&a);
    up(&c);
}

/* case: with-a-time-limit */
/* status: 66 */
/* findings: 1 */
/* expect: no line allows c -> a */

/* case: a-time-limit-is-allowed */
/* order: allow c -> a [ENt] */

/* case: only-with-a-time-limit */
/* status: 66 */
/* findings: 1 */
/* order: allow c -> a [ENt] */
/* expect: ^  locks.order:8: allow c -> a \[ENt\], and this is \[EN\]$ */
static void only_with_a_time_limit(void)
{
    timed();
    nest(&c, &a);
}

/* case: readers */
/* status: 66 */
/* findings: 1 */
/* order: allow rw -> a [SN] */
/* expect: allow rw -> a \[SN\], and this is \[EN\]$ */
static void readers(void)
{
    MUST(pthread_rwlock_rdlock(&rw) == 0);
    down(&a);
    up(&a);
    MUST(pthread_rwlock_unlock(&rw) == 0);
    MUST(pthread_rwlock_wrlock(&rw) == 0);
    down(&a);
    up(&a);
    MUST(pthread_rwlock_unlock(&rw) == 0);
}

/* case: recursion */
/* order: nesting forbidden */
/* order: leaf recursive */
/* order: lock recursive = static:expect:recursive */
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void recursion(void)
{
    down(&recursive);
    nest(&recursive, &recursive);
    up(&recursive);
}

/* case: leaf */
/* status: 66 */
/* findings: 1 */
/* order: leaf c # it is short */
/* expect: ^  locks.order:8: leaf c: nothing is taken while it is held # it is short$ */
/* case: leaf-over-another */
/* args: leaf */
/* status: 66 */
/* findings: 1 */
/* order: leaf c */
static void leaf(void)
{
    nest(&c, &other);
}

/* case: levels */
/* status: 66 */
/* findings: 1 */
/* order: rule levels */
/* order: level 1 */
/* order: lock one = static:expect:other */
/* order: level 2 */
/* order: lock two = static:expect:other2 */
/* order: level 3 */
/* order: lock three = static:expect:other3 */
/* expect: two is of level 2 \(line 12\), and one is of level 1 \(line 10\): lower levels come first$ */
static void levels(void)
{
    nest(&other, &other3);
    nest(&other2, &other3);
    nest(&other2, &other);
}

/* A lock that no line names stands between. */
/* case: forbidden-with-a-lock-between */
/* status: 66 */
/* findings: 1 */
/* order: forbid c -> a # a may wait for long */
/* expect: ^  locks.order:8: forbid c -> a # a may wait for long$ */
static void forbidden_with_a_lock_between(void)
{
    nest3(&c, &other, &a);
}

/* case: down-with-a-lock-between */
/* status: 66 */
/* findings: 1 */
/* order: level 1 */
/* order: lock one = static:expect:other */
/* order: level 2 */
/* order: lock two = static:expect:other2 */
static void down_with_a_lock_between(void)
{
    static pthread_mutex_t unnamed = PTHREAD_MUTEX_INITIALIZER;

    nest3(&other2, &unnamed, &other);
}

/* case: others */
/* status: 66 */
/* findings: 3 */
/* order: others forbidden */
/* expect: others are forbidden, and no line names either lock$ */
/* expect: others are forbidden, and no line names the one that is held$ */
/* expect: others are forbidden, and no line names the one that is wanted$ */
static void others(void)
{
    nest(&a, &b);
    nest(&a, &other);
    nest(&other, &b);
    nest(&other, &other2);
}

static pthread_mutex_t many[2];

__attribute__((noinline)) static void init_many(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_init(mutex, NULL) == 0);
}

/* case: nesting */
/* status: 66 */
/* findings: 1 */
/* order: nesting forbidden */
/* order: lock many = init:expect:init_many:mutex:1 */
/* expect: ^  locks.order:8: no line lets two locks of many nest$ */
static void nesting(void)
{
    init_many(&many[0]);
    init_many(&many[1]);
    nest(&many[0], &many[1]);
}

/* case: nesting-is-allowed */
/* order: nesting forbidden */
/* order: nest many */
/* order: lock many = init:expect:init_many:mutex:1 */

static pthread_mutex_t first, second;

/* Which of them is initialised: the first, the second, or both. */
__attribute__((noinline)) static void set_up(int which)
{
    if (__builtin_expect((which & 1) != 0, 1))
        MUST(pthread_mutex_init(&first, NULL) == 0);
    if (__builtin_expect((which & 2) != 0, 1))
        MUST(pthread_mutex_init(&second, NULL) == 0);
}

/* case: numbers */
/* status: 66 */
/* findings: 1 */
/* order: lock first = init:expect:set_up:mutex:1 */
/* order: lock second = init:expect:set_up:mutex:2 */
/* order: allow first -> second */
/* expect: no line allows second -> first */
static void numbers(void)
{
    set_up(1 | 2);
    nest(&second, &first);
}

/* What is the first one here was the second one in the run that the file was written from. */
/* case: numbers-in-another-order */
/* order: lock first = init:expect:set_up:mutex:1 */
/* order: lock second = init:expect:set_up:mutex:2 */
/* order: allow first -> second */
static void numbers_in_another_order(void)
{
    set_up(2);
    set_up(1);
    nest(&first, &second);
}

/* The thread has taken its locks before it is joined, */
static void *work(void *unused)
{
    nest(&a, &b);
    say_done();
    return unused;
}

static void a_join(void)
{
    join_under(&c, run(work, NULL));
}

/* or takes them when another one waits for its end. */
static void *work_late(void *unused)
{
    while (!sleeps_in_join(main_thread, pthread_self()))
        sched_yield();
    nest(&a, &b);
    return unused;
}

static void a_late_join(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, work_late, NULL) == 0);
    join_under(&c, thread);
}

/* case: a-join */
/* status: 66 */
/* findings: 1 */
/* order: lock worker = join:expect:work */
/* order: allow worker -> * */
/* expect: no line allows c -> worker$ */
/* expect: is about to wait for:$ */

/* case: what-a-thread-takes */
/* args: a-join */
/* status: 66 */
/* findings: 1 */
/* order: lock worker = join:expect:work */
/* order: allow c -> worker */
/* order: allow worker -> b */
/* expect: no line allows worker -> a$ */
/* expect: ^work/\d+ tried earlier to acquire lock:\n.* \(a\) */
/* expect: its end is what was waited for:$ */

/* case: a-late-join */
/* status: 66 */
/* findings: 1 */
/* order: lock worker = join:expect:work_late */
/* order: allow c -> worker */
/* order: forbid worker -> a */
/* order: allow worker -> * */
/* expect: ^  locks.order:10: forbid worker -> a$ */
/* expect: ^the end is waited for at:\n  join_under */
/* expect: ^stack backtrace:\n work_late */

/* case: a-join-that-fits */
/* args: a-join */
/* order: lock worker = join:expect:work */
/* order: allow c -> worker */
/* order: allow worker -> a */
/* order: allow worker -> b */

/* A semaphore counts from when it is known to be a lock. */
/* case: a-semaphore */
/* status: 66 */
/* findings: 1 */
/* order: lock sem semaphore = init:expect:a_semaphore:semaphore:1 */
/* order: forbid sem -> a */
/* expect: forbid sem -> a$ */
/* expect: tried earlier to acquire lock:$ */
static void a_semaphore(void)
{
    sem_t sem;

    MUST(sem_init(&sem, 0, 1) == 0);
    MUST(sem_wait(&sem) == 0);
    down(&a);
    up(&a);
    MUST(sem_post(&sem) == 0);
    MUST(sem_destroy(&sem) == 0);
}

/* case: a-forked-child */
/* findings: 1 */
/* status: 66 */
/* expect: no line allows c -> a */
static void a_forked_child(void)
{
    pid_t child;
    int status;

    nest(&a, &b);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        nest(&a, &b);
        nest(&c, &a);
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child);
    MUST(WIFEXITED(status));
    exit(WEXITSTATUS(status));
}

/* case: another-program */
/* args: against */
/* order: program something-else */
/* case: this-program */
/* args: against */
/* status: 66 */
/* findings: 1 */
/* order: program something-else */
/* order: program exp?ct */

/* case: a-wrong-file */
/* args: against */
/* order: leaf nobody */
/* order: level x */
/* expect: ^lockval: locks.order:9: 'x' is no level: levels are numbers from 0 to 1000000\nlockval: locks.order:8: no line names a lock 'nobody'\nlockval: option 'expect': locks.order is not used, as 2 things are wrong with it$ */
/* reject: WARNING */

/* case: no-file */
/* args: against */
/* options: expect=nowhere.order */
/* expect: ^lockval: option 'expect': nowhere.order cannot be read$ */

/* case: what-was-never-met */
/* args: fits */
/* options: stats=1 */
/* order: leaf rw */
/* order: nest a */
/* order: forbid c -> a */
/* order: lock nobody = name:nobody */
/* expect: ^  never met: locks.order:5: lock rw\n  never met: locks.order:11: lock nobody\n  never met: locks.order:9: nest a\n  expect             3 of 10 lines of locks.order were never met$ */
/* reject: never met: .*(a -> b|b -> c|leaf|forbid) */

int main(int argc, char **argv)
{
    static const struct join_case cases[] = {
        { "fits", fits },
        { "against", against },
        { "once-for-a-pair", once_for_a_pair },
        { "a-trylock-does-not-wait", a_trylock_does_not_wait },
        { "under-a-trylock", under_a_trylock },
        { "with-a-time-limit", timed },
        { "a-time-limit-is-allowed", timed },
        { "only-with-a-time-limit", only_with_a_time_limit },
        { "readers", readers },
        { "recursion", recursion },
        { "leaf", leaf },
        { "levels", levels },
        { "forbidden-with-a-lock-between", forbidden_with_a_lock_between },
        { "down-with-a-lock-between", down_with_a_lock_between },
        { "others", others },
        { "nesting", nesting },
        { "nesting-is-allowed", nesting },
        { "numbers", numbers },
        { "numbers-in-another-order", numbers_in_another_order },
        { "a-join", a_join },
        { "a-late-join", a_late_join },
        { "a-semaphore", a_semaphore },
        { "a-forked-child", a_forked_child },
    };

    (void)argc;
    return run_cases(cases, sizeof(cases) / sizeof(cases[0]), argv);
}
