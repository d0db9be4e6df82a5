/* SPDX-License-Identifier: MIT */
/* The locks of streams, as far as the program takes them itself. */
#include "program.h"

#include <dlfcn.h>
#include <sys/wait.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void file_then_m(FILE *file)
{
    flockfile(file);
    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    funlockfile(file);
}

static void m_then_file(FILE *file)
{
    MUST(pthread_mutex_lock(&m) == 0);
    flockfile(file);
    funlockfile(file);
    MUST(pthread_mutex_unlock(&m) == 0);
}

/* case: standard */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: 0x[0-9a-f]+ \(stdout\)\{ */
/* expect: ^ +stdout +static \(libc\.so\.6\)$ */
static void standard(void)
{
    file_then_m(stdout);
    m_then_file(stdout);
}

/* A stream's class is the place that locked it first, so that many are one. */
/* case: opened */
/* status: 66 */
/* findings: 1 */
/* expect: file@file_then_m */
static void opened(void)
{
    FILE *one = tmpfile(), *two = tmpfile();

    file_then_m(one);
    file_then_m(two);
    m_then_file(two);
    MUST(fclose(one) == 0 && fclose(two) == 0);
}

/* case: tried */
/* status: 66 */
/* findings: 1 */
/* expect: \(stderr\) */
static void tried(void)
{
    MUST(ftrylockfile(stderr) == 0);
    MUST(ftrylockfile(stderr) == 0);
    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    funlockfile(stderr);
    funlockfile(stderr);
    m_then_file(stderr);
}

/* Counted, in one order, tried in the other, and used with the lock held. */
/* case: clean */
static void *try_stdout(void *unused)
{
    MUST(ftrylockfile(stdout) != 0);
    return unused;
}

static void clean(void)
{
    for (int i = 0; i < 3; i++) {
        flockfile(stdout);
        flockfile(stdout);
        puts("twice");
        MUST(ftrylockfile(stdout) == 0);
        funlockfile(stdout);
        run_thread(try_stdout, NULL);
        funlockfile(stdout);
        putchar_unlocked('\n');
        MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
        funlockfile(stdout);
    }
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(ftrylockfile(stdout) == 0);
    funlockfile(stdout);
    puts("stdout is used under m");
    MUST(pthread_mutex_unlock(&m) == 0);
}

/* A stream that is closed is gone, locked or not, and so is its class: what is opened in its memory is another one. Also
 * where an allocator comes first, so that no call of free() is seen. */
/* case: closed */
/* options: stats=1 */
/* expect: ^  findings +0$ */
/* expect: ^  instances-in-table +[0-9]$ */
/* case: closed-unseen */
/* args: closed */
/* with-first: slab_malloc */
/* options: stats=1 */
/* expect: ^  findings +0$ */
/* expect: ^  instances-in-table +[0-9]$ */
static void closed(void)
{
    for (int i = 0; i < 50; i++) {
        FILE *file = tmpfile();

        flockfile(file);
        MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
        if (i % 2 == 0)
            funlockfile(file);
        MUST(fclose(file) == 0);
        file = popen("exit 3", "r");
        MUST(pthread_mutex_lock(&m) == 0);
        flockfile(file); /* another place than above */
        printf("%d\n", WEXITSTATUS(pclose(file)));
        MUST(pthread_mutex_unlock(&m) == 0);
        MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    }
}

/* case: unlock */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad unlock balance detected!$ */
/* expect: \(stdin\) */
static void unlock(void)
{
    flockfile(stdin);
    funlockfile(stdin);
    funlockfile(stdin);
}

/* case: unlock-elsewhere */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad unlock balance detected!$ */
/* expect: ^unlock_stdin/ */
static void *unlock_stdin(void *unused)
{
    funlockfile(stdin);
    return unused;
}

static void unlock_elsewhere(void)
{
    flockfile(stdin);
    run_thread(unlock_stdin, NULL);
}

/* A stream that was locked on a way that no hook sees is the thread's own: the stream says so. */
/* case: unseen */
static void unseen(void)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    void (*lock)(FILE *) = libc != NULL ? (void (*)(FILE *))dlsym(libc, "flockfile") : NULL;

    MUST(lock != NULL);
    lock(stdin);
    flockfile(stdin);
    funlockfile(stdin);
    funlockfile(stdin);
}

/* A forked child finds every stream unlocked where the parent has threads. */
/* case: fork */
static void *stay(void *barrier)
{
    pthread_barrier_wait(barrier);
    return NULL;
}

static void *other_order(void *unused)
{
    m_then_file(stdin);
    return unused;
}

static void in_fork(void)
{
    pthread_barrier_t barrier;
    pthread_t thread;
    pid_t pid;
    int status;

    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, stay, &barrier) == 0);
    flockfile(stdin);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0); /* under nothing */
        run_thread(other_order, NULL);
        _exit(0);
    }
    funlockfile(stdin);
    m_then_file(stdin);
    MUST(waitpid(pid, &status, 0) == pid);
    printf("child: %d\n", status);
    pthread_barrier_wait(&barrier);
    MUST(pthread_join(thread, NULL) == 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "standard", standard },
    { "opened", opened },
    { "tried", tried },
    { "clean", clean },
    { "closed", closed },
    { "unlock", unlock },
    { "unlock-elsewhere", unlock_elsewhere },
    { "fork", in_fork },
    { "unseen", unseen },
};

int main(int argc, char **argv)
{
    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
