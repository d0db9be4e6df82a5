/* SPDX-License-Identifier: MIT */
/*
 * A thread is inside dlopen or dlclose, with the loader's lock, and waits there for a lock of the program. Its holder makes
 * a finding meanwhile, on frames of a module that nobody asked about before, and starts a thread that takes its first
 * locks: nothing of that may want the loader's lock.
 */
/* status: 66 */
/* findings: 1 */
/* expect: ^ +alpha_nest\+0x[0-9a-f]+ \(libturn_alpha\.so\) */
/* expect: ^     by takes_both/ */
/* case: open */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* args: open {waiting_lib} {turn_alpha} */
/* case: close */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* args: close {waiting_lib} {turn_alpha} */
#include "program.h"

#include <dlfcn.h>
#include <sched.h>

struct turn {
    void (*init)(pthread_mutex_t *mutex);
    void (*nest)(pthread_mutex_t *outer, pthread_mutex_t *inner);
};

static struct gate {
    pthread_mutex_t *lock;
    int arrived; /* atomic */
} gate;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static const char *path;
static void *handle;

static void *opens(void *unused)
{
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    MUST(handle != NULL);
    return unused;
}

static void *closes(void *unused)
{
    MUST(dlclose(handle) == 0);
    return unused;
}

static void *takes_both(void *unused)
{
    nest(&a, &b);
    return unused;
}

/* Run @start in a thread; while it is in there, hold its lock and do everything that takes the slow ways. */
static void meet(void *(*start)(void *), const struct turn *turn)
{
    int before = __atomic_load_n(&gate.arrived, __ATOMIC_ACQUIRE);
    pthread_t thread;

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_create(&thread, NULL, start, NULL) == 0);
    while (__atomic_load_n(&gate.arrived, __ATOMIC_ACQUIRE) == before)
        sched_yield();
    run_thread(takes_both, NULL);
    turn->nest(&b, &a);
    MUST(pthread_mutex_unlock(&lock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

static void pass_alone(void *(*start)(void *))
{
    run_thread(start, NULL);
}

int main(int argc, char **argv)
{
    const struct turn *turn;
    char text[32];
    void *other;

    MUST(argc == 4);
    path = argv[2];
    gate.lock = &lock;
    (void)snprintf(text, sizeof(text), "%llx", (unsigned long long)(size_t)&gate);
    MUST(setenv("LOADER_GATE", text, 1) == 0);
    other = dlopen(argv[3], RTLD_NOW | RTLD_LOCAL);
    MUST(other != NULL);
    turn = dlsym(other, "turn");
    MUST(turn != NULL);
    if (is_case(argv, "open")) {
        meet(opens, turn);
        pass_alone(closes);
    } else {
        pass_alone(opens);
        meet(closes, turn);
    }
    MUST(gate.arrived == 2);
    puts("done");
    return 0;
}
