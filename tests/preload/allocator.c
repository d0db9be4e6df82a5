/* SPDX-License-Identifier: MIT */
/* A program under an allocator that takes pthread mutexes itself (slab_malloc.c), before and behind the library. */
/* case: behind */
/* with: slab_malloc */
/* case: before */
/* with-first: slab_malloc */
/* case: behind-finds */
/* with: slab_malloc */
/* status: 66 */
/* findings: 1 */
/* The allocator's first use may come before everything else: the options are known all the same. */
/* case: before-finds */
/* with-first: slab_malloc */
/* options: exitcode=5 */
/* status: 5 */
/* findings: 1 */
#include "program.h"

#include <stdatomic.h>
#include <sys/wait.h>

static atomic_int stop;

/* Each block has a lock of its own, so the slow way is taken again and again. */
static void *work(void *unused)
{
    pthread_mutex_t *memory[50] = { NULL };

    for (size_t i = 0; !atomic_load(&stop); i++) {
        pthread_mutex_t **at = &memory[i % 50];

        free(*at);
        *at = malloc(sizeof(**at) + i * 7 % 3000);
        MUST(*at != NULL && pthread_mutex_init(*at, NULL) == 0);
        MUST(pthread_mutex_lock(*at) == 0);
        free(malloc(1000));
        /* libc's, which ends in the allocator's realloc, wherever that stands. */
        free(reallocarray(malloc(100), i % 7 + 1, 100));
        MUST(pthread_mutex_unlock(*at) == 0);
    }
    for (size_t i = 0; i < 50; i++)
        free(memory[i]);
    make_no_finding();
    return unused;
}

static void fork_under_load(void)
{
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            free(malloc(100));
            _exit(0);
        }
        MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    }
}

int main(int argc, char **argv)
{
    pthread_t thread[4];

    (void)argc;
    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&thread[i], NULL, work, NULL) == 0);
    fork_under_load();
    atomic_store(&stop, 1);
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    if (strstr(argv[1], "finds") != NULL)
        make_finding();
    puts("done");
    return 0;
}
