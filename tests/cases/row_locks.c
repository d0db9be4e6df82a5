/* SPDX-License-Identifier: MIT */
/* Everything here is of the process, and used by the thread whose turn it is. */

#include "row_locks.h"

enum {
    LETTERS = 26
};

enum sort {
    SORT_SPIN,
    SORT_MUTEX,
    SORT_PI_MUTEX,
    SORT_RWLOCK,
    SORT_RWSEM,
    SORT_QUEUED
};

struct queued {
    struct lockval_map map;
    pthread_rwlock_t inside;
};

union lock {
    pthread_spinlock_t spin;
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    struct queued queued;
};

static struct letter {
    char name[2];
    bool used;
    enum sort sort;
    struct lockval_key key;
    union lock lock[2];
    unsigned taken; /* how many of them are held; only the thread whose turn it is takes locks */
} letters[LETTERS];

struct row_locks row_locks;

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static struct letter *letter_of(char c)
{
    MUST(c >= 'A' && c <= 'Z');
    return &letters[c - 'A'];
}

static enum sort sort_of_kind(void)
{
    if (strcmp(row_locks.kind, "spin") == 0)
        return SORT_SPIN;
    if (strcmp(row_locks.kind, "mutex") == 0)
        return SORT_MUTEX;
    if (strcmp(row_locks.kind, "pi-mutex") == 0)
        return SORT_PI_MUTEX;
    if (starts(row_locks.kind, "rwlock:"))
        return SORT_RWLOCK;
    if (starts(row_locks.kind, "rwsem:"))
        return SORT_RWSEM;
    MUST(strcmp(row_locks.kind, "as written") == 0);
    return starts(row_locks.family, "rsem") || starts(row_locks.family, "rwsem") ? SORT_MUTEX : SORT_SPIN;
}

/* A letter that is ever taken with a mark is a read-write lock, whatever the kind. */
static void choose_sorts(const char *steps)
{
    enum sort marked = starts(row_locks.family, "queued")                                      ? SORT_QUEUED
                       : starts(row_locks.family, "rsem") || starts(row_locks.family, "rwsem") ? SORT_RWSEM
                                                                                               : SORT_RWLOCK;

    for (const char *at = steps; *at != '\0'; at++) {
        struct letter *letter;

        if (*at != '+')
            continue;
        letter = letter_of(at[1]);
        if (!letter->used)
            letter->sort = sort_of_kind();
        letter->used = true;
        letter->name[0] = at[1];
        if (at[2] == ':')
            letter->sort = marked;
    }
}

static void init_lock(enum sort sort, union lock *lock)
{
    pthread_mutexattr_t mutex;
    pthread_rwlockattr_t rwlock;

    switch (sort) {
    case SORT_SPIN:
        MUST(pthread_spin_init(&lock->spin, PTHREAD_PROCESS_PRIVATE) == 0);
        return;
    case SORT_MUTEX:
    case SORT_PI_MUTEX:
        MUST(pthread_mutexattr_init(&mutex) == 0);
        if (sort == SORT_PI_MUTEX)
            MUST(pthread_mutexattr_setprotocol(&mutex, PTHREAD_PRIO_INHERIT) == 0);
        MUST(pthread_mutex_init(&lock->mutex, &mutex) == 0);
        return;
    case SORT_RWLOCK:
    case SORT_RWSEM:
        MUST(pthread_rwlockattr_init(&rwlock) == 0);
        if (sort == SORT_RWSEM)
            MUST(pthread_rwlockattr_setkind_np(&rwlock, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
        MUST(pthread_rwlock_init(&lock->rwlock, &rwlock) == 0);
        return;
    case SORT_QUEUED:
        MUST(pthread_rwlock_init(&lock->queued.inside, NULL) == 0);
        lockval_set_notrack(&lock->queued.inside, LOCKVAL_RWLOCK);
        return;
    }
}

static void make_lock(struct letter *letter, union lock *lock)
{
    static const enum lockval_kind kinds[] = { [SORT_SPIN] = LOCKVAL_SPIN,
                                               [SORT_MUTEX] = LOCKVAL_MUTEX,
                                               [SORT_PI_MUTEX] = LOCKVAL_MUTEX,
                                               [SORT_RWLOCK] = LOCKVAL_RWLOCK,
                                               [SORT_RWSEM] = LOCKVAL_RWLOCK };

    init_lock(letter->sort, lock);
    if (letter->sort == SORT_QUEUED)
        lockval_init_map(&lock->queued.map, letter->name, &letter->key);
    else
        lockval_set_class(lock, kinds[letter->sort], &letter->key, letter->name);
}

void row_locks_make(const char *steps)
{
    choose_sorts(steps);
    for (struct letter *letter = letters; letter < letters + LETTERS; letter++)
        for (int i = 0; i < 2 && letter->used; i++)
            make_lock(letter, &letter->lock[i]);
}

/* Is the lock taken for reading? The step's mark says it, else the row's kind. */
static bool is_read(const char *step)
{
    if (step[2] == ':')
        return step[3] != 'w';
    return starts(row_locks.kind, "rwlock:r") || starts(row_locks.kind, "rwsem:r");
}

static int wait_for_queued(struct queued *lock, bool read)
{
    enum lockval_mode reader = row_locks.in_contexts != 0 ? LOCKVAL_READ_RECURSIVE : LOCKVAL_READ;
    int r;

    lockval_acquire_map(&lock->map, read ? reader : LOCKVAL_WRITE, 0, 0, NULL);
    r = read ? pthread_rwlock_rdlock(&lock->inside) : pthread_rwlock_wrlock(&lock->inside);
    lockval_acquired_map(&lock->map);
    return r;
}

static int wait_for(enum sort sort, union lock *lock, bool read)
{
    if (sort == SORT_SPIN)
        return pthread_spin_lock(&lock->spin);
    if (sort == SORT_MUTEX || sort == SORT_PI_MUTEX)
        return pthread_mutex_lock(&lock->mutex);
    if (sort == SORT_QUEUED)
        return wait_for_queued(&lock->queued, read);
    return read ? pthread_rwlock_rdlock(&lock->rwlock) : pthread_rwlock_wrlock(&lock->rwlock);
}

/* The same, but one that would wait for good, for itself, gives up. */
static int probe(enum sort sort, union lock *lock, bool read)
{
    struct timespec over = long_ago();
    int r;

    if (sort == SORT_SPIN)
        r = pthread_spin_trylock(&lock->spin);
    else if (sort == SORT_MUTEX || sort == SORT_PI_MUTEX)
        r = pthread_mutex_timedlock(&lock->mutex, &over);
    else if (sort == SORT_QUEUED)
        r = read ? pthread_rwlock_tryrdlock(&lock->queued.inside) : pthread_rwlock_trywrlock(&lock->queued.inside);
    else
        r = read ? pthread_rwlock_timedrdlock(&lock->rwlock, &over) : pthread_rwlock_timedwrlock(&lock->rwlock, &over);
    if (r != ETIMEDOUT && r != EBUSY)
        return r;
    printf("hangs at a %s of what the thread holds\n", read ? "read" : "write");
    exit(ROW_HANGS);
}

void row_locks_take(const char *step)
{
    struct letter *letter = letter_of(step[1]);
    union lock *lock = &letter->lock[letter->taken != 0 && row_locks.two_instances ? 1 : 0];
    int r = (row_locks.probing ? probe : wait_for)(letter->sort, lock, is_read(step));

    letter->taken++;
    if (r != 0)
        printf("+%s returns %s\n", letter->name, strerrorname_np(r));
}

static int release_queued(struct queued *lock)
{
    lockval_release_map(&lock->map);
    return pthread_rwlock_unlock(&lock->inside);
}

void row_locks_release(const char *step)
{
    struct letter *letter = letter_of(step[1]);
    union lock *lock;
    int r;

    if (letter->taken != 0)
        letter->taken--;
    lock = &letter->lock[letter->taken != 0 && row_locks.two_instances ? 1 : 0];
    if (letter->sort == SORT_SPIN)
        r = pthread_spin_unlock(&lock->spin);
    else if (letter->sort == SORT_MUTEX || letter->sort == SORT_PI_MUTEX)
        r = pthread_mutex_unlock(&lock->mutex);
    else if (letter->sort == SORT_QUEUED)
        r = release_queued(&lock->queued);
    else
        r = pthread_rwlock_unlock(&lock->rwlock);
    if (r != 0)
        printf("-%s returns %s\n", letter->name, strerrorname_np(r));
}

void row_locks_init_again(const char *letter)
{
    struct letter *again = letter_of(letter[0]);

    init_lock(again->sort, &again->lock[0]);
}
