/* SPDX-License-Identifier: MIT */
/*
 * What a program sees of who started it, and how it ends. The first argument says what to do:
 *     state [FD]      print what it was given, to stdout or FD: descriptors, signals, groups, limits
 *     signals         print each signal that comes, until stdin ends
 *     group           the same, and send SIGTERM to the process group
 *     default         say "ready", and wait for a signal that ends it
 *     abba STATUS     a finding, and exit
 *     two             two findings
 *     odd             an order a hundred times, and the other way once; another finding
 *     clean STATUS    no finding
 *     die SIGNAL      a finding, and death by it
 *     silent          close stdout, and wait until stdin ends
 *     child STATUS    a child makes a finding, which ends with STATUS; so does the program, without one
 *     becomes STATUS  a finding, then it is exec'ed as "clean STATUS"
 *     outlive FIFO    a grandchild outlives it, which makes a finding when FIFO is opened for reading
 *     hang            threads are stuck; it says so, and waits
 *     no-close-range PROGRAM ...  become PROGRAM, in a process for which close_range() does not exist
 *     poor            a finding, after which the record cannot be written any more, and another one
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void both_orders(pthread_mutex_t *first, pthread_mutex_t *second)
{
    take(first, second);
    take(second, first);
}

static void print_state(int out)
{
    struct rlimit limit;
    struct sigaction action;
    char folder[4096];
    sigset_t mask;
    mode_t umask_was = umask(0);

    for (int fd = 0; fd < 64; fd++) {
        struct stat st;

        if (fstat(fd, &st) == 0)
            dprintf(out, "fd %d: %o, flags %x\n", fd, (unsigned)st.st_mode, (unsigned)fcntl(fd, F_GETFL));
    }
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int i = 1; i < SIGRTMIN + 2; i++) {
        if (sigaction(i, NULL, &action) != 0)
            continue;
        if (action.sa_handler == SIG_IGN)
            dprintf(out, "signal %d is ignored\n", i);
        if (sigismember(&mask, i) == 1)
            dprintf(out, "signal %d is blocked\n", i);
    }
    for (int i = 0; i < RLIM_NLIMITS; i++)
        if (getrlimit((unsigned)i, &limit) == 0)
            dprintf(out, "limit %d: %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
                    (unsigned long long)limit.rlim_max);
    dprintf(out, "umask %o, folder %s\n", (unsigned)umask_was, getcwd(folder, sizeof(folder)));
    dprintf(out, "group of the parent: %d, session of the parent: %d\n", getpgrp() == getpgid(getppid()),
            getsid(0) == getsid(getppid()));
}

/* ---- signals ---- */

static void note(int number, siginfo_t *info, void *context)
{
    char line[64];
    int len = snprintf(line, sizeof(line), "got %d value %d\n", number,
                       info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);

    (void)context;
    (void)!write(STDOUT_FILENO, line, (size_t)len);
}

static void print_signals(bool send)
{
    static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGURG };
    const struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART };
    char byte;

    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
        (void)sigaction(caught[i], &action, NULL);
    (void)sigaction(SIGRTMIN, &action, NULL);
    (void)!write(STDOUT_FILENO, "ready\n", 6);
    if (send)
        (void)kill(0, SIGTERM);
    while (read(STDIN_FILENO, &byte, 1) == 1)
        ;
}

/* ---- families ---- */

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static void outlive(const char *fifo)
{
    if (fork() != 0)
        return;
    (void)setsid();
    if (fork() != 0)
        _exit(0);
    for (int fd = 0; fd < 3; fd++)
        (void)close(fd);
    (void)open(fifo, O_WRONLY);
    both_orders(&a, &b);
    exit(0);
}

/* ---- threads that are stuck ---- */

static pthread_barrier_t meet;

static void *crosswise(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&b);
    (void)pthread_barrier_wait(&meet);
    pthread_mutex_lock(&a);
    return NULL;
}

static void hang(void)
{
    pthread_t thread;

    pthread_barrier_init(&meet, NULL, 2);
    pthread_create(&thread, NULL, crosswise, NULL);
    pthread_mutex_lock(&a);
    (void)pthread_barrier_wait(&meet);
    (void)!write(STDOUT_FILENO, "stuck\n", 6);
    pthread_mutex_lock(&b);
}

/* Nothing is longer than this: neither the record, nor, from here on, anything else. */
static void poor(void)
{
    const struct rlimit small = { 1, 1 };

    both_orders(&a, &b);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &small);
    both_orders(&c, &d);
}

static void refuse_close_range(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };

    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *more = argc > 2 ? argv[2] : "0";
    char byte;

    if (strcmp(what, "no-close-range") == 0 && argc > 2) {
        refuse_close_range();
        (void)execv(argv[2], argv + 2);
        return 1;
    }
    if (strcmp(what, "state") == 0) {
        print_state(argc > 2 ? atoi(more) : STDOUT_FILENO);
    } else if (strcmp(what, "signals") == 0) {
        print_signals(false);
    } else if (strcmp(what, "group") == 0) {
        print_signals(true);
    } else if (strcmp(what, "default") == 0) {
        (void)!write(STDOUT_FILENO, "ready\n", 6);
        for (;;)
            (void)pause();
    } else if (strcmp(what, "abba") == 0) {
        both_orders(&a, &b);
        return atoi(more);
    } else if (strcmp(what, "two") == 0) {
        both_orders(&a, &b);
        both_orders(&c, &d);
    } else if (strcmp(what, "odd") == 0) {
        for (int i = 0; i < 100; i++)
            take(&a, &b);
        take(&b, &a);
        both_orders(&c, &d);
    } else if (strcmp(what, "clean") == 0) {
        take(&a, &b);
        return atoi(more);
    } else if (strcmp(what, "die") == 0) {
        both_orders(&a, &b);
        (void)raise(atoi(more));
    } else if (strcmp(what, "silent") == 0) {
        (void)close(STDOUT_FILENO);
        while (read(STDIN_FILENO, &byte, 1) == 1)
            ;
    } else if (strcmp(what, "child") == 0) {
        pid_t pid = fork();

        if (pid == 0) {
            both_orders(&a, &b);
            return atoi(more);
        }
        (void)wait_for(pid);
        return atoi(more);
    } else if (strcmp(what, "becomes") == 0) {
        both_orders(&a, &b);
        (void)execl("/proc/self/exe", argv[0], "clean", more, (char *)NULL);
        return 99;
    } else if (strcmp(what, "outlive") == 0) {
        outlive(more);
    } else if (strcmp(what, "hang") == 0) {
        hang();
    } else if (strcmp(what, "poor") == 0) {
        poor();
    } else {
        return 98;
    }
    return 0;
}
