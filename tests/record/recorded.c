/* SPDX-License-Identifier: MIT */
/* A program whose record comes to its end in many ways: recorded CASE. ends.py says what each must leave behind. */

#include "../preload/program.h"

#include <fcntl.h>
#include <lockval.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
    LOCKS = 24,
    CHILDREN = 8,
    THREADS = 8
};

static void make_locks(pthread_mutex_t *locks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        MUST(pthread_mutex_init(&locks[i], NULL) == 0);
}

static pthread_mutex_t locks[LOCKS];

/* Every lock has a class of its own. Before threads use them. */
static void prepare_much(void)
{
    static struct lockval_key keys[LOCKS];
    static char names[LOCKS][16];

    make_locks(locks, LOCKS);
    for (size_t i = 0; i < LOCKS; i++) {
        snprintf(names[i], sizeof(names[i]), "lock-%zu", i);
        lockval_set_class(&locks[i], LOCKVAL_MUTEX, &keys[i], names[i]);
    }
}

/* Each lock under each that came before it: n * (n - 1) / 2 edges. */
static void learn_much(void)
{
    for (size_t i = 0; i < LOCKS; i++)
        for (size_t j = i + 1; j < LOCKS; j++)
            nest(&locks[i], &locks[j]);
}

static void *learn_in_thread(void *unused)
{
    (void)unused;
    learn_much();
    return NULL;
}

static void ends_by_return(void)
{
    make_finding();
}

static void ends_by_exit(void)
{
    make_finding();
    exit(3);
}

static void ends_by__exit(void)
{
    make_finding();
    _exit(3);
}

static void ends_by_quick_exit(void)
{
    make_finding();
    quick_exit(3);
}

static void clean(void)
{
    make_no_finding();
}

static void ends_by_abort(void)
{
    make_finding();
    abort();
}

static void killed(void)
{
    make_finding();
    (void)raise(SIGKILL);
}

/* Killed while many threads learn. */
static void killed_in_the_middle(void)
{
    pthread_t threads[THREADS];

    prepare_much();
    make_finding();
    for (size_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, learn_in_thread, NULL) == 0);
    MUST(pthread_join(threads[0], NULL) == 0);
    (void)raise(SIGKILL);
}

/* Wait for a child that ends with @status. */
static void await(pid_t pid, int status)
{
    int got;

    MUST(pid > 0 && waitpid(pid, &got, 0) == pid);
    MUST(WIFEXITED(got) && WEXITSTATUS(got) == status);
}

static int with_library(int status)
{
    return getenv("LD_PRELOAD") != NULL ? status : 0;
}

static pthread_mutex_t known_a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t known_b = PTHREAD_MUTEX_INITIALIZER;

/* The child knows an order from its parent, and finds the other one by itself. */
static void forks(void)
{
    pid_t pid;

    nest(&known_a, &known_b);
    pid = fork();
    if (pid == 0) {
        nest(&known_b, &known_a);
        exit(0);
    }
    await(pid, with_library(66));
    pid = fork();
    if (pid == 0)
        _exit(0); /* learned nothing */
    await(pid, 0);
}

static void becomes_another(char *self)
{
    char *const arguments[] = { self, "clean", NULL };

    make_finding();
    (void)execv("/proc/self/exe", arguments);
    MUST(errno == 0); /* it does not come back */
}

static void forks_and_becomes(char *self)
{
    char *const arguments[] = { self, "return", NULL };
    pid_t pid;

    make_no_finding();
    pid = fork();
    if (pid == 0) {
        (void)execv("/proc/self/exe", arguments);
        _exit(99);
    }
    await(pid, with_library(66));
}

static void many_processes(void)
{
    pid_t pids[CHILDREN];

    prepare_much();
    for (size_t i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            learn_much();
            exit(0);
        }
    }
    for (size_t i = 0; i < CHILDREN; i++)
        await(pids[i], 0);
}

static void many_threads(void)
{
    pthread_t threads[THREADS];

    prepare_much();
    for (size_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, learn_in_thread, NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
}

/* A daemon changes its folder and closes what it does not know. */
static void moves(void)
{
    MUST(chdir("/") == 0);
    for (int fd = 3; fd < 256; fd++)
        (void)close(fd);
    make_finding();
}

static void has_no_room(void)
{
    struct rlimit limit = { 20000, 20000 };

    MUST(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    prepare_much();
    learn_much();
    make_finding();
}

static void odd_names(void)
{
    static const char *const names[] = {
        "\x80\xff",         "\xc3\xa9t\xc3\xa9", "\xc0\xaf", "\xed\xa0\x80", "a\"b\\c\n\t\x01\x7f",
        "\xf0\x9f\x94\x92", "\xf4\x90\x80\x80",  "\xe2\x82"
    };
    static pthread_mutex_t odd[sizeof(names) / sizeof(names[0])];
    static struct lockval_key keys[sizeof(names) / sizeof(names[0])];
    size_t n = sizeof(names) / sizeof(names[0]);

    make_locks(odd, n);
    for (size_t i = 0; i < n; i++)
        lockval_set_class(&odd[i], LOCKVAL_MUTEX, &keys[i], names[i]);
    for (size_t i = 0; i + 1 < n; i++)
        nest(&odd[i], &odd[i + 1]);
    nest(&odd[n - 1], &odd[0]);
}

/* Three classes in a circle that two acquisitions close: of c with a and b held, of a with c held. */
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;
static int turn;

static void *deep(void *unused)
{
    (void)unused;
    (void)pthread_setname_np(pthread_self(), "deep");
    MUST(pthread_mutex_lock(&a) == 0);
    nest(&b, &c);
    MUST(pthread_mutex_unlock(&a) == 0);
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2)
        (void)sched_yield();
    return NULL;
}

static void *back(void *unused)
{
    (void)unused;
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 1)
        (void)sched_yield();
    nest(&c, &a);
    __atomic_store_n(&turn, 2, __ATOMIC_RELEASE);
    return NULL;
}

static void three(void)
{
    pthread_t threads[2];

    MUST(pthread_create(&threads[0], NULL, deep, NULL) == 0);
    MUST(pthread_create(&threads[1], NULL, back, NULL) == 0);
    for (size_t i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
}

/* Both wait; the library ends the process (on_deadlock=exit). */
static void *other_way(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&b) == 0);
    __atomic_add_fetch(&turn, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2)
        (void)sched_yield();
    MUST(pthread_mutex_lock(&a) == 0);
    return NULL;
}

static void hangs(void)
{
    pthread_t thread;

    (void)alarm(30);
    MUST(pthread_create(&thread, NULL, other_way, NULL) == 0);
    MUST(pthread_mutex_lock(&a) == 0);
    __atomic_add_fetch(&turn, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != 2)
        (void)sched_yield();
    MUST(pthread_mutex_lock(&b) == 0);
}

/*
 * The record is a pipe that is full and that nobody reads: who learns waits for it, for a second at most. The others go on
 * meanwhile: with what they know, and with threads that come and go, for which they need the internal lock. What main
 * knows it has to learn when the learner is there already: to make a thread is something new.
 */
static int learner;

static void *learn_into_a_pipe(void *unused)
{
    (void)unused;
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == 0)
        (void)sched_yield();
    __atomic_store_n(&learner, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    nest(&b, &c);
    return NULL;
}

static void *nothing(void *unused)
{
    return unused;
}

static int is_in_poll(int tid)
{
    char path[64], text[128] = "";
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        (void)close(fd);
    return len > 0 && atoi(text) == SYS_ppoll;
}

static void stalled(void)
{
    pthread_t thread, brief;
    int polls = 0;

    MUST(pthread_create(&thread, NULL, learn_into_a_pipe, NULL) == 0);
    nest(&known_a, &known_b);
    MUST(kill(getppid(), SIGUSR1) == 0); /* fill the pipe now */
    while (access("filled", F_OK) != 0)
        (void)sched_yield();
    __atomic_store_n(&turn, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&learner, __ATOMIC_ACQUIRE) == 0 || !is_in_poll(learner))
        (void)sched_yield();
    for (int i = 0; i < 100; i++)
        nest(&known_a, &known_b);
    MUST(pthread_create(&brief, NULL, nothing, NULL) == 0);
    MUST(pthread_join(brief, NULL) == 0);
    polls = is_in_poll(learner);
    MUST(pthread_join(thread, NULL) == 0);
    printf("the others %s\n", polls ? "went on" : "waited");
}

static void *rename_late(void *unused)
{
    (void)unused;
    (void)pthread_setname_np(pthread_self(), "early");
    nest(&a, &b);
    (void)pthread_setname_np(pthread_self(), "late");
    nest(&b, &c);
    return NULL;
}

static void renamed(void)
{
    run_thread(rename_late, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "return", ends_by_return },
        { "exit", ends_by_exit },
        { "_exit", ends_by__exit },
        { "quick_exit", ends_by_quick_exit },
        { "clean", clean },
        { "abort", ends_by_abort },
        { "killed", killed },
        { "killed-in-the-middle", killed_in_the_middle },
        { "fork", forks },
        { "many-processes", many_processes },
        { "many-threads", many_threads },
        { "moves", moves },
        { "no-room", has_no_room },
        { "odd-names", odd_names },
        { "three", three },
        { "hangs", hangs },
        { "stalled", stalled },
        { "renamed", renamed },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return 0;
        }
    }
    if (argc == 2 && strcmp(argv[1], "exec") == 0)
        becomes_another(argv[0]);
    else if (argc == 2 && strcmp(argv[1], "fork-exec") == 0)
        forks_and_becomes(argv[0]);
    else
        MUST(argc == 0); /* no such case */
    return 0;
}
