/* SPDX-License-Identifier: MIT */
/* Threads: made, joined, detached, their attributes, stacks and names. */
/* status: 0 */
#include "conform.h"

static atomic_bool go_on;

static void *give_back(void *arg)
{
    return arg;
}

static __attribute__((noinline, noreturn)) void exit_deep(int depth, void *value)
{
    char here[64];

    memset(here, depth, sizeof(here));
    __asm__ volatile("" : : "r"(here) : "memory");
    if (depth > 0)
        exit_deep(depth - 1, value);
    pthread_exit(value);
}

static void *leave_by_exit(void *arg)
{
    exit_deep(20, arg);
}

static void *wait_for_sign(void *arg)
{
    while (!atomic_load(&go_on))
        sched_yield();
    return arg;
}

static void joined(void)
{
    pthread_t thread;
    void *ret = NULL;

    IS(0, pthread_create(&thread, NULL, give_back, &ret));
    IS(0, pthread_join(thread, &ret));
    YES(ret == &ret);
    IS(0, pthread_create(&thread, NULL, leave_by_exit, &go_on));
    IS(0, pthread_join(thread, &ret));
    YES(ret == &go_on);
    IS(0, pthread_create(&thread, NULL, give_back, NULL));
    IS(0, pthread_join(thread, NULL));
    IS(EDEADLK, pthread_join(pthread_self(), NULL));
}

enum way {
    JOIN,
    TIMED,
    CLOCK_REAL,
    CLOCK_MONO,
    WAYS
};

struct joining {
    pthread_t thread;
    enum way way;
    void *value;
};

static int join_by(void *arg)
{
    struct joining *j = arg;
    struct timespec real = far_away(CLOCK_REALTIME), mono = far_away(CLOCK_MONOTONIC);

    switch (j->way) {
    case JOIN:
        return pthread_join(j->thread, &j->value);
    case TIMED:
        return pthread_timedjoin_np(j->thread, &j->value, &real);
    case CLOCK_REAL:
        return pthread_clockjoin_np(j->thread, &j->value, CLOCK_REALTIME, &real);
    default:
        return pthread_clockjoin_np(j->thread, &j->value, CLOCK_MONOTONIC, &mono);
    }
}

static void waits(void)
{
    struct timespec past = long_ago();

    for (enum way way = JOIN; way < WAYS; way++) {
        struct joining joining = { .way = way };
        struct job job;
        void *ret = &past;

        printf(" way %d\n", way);
        atomic_store(&go_on, false);
        IS(0, pthread_create(&joining.thread, NULL, wait_for_sign, &joining));
        IS(EBUSY, pthread_tryjoin_np(joining.thread, &ret));
        IS(ETIMEDOUT, pthread_timedjoin_np(joining.thread, &ret, &past));
        IS(ETIMEDOUT, pthread_clockjoin_np(joining.thread, &ret, CLOCK_REALTIME, &past));
        IS(ETIMEDOUT, pthread_clockjoin_np(joining.thread, &ret, CLOCK_MONOTONIC, &past));
        IS(EINVAL, pthread_clockjoin_np(joining.thread, &ret, CLOCK_PROCESS_CPUTIME_ID, &past));
        YES(ret == &past);
        job_start(&job, join_by, &joining);
        YES(job_sleeps_in(&job, SYS_futex));
        /* One who waits is cancelled: the thread can still be joined. */
        IS(0, pthread_cancel(job.thread));
        IS(-1, job_end(&job));
        job_start(&job, join_by, &joining);
        YES(job_sleeps_in(&job, SYS_futex));
        atomic_store(&go_on, true);
        IS(0, job_end(&job));
        YES(joining.value == &joining);
    }
}

static void tried(void)
{
    pthread_t thread;
    void *ret = NULL;
    int r;

    atomic_store(&go_on, true);
    IS(0, pthread_create(&thread, NULL, wait_for_sign, &go_on));
    while ((r = pthread_tryjoin_np(thread, &ret)) == EBUSY)
        sched_yield();
    IS(0, r);
    YES(ret == &go_on);
}

static atomic_int ran_detached;

static void *run_detached(void *arg)
{
    if (arg != NULL)
        MUST(pthread_detach(pthread_self()) == 0);
    while (!atomic_load(&go_on))
        sched_yield();
    atomic_fetch_add(&ran_detached, 1);
    return NULL;
}

static void detached(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    int state = -1;

    atomic_store(&go_on, false);
    IS(0, pthread_attr_init(&attr));
    IS(0, pthread_attr_getdetachstate(&attr, &state));
    IS(PTHREAD_CREATE_JOINABLE, state);
    IS(EINVAL, pthread_attr_setdetachstate(&attr, 99));
    IS(0, pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
    IS(0, pthread_create(&thread, &attr, run_detached, NULL));
    IS(EINVAL, pthread_join(thread, NULL));
    IS(EINVAL, pthread_detach(thread));
    IS(0, pthread_create(&thread, NULL, run_detached, NULL));
    IS(0, pthread_detach(thread));
    IS(EINVAL, pthread_detach(thread));
    SAME(pthread_tryjoin_np(thread, NULL));
    IS(0, pthread_create(&thread, NULL, run_detached, &attr));
    IS(0, pthread_attr_destroy(&attr));
    atomic_store(&go_on, true);
    while (atomic_load(&ran_detached) < 3)
        sched_yield();
    IS(3, atomic_load(&ran_detached));
}

/* ---- stacks ---- */

static int seen_inside;
static size_t seen_size, seen_guard;

static void *look_at_stack(void *unused)
{
    pthread_attr_t attr;
    char here;
    void *low;

    MUST(pthread_getattr_np(pthread_self(), &attr) == 0);
    MUST(pthread_attr_getstack(&attr, &low, &seen_size) == 0);
    MUST(pthread_attr_getguardsize(&attr, &seen_guard) == 0);
    MUST(pthread_attr_destroy(&attr) == 0);
    seen_inside = &here > (char *)low && &here < (char *)low + seen_size;
    return unused;
}

static void stacks(void)
{
    static const size_t sizes[] = { 16384, 65536, 1 << 20, 3 << 20 };
    pthread_attr_t attr;
    pthread_t thread;
    size_t got = 0;
    void *own;

    IS(0, pthread_attr_init(&attr));
    IS(EINVAL, pthread_attr_setstacksize(&attr, 100));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i] < (size_t)PTHREAD_STACK_MIN ? (size_t)PTHREAD_STACK_MIN : sizes[i];

        IS(0, pthread_attr_setstacksize(&attr, size));
        IS(0, pthread_attr_getstacksize(&attr, &got));
        YES(got == size);
        IS(0, pthread_attr_setguardsize(&attr, 8192 * i));
        IS(0, pthread_create(&thread, &attr, look_at_stack, NULL));
        IS(0, pthread_join(thread, NULL));
        IS(1, seen_inside);
        SAME(seen_size);
        SAME(seen_guard);
    }
    IS(0, pthread_attr_setstacksize(&attr, (size_t)1 << 56));
    IS(EAGAIN, pthread_create(&thread, &attr, look_at_stack, NULL));
    IS(0, pthread_attr_destroy(&attr));
    IS(0, pthread_attr_init(&attr));
    own = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(EINVAL, pthread_attr_setstack(&attr, own, 100));
    IS(0, pthread_attr_setstack(&attr, own, 1 << 18));
    IS(0, pthread_create(&thread, &attr, look_at_stack, NULL));
    IS(0, pthread_join(thread, NULL));
    IS(1, seen_inside);
    IS(1 << 18, seen_size);
    IS(0, munmap(own, 1 << 18));
    IS(0, pthread_attr_destroy(&attr));
    look_at_stack(NULL);
    IS(1, seen_inside); /* the main thread's */
}

/* ---- names and what else a thread has ---- */

static void *look_at_name(void *name)
{
    MUST(pthread_getname_np(pthread_self(), name, 16) == 0);
    return NULL;
}

static void names(void)
{
    char name[16] = "";
    pthread_t thread;

    IS(0, pthread_getname_np(pthread_self(), name, sizeof(name)));
    puts(name);
    IS(ERANGE, pthread_setname_np(pthread_self(), "sixteen characters"));
    IS(ERANGE, pthread_getname_np(pthread_self(), name, 4));
    IS(0, pthread_setname_np(pthread_self(), "conformist"));
    IS(0, pthread_create(&thread, NULL, look_at_name, name)); /* inherited */
    IS(0, pthread_join(thread, NULL));
    puts(name);
    atomic_store(&go_on, false);
    IS(0, pthread_create(&thread, NULL, wait_for_sign, NULL));
    IS(0, pthread_setname_np(thread, "of another"));
    IS(0, pthread_getname_np(thread, name, sizeof(name)));
    puts(name);
    atomic_store(&go_on, true);
    IS(0, pthread_join(thread, NULL));
}

static void *look_at_mask(void *mask)
{
    MUST(pthread_sigmask(SIG_SETMASK, NULL, mask) == 0);
    errno = 17;
    return &errno;
}

static void inherited(void)
{
    sigset_t some, seen;
    pthread_t thread;
    void *other_errno;
    int policy = -1;
    struct sched_param param;
    cpu_set_t cpus;

    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigaddset(&some, SIGRTMIN + 3);
    IS(0, pthread_sigmask(SIG_SETMASK, &some, NULL));
    errno = 18;
    MUST(pthread_create(&thread, NULL, look_at_mask, &seen) == 0 && pthread_join(thread, &other_errno) == 0);
    YES(errno == 18 && other_errno != &errno);
    IS(0, memcmp(&some, &seen, sizeof(long)));
    sigemptyset(&some);
    IS(0, pthread_sigmask(SIG_SETMASK, &some, NULL));
    IS(0, pthread_getschedparam(pthread_self(), &policy, &param));
    IS(SCHED_OTHER, policy);
    IS(0, pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus));
    YES(pthread_equal(pthread_self(), pthread_self()));
    YES(getpid() == gettid());
    IS(0, pthread_kill(pthread_self(), 0));
    IS(EINVAL, pthread_kill(pthread_self(), 1000));
}

/* Many at once, and again and again. */
static void *count_up(void *counter)
{
    return (void *)(intptr_t)atomic_fetch_add((atomic_int *)counter, 1);
}

static void many(void)
{
    static atomic_int counter;
    long sum = 0;

    for (int i = 0; i < 20; i++) {
        pthread_t thread[20];
        void *ret;

        for (int j = 0; j < 20; j++)
            MUST(pthread_create(&thread[j], NULL, count_up, &counter) == 0);
        for (int j = 0; j < 20; j++) {
            MUST(pthread_join(thread[j], &ret) == 0);
            sum += (long)(intptr_t)ret;
        }
    }
    IS(400L * 399 / 2, sum);
}

CONFORM({ "joined", joined }, { "waits", waits }, { "tried", tried }, { "detached", detached }, { "stacks", stacks },
        { "names", names }, { "inherited", inherited }, { "many", many })
