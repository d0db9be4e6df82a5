/* SPDX-License-Identifier: MIT */
/*
 * Programs for `lockval threads`, by their argument: some hang, in known ways, and are killed by the test; some work. They
 * print "ready" when all their threads exist. What hangs has all signals blocked.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t together[2];
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static atomic_int there;

static void meet(int count)
{
    atomic_fetch_add(&there, 1);
    while (atomic_load(&there) < count)
        (void)sched_yield();
}

static void say_ready(void)
{
    (void)puts("ready");
    (void)fflush(stdout);
}

static void name(const char *text)
{
    (void)prctl(PR_SET_NAME, text);
}

/* ---- a circle of two, each in its own order ---- */

static void take_both(pthread_mutex_t *mine, pthread_mutex_t *other)
{
    pthread_mutex_lock(mine);
    meet(2);
    pthread_mutex_lock(other);
}

static void *take_second_first(void *unused)
{
    name("other way");
    take_both(&second, &first);
    return unused;
}

static void abba(void)
{
    pthread_t thread;

    (void)pthread_create(&thread, NULL, take_second_first, NULL);
    say_ready();
    take_both(&first, &second);
}

/* ---- the same, with locks made by a call, taken often before: nothing of it is new to the library ---- */

static void *take_second_often(void *unused)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&together[1]);
        pthread_mutex_unlock(&together[1]);
    }
    take_both(&together[1], &together[0]);
    return unused;
}

static void known(void)
{
    pthread_t thread;

    for (int i = 0; i < 2; i++)
        (void)pthread_mutex_init(&together[i], NULL);
    (void)pthread_create(&thread, NULL, take_second_often, NULL);
    say_ready();
    take_both(&together[0], &together[1]);
}

/* ---- a wake-up that never comes, under a lock; and a join of who waits for it ---- */

static void *wait_for_ever(void *unused)
{
    name("waiter");
    pthread_mutex_lock(&second);
    meet(2);
    for (;;)
        pthread_cond_wait(&never, &second);
    return unused;
}

static void lost(void)
{
    pthread_t thread;

    pthread_mutex_lock(&first);
    (void)pthread_create(&thread, NULL, wait_for_ever, NULL);
    meet(2);
    say_ready();
    (void)pthread_join(thread, NULL);
}

/* ---- a writer behind a reader that joins it ---- */

static void *write_table(void *unused)
{
    name("writer");
    pthread_rwlock_wrlock(&table);
    return unused;
}

static void readers(void)
{
    pthread_t thread;

    pthread_rwlock_rdlock(&table);
    pthread_rwlock_rdlock(&table);
    (void)pthread_create(&thread, NULL, write_table, NULL);
    say_ready();
    (void)pthread_join(thread, NULL);
}

/* ---- many threads, of which one has what all want ---- */

enum {
    CROWD = 200
};

static void *want_first(void *unused)
{
    pthread_mutex_lock(&first);
    return unused;
}

static void crowd(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, 256 * 1024);
    pthread_mutex_lock(&first);
    for (int i = 0; i < CROWD; i++)
        (void)pthread_create(&thread, &attr, want_first, NULL);
    say_ready();
    (void)pause();
}

/* ---- deep below, each call under a lock ---- */

static int dig(int depth)
{
    static pthread_mutex_t level[64];
    int deeper;

    if (depth < 64) {
        (void)pthread_mutex_init(&level[depth], NULL);
        pthread_mutex_lock(&level[depth]);
    }
    if (depth == 2000) {
        say_ready();
        return pause();
    }
    deeper = dig(depth + 1);
    return deeper + depth; /* no tail call */
}

static void deep(void)
{
    (void)dig(0);
}

/* ---- work with a result, for as long as nobody closes stdin ---- */

static atomic_bool enough;
static unsigned long sum, added[4];

static void *work(void *mine)
{
    unsigned long *count = mine;

    while (!atomic_load(&enough)) {
        pthread_rwlock_rdlock(&table);
        pthread_mutex_lock(&first);
        sum++;
        (*count)++;
        pthread_mutex_unlock(&first);
        pthread_rwlock_unlock(&table);
    }
    return mine;
}

static unsigned long sum_now(void)
{
    unsigned long now;

    pthread_mutex_lock(&first);
    now = sum;
    pthread_mutex_unlock(&first);
    return now;
}

static void busy(void)
{
    pthread_t threads[4];
    unsigned long all = 0;

    for (size_t i = 0; i < 4; i++)
        (void)pthread_create(&threads[i], NULL, work, &added[i]);
    say_ready();
    while (getchar() != EOF)
        continue;
    while (sum_now() < 1000)
        (void)sched_yield();
    atomic_store(&enough, true);
    for (size_t i = 0; i < 4; i++) {
        (void)pthread_join(threads[i], NULL);
        all += added[i];
    }
    (void)printf("%s\n", all == sum ? "right" : "wrong");
}

/* ---- threads that come and go ---- */

static void *be_short(void *unused)
{
    pthread_mutex_lock(&first);
    sum++;
    pthread_mutex_unlock(&first);
    return unused;
}

static void *make_threads(void *unused)
{
    unsigned long made = 0;
    pthread_t thread;

    for (; !atomic_load(&enough); made++)
        if (pthread_create(&thread, NULL, be_short, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return unused;
    return made == sum ? &sum : unused;
}

static void churn(void)
{
    pthread_t thread;
    void *good;

    (void)pthread_create(&thread, NULL, make_threads, NULL);
    say_ready();
    while (getchar() != EOF)
        continue;
    atomic_store(&enough, true);
    (void)pthread_join(thread, &good);
    (void)printf("%s\n", good != NULL ? "right" : "wrong");
}

/* ---- signals, which must not get lost, and calls, which must not be interrupted ---- */

static atomic_ulong got;

static void count(int number)
{
    (void)number;
    atomic_fetch_add(&got, 1);
}

/* Each is sent only when the one before has come. */
static void *send_signals(void *target)
{
    while (!atomic_load(&enough)) {
        unsigned long before = atomic_load(&got);

        (void)pthread_kill(*(pthread_t *)target, SIGUSR1);
        while (atomic_load(&got) == before)
            (void)sched_yield();
        added[0]++;
    }
    return target;
}

static void signals(void)
{
    static pthread_t self;
    pthread_t thread;

    self = pthread_self();
    (void)signal(SIGUSR1, count);
    (void)pthread_create(&thread, NULL, send_signals, &self);
    say_ready();
    while (getchar() != EOF)
        continue;
    atomic_store(&enough, true);
    (void)pthread_join(thread, NULL);
    (void)printf("%s\n", got == added[0] && got != 0 ? "right" : "wrong");
}

static void until(struct timespec *ret, long ns)
{
    (void)clock_gettime(CLOCK_REALTIME, ret);
    ret->tv_nsec += ns;
    ret->tv_sec += ret->tv_nsec / 1000000000;
    ret->tv_nsec %= 1000000000;
}

/* Waits that end in time, and by nothing else. */
static void *wait_in_all_ways(void *unused)
{
    static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
    static sem_t empty;
    const struct timespec pause = { .tv_nsec = 2000000 };
    struct timespec end;

    (void)pthread_mutex_trylock(&held);
    while (!atomic_load(&enough)) {
        bool good = nanosleep(&pause, NULL) == 0 && poll(NULL, 0, 2) == 0;

        until(&end, 2000000);
        good = good && sem_timedwait(&empty, &end) == -1 && errno == ETIMEDOUT;
        good = good && pthread_mutex_timedlock(&held, &end) == ETIMEDOUT;
        pthread_mutex_lock(&second);
        until(&end, 2000000);
        good = good && pthread_cond_timedwait(&never, &second, &end) == ETIMEDOUT;
        pthread_mutex_unlock(&second);
        if (!good)
            return NULL;
    }
    return unused;
}

static void waits(void)
{
    pthread_t threads[2];
    void *good;
    bool all = true;

    for (size_t i = 0; i < 2; i++)
        (void)pthread_create(&threads[i], NULL, wait_in_all_ways, &got);
    say_ready();
    while (getchar() != EOF)
        continue;
    atomic_store(&enough, true);
    for (size_t i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], &good);
        all = all && good != NULL;
    }
    (void)printf("%s\n", all ? "right" : "wrong");
}

/* ---- a child that waits in the kernel where nothing wakes it: its parent waits for the end of vfork ---- */

static void vforked(void)
{
    pid_t child;

    pthread_mutex_lock(&first);
    say_ready();
    child = vfork();
    if (child == 0) {
        char c;

        while (read(STDIN_FILENO, &c, 1) > 0)
            continue;
        _exit(0);
    }
    (void)waitpid(child, NULL, 0);
    pthread_mutex_unlock(&first);
    (void)puts("right");
}

static const struct {
    const char *name;
    void (*run)(void);
    bool hangs;
} programs[] = {
    /* clang-format off */
    { "abba", abba, true },
    { "known", known, true },
    { "lost", lost, true },
    { "readers", readers, true },
    { "crowd", crowd, true },
    { "deep", deep, true },
    { "busy", busy, false },
    { "churn", churn, false },
    { "vforked", vforked, false },
    { "signals", signals, false },
    { "waits", waits, false },
    /* clang-format on */
};

int main(int argc, char **argv)
{
    sigset_t all;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; argc > 1 && i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (strcmp(argv[1], programs[i].name) != 0)
            continue;
        if (programs[i].hangs) {
            (void)sigfillset(&all);
            (void)pthread_sigmask(SIG_SETMASK, &all, NULL);
        }
        programs[i].run();
        return 0;
    }
    return 2;
}
