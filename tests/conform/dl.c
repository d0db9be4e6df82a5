/* SPDX-License-Identifier: MIT */
/* The loader: opening and closing, looking up, walking over what is loaded. How many modules there are in all is not
 * looked at, since what is preloaded counts too. */
/* status: 0 */
/* case: loader */
/* args: {dl_lib} */
#include "conform.h"

#include <dlfcn.h>
#include <link.h>

static const char *library;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

typedef int nest_fn(pthread_mutex_t *);
typedef int count_fn(void);

/* A function from what dlsym returns. */
#define FUNCTION(type, pointer) \
    (((union {                  \
         void *from;            \
         type *to;              \
     }){ .from = (pointer) })   \
         .to)

static void opened(void)
{
    void *handle, *again;

    YES((handle = dlopen(library, RTLD_NOLOAD | RTLD_LAZY)) == NULL);
    YES((handle = dlopen(library, RTLD_NOW)) != NULL);
    YES((again = dlopen(library, RTLD_LAZY)) == handle);
    YES(dlsym(handle, "dl_lib_count") != NULL);
    IS(1, FUNCTION(count_fn, dlsym(handle, "dl_lib_count"))());
    IS(0, FUNCTION(nest_fn, dlsym(handle, "dl_lib_nest"))(&m));
    IS(2, FUNCTION(count_fn, dlsym(handle, "dl_lib_count"))());
    YES(dlerror() == NULL);
    YES(dlsym(handle, "no_such_symbol") == NULL);
    YES(dlerror() != NULL);
    YES(dlerror() == NULL);
    YES(dlsym(RTLD_DEFAULT, "dl_lib_count") == NULL); /* local */
    IS(0, dlclose(again));
    IS(2, FUNCTION(count_fn, dlsym(handle, "dl_lib_count"))());
    IS(0, dlclose(handle));
    YES(dlopen(library, RTLD_NOLOAD | RTLD_LAZY) == NULL);
    YES(dlopen("/no/such/library.so", RTLD_NOW) == NULL);
    puts(dlerror());
    YES(dlopen("/etc/passwd", RTLD_NOW) == NULL);
    puts(dlerror());
    YES((handle = dlopen(NULL, RTLD_NOW)) != NULL);
    YES(dlsym(handle, "main") == dlsym(RTLD_DEFAULT, "main"));
    IS(0, dlclose(handle));
    for (int i = 0; i < 5; i++) {
        YES((handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL)) != NULL);
        IS(0, FUNCTION(nest_fn, dlsym(handle, "dl_lib_nest"))(&m));
        IS(0, dlclose(handle));
    }
}

/* Functions of locks, looked up by name, are the same that the program is linked with; the next one works as well. */
static void looked_up(void)
{
    static const char *const names[] = { "pthread_mutex_lock",
                                         "pthread_mutex_unlock",
                                         "pthread_rwlock_wrlock",
                                         "pthread_create",
                                         "pthread_cond_wait",
                                         "sem_wait",
                                         "fork",
                                         "malloc",
                                         "free",
                                         "sigaction",
                                         "pthread_join",
                                         "exit",
                                         "execve",
                                         "mmap",
                                         "pthread_once" };
    nest_fn *lock = FUNCTION(nest_fn, dlsym(RTLD_DEFAULT, "pthread_mutex_lock"));
    nest_fn *unlock = FUNCTION(nest_fn, dlsym(RTLD_DEFAULT, "pthread_mutex_unlock"));
    Dl_info info;

    YES(lock == pthread_mutex_lock);
    YES(unlock == pthread_mutex_unlock);
    IS(0, lock(&m));
    IS(EBUSY, pthread_mutex_trylock(&m));
    IS(0, unlock(&m));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        puts(names[i]);
        YES(dlsym(RTLD_DEFAULT, names[i]) != NULL);
        YES(dlsym(RTLD_NEXT, names[i]) != NULL);
    }
    YES(dlsym(RTLD_NEXT, "main") == NULL);
    lock = FUNCTION(nest_fn, dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    unlock = FUNCTION(nest_fn, dlsym(RTLD_NEXT, "pthread_mutex_unlock"));
    IS(0, lock(&m));
    IS(0, unlock(&m));
    /* Past all hooks: libc's own. */
    lock = FUNCTION(nest_fn, dlvsym(RTLD_NEXT, "pthread_mutex_lock", "GLIBC_2.2.5"));
    unlock = FUNCTION(nest_fn, dlvsym(RTLD_NEXT, "pthread_mutex_unlock", "GLIBC_2.2.5"));
    if (lock != NULL && unlock != NULL) {
        IS(0, lock(&m));
        IS(EBUSY, pthread_mutex_trylock(&m));
        IS(0, unlock(&m));
    }
    YES(dladdr(&m, &info) != 0);
    YES(strstr(info.dli_fname, "dl") != NULL);
    IS(0, dladdr(NULL, &info));
}

static int modules;

static int count_modules(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)unused;
    MUST(size >= sizeof(*info) && info->dlpi_phnum > 0);
    modules++;
    return 0;
}

static int stop_at_second(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info;
    (void)size;
    (void)unused;
    return ++modules == 2 ? 42 : 0;
}

/* A lock under the loader's own. */
static int lock_in_callback(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info;
    (void)size;
    (void)unused;
    MUST(pthread_mutex_lock(&m) == 0);
    modules++;
    MUST(pthread_mutex_unlock(&m) == 0);
    return 0;
}

static void walked(void)
{
    void *handle;
    int before;

    IS(0, dl_iterate_phdr(count_modules, NULL));
    before = modules;
    modules = 0;
    YES((handle = dlopen(library, RTLD_NOW)) != NULL);
    IS(0, dl_iterate_phdr(count_modules, NULL));
    IS(1, modules - before);
    modules = 0;
    IS(42, dl_iterate_phdr(stop_at_second, NULL));
    IS(2, modules);
    IS(0, dlclose(handle));
    modules = 0;
    IS(0, dl_iterate_phdr(lock_in_callback, NULL));
    IS(0, modules - before);
}

/* Another libc in a namespace of its own, whose locks nobody watches. */
static void namespaces(void)
{
    void *handle = dlmopen(LM_ID_NEWLM, library, RTLD_NOW);

    YES(handle != NULL);
    if (handle != NULL) {
        IS(1, FUNCTION(count_fn, dlsym(handle, "dl_lib_count"))());
        IS(0, FUNCTION(nest_fn, dlsym(handle, "dl_lib_nest"))(&m));
        IS(EBUSY, ({
               int r;

               MUST(pthread_mutex_lock(&m) == 0);
               r = pthread_mutex_trylock(&m);
               MUST(pthread_mutex_unlock(&m) == 0);
               r;
           }));
        IS(0, dlclose(handle));
    }
}

static int open_and_close(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++) {
        void *handle = dlopen(library, RTLD_NOW);

        if (handle == NULL || FUNCTION(nest_fn, dlsym(handle, "dl_lib_nest"))(&m) != 0)
            return 1;
        modules = 0;
        dl_iterate_phdr(lock_in_callback, NULL);
        dlclose(handle);
    }
    return 0;
}

static void in_threads(void)
{
    void *handle = dlopen(library, RTLD_NOW); /* keeps it there */
    struct job job[3];

    for (int i = 0; i < 3; i++)
        job_start(&job[i], open_and_close, NULL);
    for (int i = 0; i < 3; i++)
        IS(0, job_end(&job[i]));
    IS(0, dlclose(handle));
}

static const struct conform_part parts[] = {
    { "opened", opened },         { "looked up", looked_up },   { "walked", walked },
    { "namespaces", namespaces }, { "in threads", in_threads },
};

int main(int argc, char **argv)
{
    MUST(argc > 1);
    library = argv[1];
    YES(dlerror() == NULL); /* nobody has called anything */
    return conform_main(parts, sizeof(parts) / sizeof(parts[0]), 1, argv);
}
