/* SPDX-License-Identifier: MIT */
/*
 * A log that nobody reads. Who makes a finding waits for the reader, as with every write to a full pipe; nobody else does: known
 * chains, new ones, threads, and locks that come and go work meanwhile.
 */
/* findings: 1 */
/* status: 66 */
/* expect: ^-> #0 \(finding_a\) */
#include "program.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum {
    OTHERS = 3,
    CHAINS = 100
};

#define FILLER '\001'

static int log_pipe[2], log_before;
static atomic_int reporter; /* its thread number, once it is about to close the circle */
static atomic_int reported;
static pthread_mutex_t lock[OTHERS][CHAINS] = { [0 ... OTHERS - 1] = { [0 ... CHAINS - 1] =
                                                                           PTHREAD_MUTEX_INITIALIZER } };

/* From here on what is written to stderr goes into a pipe that has no room. */
static void block_the_log(void)
{
    static char filler[4096];
    int flags;

    memset(filler, FILLER, sizeof(filler));
    MUST(pipe(log_pipe) == 0);
    log_before = dup(2);
    flags = fcntl(log_pipe[1], F_GETFL);
    MUST(log_before >= 0 && fcntl(log_pipe[1], F_SETFL, flags | O_NONBLOCK) == 0);
    for (size_t size = sizeof(filler); size != 0; size /= 2)
        while (write(log_pipe[1], filler, size) > 0)
            ;
    MUST(errno == EAGAIN);
    MUST(fcntl(log_pipe[1], F_SETFL, flags) == 0 && dup2(log_pipe[1], 2) == 2);
}

static void *report(void *unused)
{
    nest(&finding_a, &finding_b);
    atomic_store(&reporter, gettid());
    nest(&finding_b, &finding_a);
    atomic_store(&reported, 1);
    return unused;
}

/* Is the thread in a system call, and that is write? */
static int is_writing(int tid)
{
    char path[64], text[128] = "";
    long number = -1;
    int file;

    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
    file = open(path, O_RDONLY);
    if (file < 0)
        return 0;
    if (read(file, text, sizeof(text) - 1) <= 0 || sscanf(text, "%ld", &number) != 1)
        number = -1;
    MUST(close(file) == 0);
    return number == SYS_write;
}

static void wait_for_the_report(void)
{
    while (atomic_load(&reporter) == 0 || !(atomic_load(&reported) || is_writing(atomic_load(&reporter))))
        sched_yield();
}

static void *nothing(void *unused)
{
    return unused;
}

/* Each pair is a new chain the first time, and a known one the second. */
static void *go_on(void *arg)
{
    pthread_mutex_t *mine = arg;

    for (int round = 0; round < 2; round++)
        for (int i = 0; i + 1 < CHAINS; i++)
            nest(&mine[i], &mine[i + 1]);
    for (int i = 0; i < CHAINS; i++) {
        pthread_mutex_t fresh;

        MUST(pthread_mutex_init(&fresh, NULL) == 0);
        nest(&mine[0], &fresh);
        MUST(pthread_mutex_destroy(&fresh) == 0);
    }
    run_thread(nothing, NULL);
    return NULL;
}

/* Everything but the filler goes where it was meant to go. */
static void *read_the_log(void *unused)
{
    char text[4096];
    ssize_t size;

    while ((size = read(log_pipe[0], text, sizeof(text))) > 0) {
        ssize_t from = 0;

        while (from < size && text[from] == FILLER)
            from++;
        MUST(write(log_before, text + from, (size_t)(size - from)) == size - from);
    }
    return unused;
}

int main(void)
{
    pthread_t reporting, reading, other[OTHERS];

    block_the_log();
    MUST(pthread_create(&reporting, NULL, report, NULL) == 0);
    wait_for_the_report();
    for (int i = 0; i < OTHERS; i++)
        MUST(pthread_create(&other[i], NULL, go_on, lock[i]) == 0);
    for (int i = 0; i < OTHERS; i++)
        MUST(pthread_join(other[i], NULL) == 0);
    printf("the others went on\n");
    MUST(pthread_create(&reading, NULL, read_the_log, NULL) == 0);
    MUST(pthread_join(reporting, NULL) == 0);
    MUST(dup2(log_before, 2) == 2 && close(log_pipe[1]) == 0);
    MUST(pthread_join(reading, NULL) == 0);
    return 0;
}
