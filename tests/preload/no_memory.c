/* SPDX-License-Identifier: MIT */
/*
 * The program may have no more address space than it has. It does without, since all that it needs is there; the library
 * cannot, and says so once.
 */
/* expect: \A(?:(?!out of memory)[\s\S])*^lockval: out of memory[^\n]*\n(?:(?!out of memory)[\s\S])*\Z */
#include "program.h"

#include <lockval.h>
#include <malloc.h>
#include <sys/resource.h>

enum {
    CLASSES = 20000,
    DEPTH = 600,
    THREADS = 8,
    STACK = 256 * 1024,
    MAPS = 500
};

static pthread_mutex_t locks[CLASSES] = { [0 ... CLASSES - 1] = PTHREAD_MUTEX_INITIALIZER };
static pthread_spinlock_t spins[CLASSES];
static struct lockval_map maps[MAPS];
static struct lockval_event events[MAPS];
static char stacks[THREADS][STACK] __attribute__((aligned(4096)));
static pthread_barrier_t limited;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

/* From here on mmap fails. */
static void use_up(void)
{
    struct rlimit limit;
    unsigned long pages;
    FILE *file = fopen("/proc/self/statm", "r");

    MUST(file != NULL && fscanf(file, "%lu", &pages) == 1 && fclose(file) == 0);
    MUST(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = pages * (unsigned long)sysconf(_SC_PAGESIZE);
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* The program's own small needs: a heap that has room, and is one. */
static void prepare(void)
{
    void *room;

    MUST(mallopt(M_ARENA_MAX, 1) == 1 && mallopt(M_TRIM_THRESHOLD, 64 << 20) == 1 &&
         mallopt(M_MMAP_THRESHOLD, 32 << 20) == 1);
    room = malloc(4 << 20);
    MUST(room != NULL);
    free(room);
    for (int i = 0; i < CLASSES; i++)
        MUST(pthread_spin_init(&spins[i], PTHREAD_PROCESS_PRIVATE) == 0);
    nest(&a, &b);
}

static void use_locks(void)
{
    for (int i = 0; i + 1 < CLASSES; i++) {
        MUST(pthread_mutex_lock(&locks[i]) == 0);
        MUST(pthread_mutex_lock(&locks[i + 1]) == 0);
        MUST(pthread_spin_lock(&spins[i]) == 0);
        MUST(pthread_spin_unlock(&spins[i]) == 0);
        MUST(pthread_mutex_unlock(&locks[i]) == 0);
        MUST(pthread_mutex_unlock(&locks[i + 1]) == 0);
    }
    for (int i = 0; i < DEPTH; i++)
        MUST(pthread_mutex_lock(&locks[i]) == 0);
    for (int i = DEPTH; i-- > 0;)
        MUST(pthread_mutex_unlock(&locks[i]) == 0);
}

/* What is claimed of locks that the library could not keep in its books is not called false. */
static void annotate(void)
{
    char name[16];

    for (int i = 0; i < MAPS; i++) {
        unsigned cookie;

        (void)snprintf(name, sizeof(name), "map-%d", i);
        lockval_init_map(&maps[i], name, NULL);
        lockval_init_event(&events[i], name, NULL);
        lockval_acquire_map(&maps[i], LOCKVAL_WRITE, (unsigned)i % 8, 0, NULL);
        lockval_acquired_map(&maps[i]);
        lockval_assert_held(&maps[i], LOCKVAL_ANY);
        MUST(lockval_is_held(&maps[i], LOCKVAL_ANY) != 0);
        cookie = lockval_pin(&maps[i]);
        lockval_unpin(&maps[i], cookie);
        lockval_complete_event(&events[i]);
        lockval_release_map(&maps[i]);
        lockval_set_class(&locks[i], LOCKVAL_MUTEX, NULL, name);
    }
}

static void *works(void *unused)
{
    use_locks();
    annotate();
    nest(&a, &b);
    return unused;
}

static void *waits_and_works(void *unused)
{
    pthread_barrier_wait(&limited);
    return works(unused);
}

/* Classes, edges, chains, stacks, instances, held stacks, caches; in threads that are there and in new ones. */
/* case: everything */
static void everything(void)
{
    pthread_t thread[THREADS];
    pthread_attr_t attr;

    MUST(pthread_barrier_init(&limited, NULL, THREADS / 2 + 1) == 0);
    MUST(pthread_attr_init(&attr) == 0);
    for (int i = 0; i < THREADS; i++) {
        if (i == THREADS / 2) {
            use_up();
            pthread_barrier_wait(&limited);
            works(NULL);
        }
        MUST(pthread_attr_setstack(&attr, stacks[i], STACK) == 0);
        MUST(pthread_create(&thread[i], &attr, i < THREADS / 2 ? waits_and_works : works, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* Orders that are new are not judged any more; what a thread does to itself is, and there is memory to say so. */
/* case: still */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential */
/* expect: reads again */
static void still(void)
{
    pthread_rwlock_t rwlock;
    pthread_rwlockattr_t attr;

    MUST(pthread_rwlockattr_init(&attr) == 0);
    MUST(pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    MUST(pthread_rwlock_init(&rwlock, &attr) == 0);
    MUST(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    use_up();
    works(NULL);
    nest(&b, &a);
    MUST(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_rdlock(&rwlock) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0);
}

/* Thousands of threads, one after another, of which the library could not make a single state. */
/* case: threads */
static void *nests(void *unused)
{
    nest(&a, &b);
    return unused;
}

static void threads(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    MUST(pthread_attr_init(&attr) == 0);
    MUST(pthread_attr_setstack(&attr, stacks[0], STACK) == 0);
    use_up();
    use_locks();
    for (int i = 0; i < 2000; i++) {
        MUST(pthread_create(&thread, &attr, nests, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    prepare();
    if (is_case(argv, "everything"))
        everything();
    else if (is_case(argv, "still"))
        still();
    else
        threads();
    puts("done");
    return 0;
}
