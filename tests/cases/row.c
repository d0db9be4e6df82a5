/* SPDX-License-Identifier: MIT */
/*
 * One row of a table of lock orders (../scenario/cases.tsv), with the locks that libc has. run.py starts one process for
 * each row.
 *
 *     row FAMILY KIND ORDER STEPS [probe] [signals]
 *
 * Every letter is a class of its own, with an explicit key. What it is follows from the row:
 *
 *     spin              pthread_spinlock_t
 *     mutex, pi-mutex   pthread_mutex_t; with PTHREAD_PRIO_INHERIT
 *     rwlock            pthread_rwlock_t of the default kind: its readers are recursive
 *     rwsem             pthread_rwlock_t that prefers writers: its readers are not
 *
 * A sequence E1, E2, E3 is run by a thread of its own, in the row's order; all are there from before the first step until
 * after the last, so that nothing but their turns says which comes first.
 *
 * hardirq( ... ) and softirq( ... ) are declared contexts of lockval.h. With "signals" they are handlers of SIGUSR1 and
 * SIGUSR2, and hardirq-off and softirq-off block these. As in the kernel, what is soft cannot interrupt what is hard, nor
 * come while that is off.
 *
 * With "probe", no acquisition waits: one that would wait for good is named on stdout, and the row ends there. So the
 * runner learns, without the library, which rows really hang.
 */

#include "../preload/program.h"

#include <lockval.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>

enum {
    LETTERS = 26,
    SEQUENCES = 3,
    HANGS = 3 /* exit status of a probe */
};

enum sort {
    SORT_SPIN,
    SORT_MUTEX,
    SORT_PI_MUTEX,
    SORT_RWLOCK,
    SORT_RWSEM
};

enum level {
    LEVEL_HARD,
    LEVEL_SOFT
};

union lock {
    pthread_spinlock_t spin;
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
};

static struct letter {
    char name[2];
    bool used;
    enum sort sort;
    struct lockval_key key;
    union lock lock[2];
    unsigned taken; /* how many of them are held; only the thread whose turn it is takes locks */
} letters[LETTERS];

static const char *family, *kind;
static bool two_instances, probing, by_signals;
static enum level irq_level; /* of "irq(" and "irq-off" */
static int context[2];       /* the declared ones, by level */
static const int signals[2] = { SIGUSR1, SIGUSR2 };

/* What the handler is to do: steps, up to the closing bracket. Set by the thread that raises the signal. */
static const char *volatile handler_steps;

static unsigned turn; /* the number of the sequence's place in the order; atomic */

/* ---- words --------------------------------------------------------------------------------------------------------- */

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The step at @text: "+A:w", "irq(", ... Compared up to its end. */
static bool is_step(const char *text, const char *step)
{
    size_t len = strlen(step);

    return strncmp(text, step, len) == 0 && (text[len] == ' ' || text[len] == '\0');
}

static const char *next_step(const char *text)
{
    text += strcspn(text, " ");
    return text + strspn(text, " ");
}

static struct letter *letter_of(char c)
{
    MUST(c >= 'A' && c <= 'Z');
    return &letters[c - 'A'];
}

/* ---- locks --------------------------------------------------------------------------------------------------------- */

static enum sort sort_of_kind(void)
{
    if (strcmp(kind, "spin") == 0)
        return SORT_SPIN;
    if (strcmp(kind, "mutex") == 0)
        return SORT_MUTEX;
    if (strcmp(kind, "pi-mutex") == 0)
        return SORT_PI_MUTEX;
    if (starts(kind, "rwlock:"))
        return SORT_RWLOCK;
    if (starts(kind, "rwsem:"))
        return SORT_RWSEM;
    MUST(strcmp(kind, "as written") == 0);
    return starts(family, "rsem") || starts(family, "rwsem") ? SORT_MUTEX : SORT_SPIN;
}

/* A letter that is ever taken with a mark is a read-write lock, whatever the kind. */
static void choose_sorts(const char *steps)
{
    enum sort marked = starts(family, "rsem") || starts(family, "rwsem") ? SORT_RWSEM : SORT_RWLOCK;

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
    }
}

static void make_locks(void)
{
    static const enum lockval_kind kinds[] = { [SORT_SPIN] = LOCKVAL_SPIN,
                                               [SORT_MUTEX] = LOCKVAL_MUTEX,
                                               [SORT_PI_MUTEX] = LOCKVAL_MUTEX,
                                               [SORT_RWLOCK] = LOCKVAL_RWLOCK,
                                               [SORT_RWSEM] = LOCKVAL_RWLOCK };

    for (struct letter *letter = letters; letter < letters + LETTERS; letter++) {
        for (int i = 0; i < 2 && letter->used; i++) {
            init_lock(letter->sort, &letter->lock[i]);
            lockval_set_class(&letter->lock[i], kinds[letter->sort], &letter->key, letter->name);
        }
    }
}

/* Is the lock taken for reading? The step's mark says it, else the row's kind. */
static bool is_read(const char *step)
{
    if (step[2] == ':')
        return step[3] != 'w';
    return starts(kind, "rwlock:r") || starts(kind, "rwsem:r");
}

static int wait_for(enum sort sort, union lock *lock, bool read)
{
    if (sort == SORT_SPIN)
        return pthread_spin_lock(&lock->spin);
    if (sort == SORT_MUTEX || sort == SORT_PI_MUTEX)
        return pthread_mutex_lock(&lock->mutex);
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
    else
        r = read ? pthread_rwlock_timedrdlock(&lock->rwlock, &over) : pthread_rwlock_timedwrlock(&lock->rwlock, &over);
    if (r != ETIMEDOUT && r != EBUSY)
        return r;
    printf("hangs at a %s of what the thread holds\n", read ? "read" : "write");
    exit(HANGS);
}

static void take(const char *step)
{
    struct letter *letter = letter_of(step[1]);
    union lock *lock = &letter->lock[letter->taken != 0 && two_instances ? 1 : 0];
    int r = (probing ? probe : wait_for)(letter->sort, lock, is_read(step));

    letter->taken++;
    if (r != 0)
        printf("+%s returns %s\n", letter->name, strerrorname_np(r));
}

static void release(const char *step)
{
    struct letter *letter = letter_of(step[1]);
    union lock *lock;
    int r;

    if (letter->taken != 0)
        letter->taken--;
    lock = &letter->lock[letter->taken != 0 && two_instances ? 1 : 0];
    if (letter->sort == SORT_SPIN)
        r = pthread_spin_unlock(&lock->spin);
    else if (letter->sort == SORT_MUTEX || letter->sort == SORT_PI_MUTEX)
        r = pthread_mutex_unlock(&lock->mutex);
    else
        r = pthread_rwlock_unlock(&lock->rwlock);
    if (r != 0)
        printf("-%s returns %s\n", letter->name, strerrorname_np(r));
}

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

static const char *run_steps(const char *step);

static void handle(int number)
{
    (void)number;
    handler_steps = run_steps(handler_steps);
}

static void install(void)
{
    for (int level = LEVEL_HARD; level <= LEVEL_SOFT; level++) {
        struct sigaction action = { .sa_handler = handle };

        sigemptyset(&action.sa_mask);
        if (level == LEVEL_HARD)
            sigaddset(&action.sa_mask, signals[LEVEL_SOFT]);
        MUST(sigaction(signals[level], &action, NULL) == 0);
    }
}

/* Run the steps behind the opening bracket at @step inside of a context. Returns the closing bracket. */
static const char *interrupt(const char *step, enum level level)
{
    step = next_step(step);
    if (by_signals) {
        handler_steps = step;
        MUST(raise(signals[level]) == 0);
        step = handler_steps;
    } else {
        lockval_enter_context(context[level]);
        step = run_steps(step);
        lockval_exit_context(context[level]);
    }
    MUST(*step == ')');
    return step;
}

static void mask(enum level level, bool off)
{
    sigset_t set;

    if (!by_signals) {
        if (off)
            lockval_disable_context(context[level]);
        else
            lockval_enable_context(context[level]);
        return;
    }
    sigemptyset(&set);
    sigaddset(&set, signals[LEVEL_SOFT]);
    if (level == LEVEL_HARD)
        sigaddset(&set, signals[LEVEL_HARD]);
    MUST(pthread_sigmask(off ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) == 0);
}

/* ---- steps --------------------------------------------------------------------------------------------------------- */

static void init_again(const char *step)
{
    struct letter *letter = letter_of(step[0]);

    init_lock(letter->sort, &letter->lock[0]);
}

/* One step, or a bracket with all that is in it. Returns its last word. */
static const char *run_step(const char *step)
{
    if (step[0] == '+') {
        take(step);
    } else if (step[0] == '-') {
        release(step);
    } else if (is_step(step, "init")) {
        step = next_step(step);
        init_again(step);
    } else if (is_step(step, "irq(")) {
        step = interrupt(step, irq_level);
    } else if (is_step(step, "hardirq(")) {
        step = interrupt(step, LEVEL_HARD);
    } else if (is_step(step, "softirq(")) {
        step = interrupt(step, LEVEL_SOFT);
    } else if (is_step(step, "irq-off") || is_step(step, "irq-on")) {
        mask(irq_level, is_step(step, "irq-off"));
    } else {
        MUST(is_step(step, "hardirq-off") || is_step(step, "hardirq-on"));
        mask(LEVEL_HARD, is_step(step, "hardirq-off"));
    }
    return step;
}

/* Run "+A +B -B -A", up to the end, a closing bracket, or the next sequence. Returns that. */
static const char *run_steps(const char *step)
{
    for (; *step != '\0' && *step != ')' && *step != ';'; step = next_step(step))
        step = run_step(step);
    return step;
}

/* ---- sequences ----------------------------------------------------------------------------------------------------- */

struct sequence {
    pthread_t thread;
    const char *steps;
    unsigned place; /* in the order, from 0 */
};

static void wait_turn(unsigned place)
{
    while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) < place)
        (void)sched_yield();
}

static void *run_sequence(void *arg)
{
    const struct sequence *sequence = arg;

    wait_turn(sequence->place);
    (void)run_steps(sequence->steps);
    __atomic_store_n(&turn, sequence->place + 1, __ATOMIC_SEQ_CST);
    wait_turn(SEQUENCES);
    return NULL;
}

/* Run "E1: ... ; E2: ... ; E3: ..." in @order. */
static void run_sequences(const char *steps, const char *order)
{
    struct sequence sequences[SEQUENCES] = { { .steps = NULL } };
    unsigned count = (unsigned)strlen(order);

    MUST(count <= SEQUENCES);
    for (unsigned i = 0; i < count; i++) {
        char name[] = { 'E', order[i], ':', '\0' };
        const char *found = strstr(steps, name);

        MUST(found != NULL);
        sequences[i].steps = next_step(found);
        sequences[i].place = i;
    }
    for (unsigned i = 0; i < count; i++)
        MUST(pthread_create(&sequences[i].thread, NULL, run_sequence, &sequences[i]) == 0);
    wait_turn(count);
    __atomic_store_n(&turn, SEQUENCES, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < count; i++)
        MUST(pthread_join(sequences[i].thread, NULL) == 0);
}

/* "AA", "..._AA1B": X taken while it is held is a second lock of its class. */
static bool has_two_instances(void)
{
    return strcmp(family, "AA") == 0 || (strstr(family, "_AA") != NULL && family[strlen(family) - 1] == 'B');
}

int main(int argc, char **argv)
{
    const char *order, *steps;

    MUST(argc >= 5);
    family = argv[1];
    kind = argv[2];
    order = argv[3];
    steps = argv[4];
    for (int i = 5; i < argc; i++) {
        probing = probing || strcmp(argv[i], "probe") == 0;
        by_signals = by_signals || strcmp(argv[i], "signals") == 0;
    }
    two_instances = has_two_instances();
    irq_level = strstr(family, "_soft") != NULL ? LEVEL_SOFT : LEVEL_HARD;
    choose_sorts(steps);
    make_locks();
    if (by_signals) {
        install();
    } else {
        context[LEVEL_HARD] = lockval_declare_context("hardirq", LOCKVAL_CONTEXT_HARD);
        context[LEVEL_SOFT] = lockval_declare_context("softirq", LOCKVAL_CONTEXT_SOFT);
    }
    if (order[0] == '\0')
        (void)run_steps(steps);
    else
        run_sequences(steps, order);
    puts("done");
    return 0;
}
