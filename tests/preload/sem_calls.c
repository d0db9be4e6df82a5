/* SPDX-License-Identifier: MIT */
/* Every hooked call of semaphores, where it succeeds and where it fails: return values and errno are libc's own. */
#include "program.h"

#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>

#define SAY(call)                                 \
    do {                                          \
        int r_;                                   \
                                                  \
        errno = 1234;                             \
        r_ = (call);                              \
        printf("%3d %4d %s\n", r_, errno, #call); \
    } while (0)

static void say_value(sem_t *sem)
{
    int value = -1;

    MUST(sem_getvalue(sem, &value) == 0);
    printf("value %d\n", value);
}

static void calls(sem_t *sem, int is_shared)
{
    struct timespec past = long_ago(), far = far_away(CLOCK_REALTIME), far_mono = far_away(CLOCK_MONOTONIC);
    struct timespec bad = { .tv_sec = 1, .tv_nsec = -1 };

    SAY(sem_init(sem, is_shared, 1));
    SAY(sem_wait(sem));
    SAY(sem_trywait(sem)); /* EAGAIN */
    SAY(sem_timedwait(sem, &past));
    SAY(sem_timedwait(sem, &bad)); /* EINVAL */
    SAY(sem_clockwait(sem, CLOCK_MONOTONIC, &past));
    SAY(sem_clockwait(sem, CLOCK_MONOTONIC, &bad));
    SAY(sem_clockwait(sem, CLOCK_PROCESS_CPUTIME_ID, &past)); /* EINVAL */
    say_value(sem);
    SAY(sem_post(sem));
    SAY(sem_timedwait(sem, &bad)); /* not looked at: there is one */
    SAY(sem_post(sem));
    SAY(sem_timedwait(sem, &far));
    SAY(sem_post(sem));
    SAY(sem_clockwait(sem, CLOCK_MONOTONIC, &far_mono));
    SAY(sem_post(sem));
    SAY(sem_clockwait(sem, CLOCK_REALTIME, &far));
    SAY(sem_post(sem));
    SAY(sem_trywait(sem));
    SAY(sem_post(sem));
    SAY(sem_post(sem));
    say_value(sem);
    SAY(sem_destroy(sem));
    SAY(sem_init(sem, is_shared, SEM_VALUE_MAX));
    SAY(sem_post(sem)); /* EOVERFLOW */
    say_value(sem);
    SAY(sem_wait(sem));
    SAY(sem_init(sem, is_shared, (unsigned)SEM_VALUE_MAX + 1)); /* EINVAL */
    SAY(sem_destroy(sem));
}

static sem_t waited;
static atomic_int running;

static void on_signal(int number)
{
    (void)number;
}

/* One wait a signal: until the other thread has seen them all fail. */
static void *interrupt(void *main_thread)
{
    while (atomic_load(&running) != 0)
        if (atomic_load(&running) == 1)
            (void)pthread_kill(*(pthread_t *)main_thread, SIGUSR1);
    return NULL;
}

static void interrupted(void)
{
    struct sigaction action = { .sa_handler = on_signal }; /* without SA_RESTART */
    struct timespec far = far_away(CLOCK_REALTIME), far_mono = far_away(CLOCK_MONOTONIC);
    pthread_t self = pthread_self(), thread;

    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    SAY(sem_init(&waited, 0, 1));
    SAY(sem_wait(&waited));
    atomic_store(&running, 1);
    MUST(pthread_create(&thread, NULL, interrupt, &self) == 0);
    SAY(sem_wait(&waited)); /* EINTR */
    SAY(sem_timedwait(&waited, &far));
    SAY(sem_clockwait(&waited, CLOCK_MONOTONIC, &far_mono));
    atomic_store(&running, 0);
    MUST(pthread_join(thread, NULL) == 0);
    SAY(sem_post(&waited));
    say_value(&waited);
}

static void named(void)
{
    char name[64];
    sem_t *sem, *again, *unnamed = &waited;
    struct stat status;
    mode_t mask = umask(022);

    (void)snprintf(name, sizeof(name), "/lockval-calls-%d", (int)getpid());
    SAY(sem_open(name, 0) == SEM_FAILED ? -1 : 0);                  /* ENOENT */
    SAY(sem_open("/a/b", O_CREAT, 0600, 1) == SEM_FAILED ? -1 : 0); /* no such name can be */
    SAY(sem_open(name, O_CREAT, 0600, (unsigned)SEM_VALUE_MAX + 1) == SEM_FAILED ? -1 : 0);
    sem = sem_open(name, O_CREAT | O_EXCL, 0644, 1);
    MUST(sem != SEM_FAILED);
    {
        char path[128];

        (void)snprintf(path, sizeof(path), "/dev/shm/sem.%s", name + 1);
        if (stat(path, &status) == 0)
            printf("mode %o\n", (unsigned)status.st_mode & 0777);
    }
    say_value(sem);
    errno = 1234;
    again = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    printf("%d %d\n", again == SEM_FAILED, errno); /* EEXIST */
    again = sem_open(name, O_CREAT, 0600, 7);
    printf("same: %d\n", again == sem);
    say_value(sem);
    SAY(sem_wait(sem));
    SAY(sem_trywait(again));
    SAY(sem_post(again));
    SAY(sem_close(again));
    SAY(sem_wait(sem));
    SAY(sem_post(sem));
    SAY(sem_unlink(name));
    SAY(sem_unlink(name));
    SAY(sem_close(sem));
    SAY(sem_close(unnamed));                  /* EINVAL */
    SAY(sem_close((sem_t *)(uintptr_t)0x10)); /* EINVAL, and not looked at */
    (void)umask(mask);
}

int main(void)
{
    sem_t *volatile none = NULL;
    sem_t sem;

    calls(&sem, 0);
    calls(&sem, 1);
    interrupted();
    named();
    SAY(sem_destroy(none)); /* libc does not look at it */
    return 0;
}
