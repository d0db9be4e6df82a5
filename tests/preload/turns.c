/* SPDX-License-Identifier: MIT */
/*
 * A library is unloaded and another one gets its addresses: what was known of the first must not be told of the second.
 * The two have equal layouts (turn_lib.c), so every call site, lock and return address of alpha is one of omega's too.
 */
/* status: 66 */
/* findings: 1 */
#include "program.h"

#include <dlfcn.h>
#include <sys/mman.h>

struct turn {
    void (*init)(pthread_mutex_t *mutex);
    void (*nest)(pthread_mutex_t *outer, pthread_mutex_t *inner);
    void *(*thread)(void *locks);
    void (*unlock)(pthread_mutex_t *mutex);
    pthread_spinlock_t *spin;
    pthread_mutex_t *mutex;
};

static const char *alpha, *omega; /* paths */
static void *handle;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER,
                       d = PTHREAD_MUTEX_INITIALIZER;

static const struct turn *load(const char *path)
{
    const struct turn *turn;

    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    MUST(handle != NULL);
    turn = dlsym(handle, "turn");
    MUST(turn != NULL);
    return turn;
}

static void unload(void)
{
    MUST(dlclose(handle) == 0);
}

/* One after another, until nothing else comes into the hole: then alpha stays loaded. Where it lies, both will. */
static const struct turn *load_alpha(void)
{
    const struct turn *last = NULL;

    for (int i = 0; i < 20; i++) {
        const struct turn *turn = load(i % 2 == 0 ? alpha : omega);

        if (i > 3 && i % 2 == 0 && turn == last)
            return turn;
        last = turn;
        unload();
    }
    puts("they do not get one place");
    exit(99);
}

static const struct turn *turn_over(const struct turn *was)
{
    const struct turn *is;
    void *init = (void *)was->init, *nest = (void *)was->nest;

    unload();
    is = load(omega);
    MUST(is == was && (void *)is->init == init && (void *)is->nest == nest);
    return is;
}

/* Initialised at one address, but not by one function: two classes, which may be nested in either order ... */
/* case: init */
/* args: init {turn_alpha} {turn_omega} */
/* expect: ^-> #0 \(mutex@omega_init\+0x[0-9a-f]+\) */
/* expect: ^-> #1 \(mutex@alpha_init\+0x[0-9a-f]+\) */
static pthread_mutex_t made[2];

static void init(void)
{
    const struct turn *turn = load_alpha();

    turn->init(&made[0]);
    nest(&made[0], &a);
    turn = turn_over(turn);
    turn->init(&made[1]);
    nest(&made[1], &made[0]);
    nest(&made[0], &made[1]);
}

/* ... and of which one does not follow the other's order. */
/* case: init-clean */
/* args: init-clean {turn_alpha} {turn_omega} */
/* status: 0 */
/* findings: 0 */
static void init_clean(void)
{
    const struct turn *turn = load_alpha();

    turn->init(&made[0]);
    nest(&made[0], &a);
    turn = turn_over(turn);
    turn->init(&made[1]);
    nest(&a, &made[1]);
}

/* First taken at one address. */
/* case: first */
/* args: first {turn_alpha} {turn_omega} */
/* status: 0 */
/* findings: 0 */
static void first(void)
{
    const struct turn *turn = load_alpha();
    pthread_mutex_t on_stack[2] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

    turn->nest(&on_stack[0], &a);
    turn = turn_over(turn);
    turn->nest(&on_stack[1], &b);
    nest(&a, &on_stack[1]);
}

/* Locks in the libraries' data, known by their address: a spinlock has no room for an identity, with identity=table no
 * lock has. */
/* case: data */
/* args: data {turn_alpha} {turn_omega} */
/* status: 0 */
/* findings: 0 */
static void use_data(const struct turn *turn, int inside)
{
    if (inside) {
        MUST(pthread_mutex_lock(&a) == 0);
        MUST(pthread_spin_lock(turn->spin) == 0);
        MUST(pthread_mutex_lock(turn->mutex) == 0);
    } else {
        MUST(pthread_mutex_lock(turn->mutex) == 0);
        MUST(pthread_spin_lock(turn->spin) == 0);
        MUST(pthread_mutex_lock(&a) == 0);
    }
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_spin_unlock(turn->spin) == 0);
    MUST(pthread_mutex_unlock(turn->mutex) == 0);
}

static void data(void)
{
    const struct turn *turn = load_alpha();

    use_data(turn, 0);
    turn = turn_over(turn);
    use_data(turn, 1);
}

/* The heap gets the place: a lock there is no static lock of the library that is gone. */
/* case: heap */
/* args: heap {turn_alpha} {turn_omega} */
/* expect: ^-> #2 \(mutex@heap\+0x */
/* reject: alpha_ */
static __attribute__((noinline)) void heap(void)
{
    const struct turn *turn = load_alpha();
    size_t size = 4096;
    char *place = (char *)((size_t)turn->mutex & ~(size - 1)), *memory;
    pthread_mutex_t *mutex = turn->mutex;

    nest(turn->mutex, &a);
    unload();
    memory = mmap(place, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    MUST(memory == place);
    nest(&a, mutex);
    nest(&b, &a);
    nest(mutex, &b);
}

/* Stacks: alpha took a and b, omega b and a, from one and the same return address. */
/* case: stacks */
/* args: stacks {turn_alpha} {turn_omega} */
/* expect: ^ +alpha_nest\+0x[0-9a-f]+ \(libturn_alpha\.so\)\n +(stacks|run_case)[^\n]*\n +main\+ */
/* expect: ^ +omega_nest\+0x[0-9a-f]+ \(libturn_omega\.so\)\n +(stacks|run_case)[^\n]*\n +main\+ */
static __attribute__((noinline)) void stacks(void)
{
    const struct turn *turn = load_alpha();

    turn->nest(&a, &b);
    turn = turn_over(turn);
    turn->nest(&b, &a);
    __asm__ volatile("" ::: "memory");
}

/* The thread's cache: a held b's chain is known from that return address, and its stack was alpha's. */
/* case: cache */
/* args: cache {turn_alpha} {turn_omega} */
/* reject: alpha_nest */
/* expect: ^ +omega_nest\+0x */
static void cache(void)
{
    const struct turn *turn = load_alpha();

    turn->nest(&a, &c);
    turn->nest(&b, &d);
    turn = turn_over(turn);
    turn->nest(&a, &b);
    turn->nest(&b, &a);
}

/* The table of stacks that all threads share, once enough threads walked a chain. */
/* case: shared */
/* args: shared {turn_alpha} {turn_omega} */
/* reject: alpha_nest */
/* expect: ^ +omega_nest\+0x */
static void shared(void)
{
    const struct turn *turn = load_alpha();
    pthread_mutex_t *lock[3][2] = { { &a, &c }, { &b, &d } };

    for (int i = 0; i < 6; i++) {
        run_thread(turn->thread, lock[0]);
        run_thread(turn->thread, lock[1]);
    }
    turn = turn_over(turn);
    turn->nest(&a, &b);
    turn->nest(&b, &a);
}

/* A thread that began in alpha is called so when omega is there. */
/* case: threads */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* args: threads {turn_alpha} {turn_omega} */
/* expect: ^     by alpha_thread/ */
/* expect: ^     by omega_thread/ */
static void threads(void)
{
    const struct turn *turn = load_alpha();

    run_thread(turn->thread, (pthread_mutex_t *[]){ &a, &b });
    turn = turn_over(turn);
    run_thread(turn->thread, (pthread_mutex_t *[]){ &b, &a });
}

/* A finding is made once for a place in the program: alpha's is not omega's. */
/* case: misuse */
/* args: misuse {turn_alpha} {turn_omega} */
/* plain: no */
/* findings: 2 */
/* expect: alpha_unlock */
/* expect: omega_unlock */
static void misuse(void)
{
    const struct turn *turn = load_alpha();

    turn->unlock(&a);
    turn->unlock(&a);
    turn = turn_over(turn);
    turn->unlock(&a);
}

/* A library that comes back is itself again, also at another place: its second order contradicts its first. */
/* case: again */
/* args: again {turn_alpha} {turn_omega} */
/* expect: ^-> #[01] \(alpha_mutex\) */
/* reject: alpha_mutex#2 */
static void again(void)
{
    const struct turn *turn = load_alpha();
    const struct turn *was = turn;
    size_t size = 4096;
    void *place = (void *)((size_t)turn & ~(size - 1));

    nest(turn->mutex, &a);
    unload();
    MUST(mmap(place, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == place);
    turn = load(alpha);
    MUST(turn != was);
    nest(&a, turn->mutex);
}

/* Nothing grows with the number of times that they come and go. */
/* case: often */
/* args: often {turn_alpha} {turn_omega} */
/* status: 0 */
/* findings: 0 */
/* options: stats=1 */
/* expect: ^  classes +[3-9]$ */
/* expect: ^  stacks +[0-9]$ */
/* expect: ^  memory-kib +([0-9]|[0-9][0-9]|[1-6][0-9][0-9])$ */
static void often(void)
{
    for (int i = 0; i < 1000; i++) {
        const struct turn *turn = load(i % 2 == 0 ? alpha : omega);

        nest(turn->mutex, &a);
        turn->nest(turn->mutex, &b);
        unload();
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "init", init },       { "init-clean", init_clean }, { "first", first }, { "data", data },
    { "heap", heap },       { "stacks", stacks },         { "cache", cache }, { "shared", shared },
    { "threads", threads }, { "misuse", misuse },         { "again", again }, { "often", often },
};

int main(int argc, char **argv)
{
    MUST(argc == 4);
    alpha = argv[2];
    omega = argv[3];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
