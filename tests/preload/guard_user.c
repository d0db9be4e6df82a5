/* SPDX-License-Identifier: MIT */
/*
 * A program in C that loads modules in C++ for themselves alone: guards are bound to our hooks, and the C++ runtime is
 * nowhere to be found by name. Or it is a part of the module, whose functions lose against our hooks. Or it is a part of
 * it and hidden: then nothing is seen, and works.
 */
#include "program.h"

#include <dlfcn.h>

static int (*module_sum)(void);
static int (*module_runs)(void);
static int (*module_init)(pthread_mutex_t *mutex, int fail);

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    MUST(module != NULL && dlsym(RTLD_DEFAULT, "module_sum") == NULL);
    module_sum = (int (*)(void))dlsym(module, "module_sum");
    module_runs = (int (*)(void))dlsym(module, "module_runs");
    module_init = (int (*)(pthread_mutex_t *, int))dlsym(module, "module_init");
    MUST(module_sum != NULL && module_runs != NULL && module_init != NULL);
}

/* case: race */
/* args: race {guard_module} */
/* case: race-static */
/* args: race {guard_static} */
/* case: race-hidden */
/* args: race {guard_hidden} */
/* case: race-both */
/* args: race {guard_static} {guard_module} */
static void *run_sum(void *ret)
{
    *(int *)ret = module_sum();
    return NULL;
}

static void race(void)
{
    pthread_t thread[8];
    int sum[8];

    for (int i = 0; i < 8; i++)
        MUST(pthread_create(&thread[i], NULL, run_sum, &sum[i]) == 0);
    for (int i = 0; i < 8; i++) {
        MUST(pthread_join(thread[i], NULL) == 0);
        printf("%d\n", sum[i]);
    }
    printf("%d runs\n", module_runs());
}

/* case: cycle */
/* args: cycle {guard_module} */
/* status: 66 */
/* findings: 1 */
/* expect: \(guard@module_init::module_value\) */
/* case: cycle-static */
/* args: cycle {guard_static} */
/* status: 66 */
/* findings: 1 */
/* expect: \(guard@module_init::module_value\) */
/* case: cycle-hidden */
/* args: cycle {guard_hidden} */
static void cycle(void)
{
    for (int i = 0; i < 3; i++)
        printf("%d\n", module_init(&m, 1));
    MUST(pthread_mutex_lock(&m) == 0);
    printf("%d\n", module_init(NULL, 0));
    printf("%d\n", module_init(NULL, 0));
    MUST(pthread_mutex_unlock(&m) == 0);
    printf("%d runs\n", module_runs());
}

/* case: settled */
/* args: settled {guard_module} */
static void settled(void)
{
    printf("%d\n", module_init(&m, 0));
    MUST(pthread_mutex_lock(&m) == 0);
    printf("%d\n", module_init(&m, 0));
    MUST(pthread_mutex_unlock(&m) == 0);
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        load(argv[i]);
        if (is_case(argv, "race"))
            race();
        else if (is_case(argv, "cycle"))
            cycle();
        else
            settled();
    }
    return 0;
}
