/* SPDX-License-Identifier: MIT */
/*
 * Releases of locks that the thread does not hold: by nobody held, held by another thread, whose side is shown, or taken
 * where no hook sees it, which is no finding.
 */
#include "program.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <threads.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static mtx_t c11;

/* A thread that takes a lock, says so, and waits until it may go on. */
static int said[2], told[2];
static pthread_t other;

static void say_and_wait(void)
{
    char byte = 's';

    MUST(write(said[1], &byte, 1) == 1);
    MUST(read(told[0], &byte, 1) == 1);
}

static void start_other(void *(*start)(void *))
{
    char byte;

    MUST(pipe(said) == 0 && pipe(told) == 0);
    MUST(pthread_create(&other, NULL, start, NULL) == 0);
    MUST(read(said[0], &byte, 1) == 1);
}

static void end_other(void)
{
    MUST(write(told[1], "g", 1) == 1);
    MUST(pthread_join(other, NULL) == 0);
}

/* case: nobody-mutex */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad unlock balance detected!$ */
/* expect: ^is being released, but nobody holds it$ */
/* expect: ^verdict: misuse$ */
/* reject: which is held by */
/* expect: ^stack backtrace:\n nobody_mutex\+ */
static void nobody_mutex(void)
{
    nest(&mutex, &finding_a);
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

/* Never taken by anybody: it has a name all the same. */
/* case: never-taken */
/* status: 66 */
/* findings: 1 */
/* expect: ^0x[0-9a-f]+ \(rwlock\)\{\.\.\.\.\}-\{4:4\}\nis being released, but nobody holds it$ */
static void never_taken(void)
{
    (void)pthread_rwlock_unlock(&rwlock);
}

/* case: nobody-adaptive */
/* status: 66 */
/* findings: 1 */
/* expect: ^is being released, but nobody holds it$ */
static void nobody_adaptive(void)
{
    nest(&adaptive, &finding_a);
    for (int i = 0; i < 3; i++)
        MUST(pthread_mutex_unlock(&adaptive) == 0);
}

/* case: nobody-mtx */
/* status: 66 */
/* findings: 1 */
/* expect: ^is being released, but nobody holds it$ */
static void nobody_mtx(void)
{
    MUST(mtx_init(&c11, mtx_plain) == thrd_success);
    for (int i = 0; i < 3; i++)
        MUST(mtx_unlock(&c11) == thrd_success);
}

/* case: nobody-spin */
/* status: 66 */
/* findings: 1 */
/* expect: ^is being released, but nobody holds it$ */
static void nobody_spin(void)
{
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_lock(&spin) == 0 && pthread_spin_unlock(&spin) == 0);
    MUST(pthread_spin_unlock(&spin) == 0);
}

/* What glibc does to the lock then is undefined, so it is the last that is done with it. */
/* case: nobody-rwlock */
/* status: 66 */
/* findings: 1 */
/* expect: ^is being released, but nobody holds it$ */
static void nobody_rwlock(void)
{
    MUST(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    (void)pthread_rwlock_unlock(&rwlock);
}

/* Held by another thread: where it took the lock is shown. */
static void *hold_mutex(void *unused)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    say_and_wait();
    return unused;
}

/* case: other-mutex */
/* status: 66 */
/* findings: 1 */
/* expect: ^is being released, but this thread does not hold it\n\nwhich is held by hold_mutex/\d+, taken at:\n  hold_mutex */
/* expect: ^stack backtrace:\n other_mutex\+ */
static void other_mutex(void)
{
    start_other(hold_mutex);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    end_other();
}

static void *read_rwlock(void *unused)
{
    MUST(pthread_rwlock_rdlock(&rwlock) == 0);
    say_and_wait();
    return unused;
}

/* case: other-reader */
/* status: 66 */
/* findings: 1 */
/* expect: ^is being released, but this thread does not hold it\n\nwhich is held by read_rwlock/\d+, taken at:\n  read_rwlock */
/* expect: ^stack backtrace:\n other_reader\+ */
static void other_reader(void)
{
    start_other(read_rwlock);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    end_other();
}

static void *write_rwlock(void *unused)
{
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    say_and_wait();
    return unused;
}

/* The lock goes on to name the writer, so it is held when that thread ends. */
/* case: other-writer */
/* status: 66 */
/* findings: 2 */
/* expect: ^is held while its thread ends$ */
/* expect: ^which is held by write_rwlock/\d+, taken at:\n  write_rwlock */
/* expect: ^stack backtrace:\n other_writer\+ */
static void other_writer(void)
{
    start_other(write_rwlock);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    end_other();
}

static void *hold_spin(void *unused)
{
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_lock(&spin) == 0);
    say_and_wait();
    return unused;
}

/* case: other-spin */
/* status: 66 */
/* findings: 1 */
/* expect: ^which is held by hold_spin/\d+, taken at:\n  hold_spin */
/* expect: ^stack backtrace:\n other_spin\+ */
static void other_spin(void)
{
    start_other(hold_spin);
    MUST(pthread_spin_unlock(&spin) == 0);
    end_other();
}

/* A reader that released its share, and again while another thread reads: only the books know. */
/* case: reader-twice */
/* status: 66 */
/* findings: 1 */
/* expect: ^which is held by read_rwlock/ */
static void reader_twice(void)
{
    start_other(read_rwlock);
    MUST(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    end_other();
}

/* Locks taken by libc's own functions: nobody's books have them, and the lock says that it is held. */
/* case: unseen */
static int call(const char *name, volatile void *lock)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW);
    int (*function)(volatile void *);

    MUST(libc != NULL);
    *(void **)&function = dlsym(libc, name);
    MUST(function != NULL);
    return function(lock);
}

static void unseen(void)
{
    MUST(call("pthread_mutex_lock", &mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    MUST(call("pthread_mutex_lock", &adaptive) == 0 && pthread_mutex_unlock(&adaptive) == 0);
    MUST(call("pthread_rwlock_rdlock", &rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    MUST(call("pthread_rwlock_wrlock", &rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(call("pthread_spin_lock", &spin) == 0 && pthread_spin_unlock(&spin) == 0);
    MUST(mtx_init(&c11, mtx_plain) == thrd_success);
    MUST(call("mtx_lock", &c11) == thrd_success && mtx_unlock(&c11) == thrd_success);
}

/* Many readers and writers that come and go while their books are looked at: nothing but the one finding. */
static atomic_int stop;

static void *come_and_go(void *unused)
{
    while (!atomic_load(&stop)) {
        MUST(pthread_rwlock_rdlock(&rwlock) == 0);
        nest(&mutex, &finding_a);
        MUST(pthread_rwlock_unlock(&rwlock) == 0);
    }
    return unused;
}

/* case: busy */
/* status: 66 */
/* findings: 1 */
/* expect: bad unlock balance */
static void busy(void)
{
    pthread_mutex_t free_one = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread[4];

    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&thread[i], NULL, come_and_go, NULL) == 0);
    for (int i = 0; i < 2000; i++)
        MUST(pthread_mutex_unlock(&free_one) == 0);
    atomic_store(&stop, 1);
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "never-taken", never_taken },
    { "nobody-mutex", nobody_mutex },
    { "nobody-adaptive", nobody_adaptive },
    { "nobody-mtx", nobody_mtx },
    { "nobody-spin", nobody_spin },
    { "nobody-rwlock", nobody_rwlock },
    { "other-mutex", other_mutex },
    { "other-reader", other_reader },
    { "other-writer", other_writer },
    { "other-spin", other_spin },
    { "reader-twice", reader_twice },
    { "unseen", unseen },
    { "busy", busy },
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
