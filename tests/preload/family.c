/* SPDX-License-Identifier: MIT */
/*
 * A deadlock between processes: a parent and its child, each with one mutex in shared memory, want the other's. The memory lies
 * at one address in both, or at two.
 */

/* plain: no */
/* options: on_deadlock=break */
/* findings: 1 */
/* status: 66 */
/* stdout: ^the child had both$ */

/* case: inherited */
/* expect: WARNING: threads are deadlocked! */
/* expect: ^2 threads wait for each other in a circle\.$ */
/* expect: , of another process, is trying to acquire lock:$ */
/* expect: ^what else it holds is not known here\.$ */
/* stdout: ^refused: Resource deadlock avoided$ */

/* case: mapped-twice */
/* expect: WARNING: threads are deadlocked! */
/* expect: ^2 threads wait for each other in a circle\.$ */
/* expect: , of another process, is trying to acquire lock:$ */
/* expect: ^what else it holds is not known here\.$ */
/* stdout: ^refused: Resource deadlock avoided$ */

/* case: gives-up */
/* findings: 0 */
/* status: 0 */
/* reject: WARNING: threads are deadlocked! */
/* stdout: ^refused: Connection timed out$ */

#include "program.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct shared {
    pthread_mutex_t mutex[2];
    int here; /* atomic */
};

static int is(const char *name, int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], name) == 0;
}

static void *map_it(int fd)
{
    void *memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
                        fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

    MUST(memory != MAP_FAILED);
    return memory;
}

static void say(struct shared *shared, int number)
{
    __atomic_store_n(&shared->here, number, __ATOMIC_SEQ_CST);
}

static void wait_for(struct shared *shared, int number)
{
    while (__atomic_load_n(&shared->here, __ATOMIC_SEQ_CST) < number)
        sched_yield();
}

static int is_asleep(pid_t pid)
{
    char path[64], text[64] = "";
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
    file = fopen(path, "r");
    MUST(file != NULL);
    if (fgets(text, sizeof(text), file) == NULL)
        text[0] = 'r';
    (void)fclose(file);
    return text[0] != 'r';
}

/* The child's side: it waits for good, and has both once the parent gave up. */
static int child(struct shared *shared)
{
    MUST(pthread_mutex_lock(&shared->mutex[1]) == 0);
    say(shared, 1);
    wait_for(shared, 2);
    MUST(pthread_mutex_lock(&shared->mutex[0]) == 0);
    MUST(pthread_mutex_unlock(&shared->mutex[0]) == 0);
    MUST(pthread_mutex_unlock(&shared->mutex[1]) == 0);
    return 0;
}

int main(int argc, char **argv)
{
    const struct timespec soon = { 1, 0 };
    int fd = is("mapped-twice", argc, argv) ? memfd_create("locks", 0) : -1, r, status;
    pthread_mutexattr_t attr;
    struct shared *shared;
    pid_t pid;

    MUST(fd < 0 || ftruncate(fd, sizeof(*shared)) == 0);
    shared = map_it(fd);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    MUST(pthread_mutex_init(&shared->mutex[0], &attr) == 0 && pthread_mutex_init(&shared->mutex[1], &attr) == 0);
    pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        return child(fd < 0 ? shared : map_it(fd));
    wait_for(shared, 1);
    MUST(pthread_mutex_lock(&shared->mutex[0]) == 0);
    say(shared, 2);
    while (!is_asleep(pid))
        sched_yield();
    r = is("gives-up", argc, argv) ? pthread_mutex_timedlock(&shared->mutex[1], &soon)
                                   : pthread_mutex_lock(&shared->mutex[1]);
    printf("refused: %s\n", strerror(r));
    MUST(pthread_mutex_unlock(&shared->mutex[0]) == 0);
    MUST(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        puts("the child had both");
    return 0;
}
