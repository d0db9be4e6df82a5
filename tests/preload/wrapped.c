/* SPDX-License-Identifier: MIT */
/*
 * Locks that are made by the functions of well-known libraries, which allocate and initialise: their class is the place
 * that called the library, so an order of two of them has two classes, and three in a row are no circle.
 */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: is trying to acquire lock:\n0x[0-9a-f]+ \(\w+@make_account\+0x\S+\) */
/* expect: already holding lock:\n0x[0-9a-f]+ \(\w+@make_journal\+0x\S+\) */
/* expect: ^(classes:|        ) mutex@make_account\S+ +init at make_account\S+ \(\w+\), through the wrapper \w+$ */
/* expect: ^(classes:|        ) mutex@make_journal\S+ +init at make_journal\S+ \(\w+\), through the wrapper \w+$ */
#include "program.h"

/* One that programs call by that name, exported as theirs is. */
#define WRAPPER(name)                                              \
    void *name(void);                                              \
    __attribute__((noinline)) void *name(void)                     \
    {                                                              \
        pthread_mutex_t *lock = malloc(sizeof(*lock));             \
                                                                   \
        MUST(lock != NULL && pthread_mutex_init(lock, NULL) == 0); \
        return lock;                                               \
    }

WRAPPER(CRYPTO_THREAD_lock_new)
WRAPPER(PR_NewLock)
WRAPPER(apr_thread_mutex_create)
WRAPPER(SDL_CreateMutex_REAL)
WRAPPER(xmlNewMutex)
WRAPPER(PyThread_allocate_lock)
WRAPPER(sqlite3_mutex_alloc)
WRAPPER(_ZN2v84base8CallOnceIvEEv)
typedef void *maker(void);

static __attribute__((noinline)) pthread_mutex_t *make_account(maker *make)
{
    pthread_mutex_t *lock = make();

    MUST(lock != NULL);
    return lock;
}

static __attribute__((noinline)) pthread_mutex_t *make_journal(maker *make)
{
    pthread_mutex_t *lock = make();

    MUST(lock != NULL);
    return lock;
}

static __attribute__((noinline)) pthread_mutex_t *make_cache(maker *make)
{
    pthread_mutex_t *lock = make();

    MUST(lock != NULL);
    return lock;
}

/* case: openssl */
/* case: nspr */
/* case: apr */
/* case: sdl */
/* case: libxml2 */
/* case: cpython */
/* case: sqlite */
/* case: v8 */
static void against_order(maker *make)
{
    pthread_mutex_t *account = make_account(make), *journal = make_journal(make), *cache = make_cache(make);

    nest(account, journal);
    nest(journal, cache);
    nest(account, cache);
    nest(make_journal(make), make_account(make));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        maker *make;
    } cases[] = {
        { "openssl", CRYPTO_THREAD_lock_new },
        { "nspr", PR_NewLock },
        { "apr", apr_thread_mutex_create },
        { "sdl", SDL_CreateMutex_REAL },
        { "libxml2", xmlNewMutex },
        { "cpython", PyThread_allocate_lock },
        { "sqlite", sqlite3_mutex_alloc },
        { "v8", _ZN2v84base8CallOnceIvEEv },
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            against_order(cases[i].make);
    puts("done");
    return 0;
}
