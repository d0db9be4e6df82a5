/* SPDX-License-Identifier: MIT */
/* Each function of libc that installs a signal handler: a finding in the handler says so, and where it was installed. */
/* status: 66 */
/* findings: 8 */
/* expect: \A(?:[\s\S]*?^in the handler of signal SIGUSR1, installed at ?\n? *install_by\+){8} */
#include "program.h"

#include <dlfcn.h>
#include <signal.h>

enum {
    WAYS = 8
};

typedef sighandler_t installer(int, sighandler_t);
typedef int action_installer(int, const struct sigaction *, struct sigaction *);

static const char *const names[WAYS] = { "sigaction", "__sigaction", "signal",        "bsd_signal",
                                         "ssignal",   "sysv_signal", "__sysv_signal", "sigset" };
static pthread_mutex_t locks[WAYS][2] = { [0 ... WAYS - 1] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER } };
static int way, runs;

/* Locks that no other way has: each finding is one of its own. */
static void handler(int number)
{
    (void)number;
    runs++;
    nest(&locks[way][0], &locks[way][1]);
    nest(&locks[way][1], &locks[way][0]);
}

static __attribute__((noinline)) void install_by(const char *name)
{
    void *function = dlsym(RTLD_DEFAULT, name);

    if (strstr(name, "sigaction") != NULL) {
        struct sigaction action = { .sa_handler = handler };

        MUST(function != NULL && ((action_installer *)function)(SIGUSR1, &action, NULL) == 0);
        return;
    }
    if (function == NULL) /* gone from newer libcs */
        function = (void *)signal;
    MUST(((installer *)function)(SIGUSR1, handler) == SIG_DFL);
}

int main(void)
{
    for (way = 0; way < WAYS; way++) {
        install_by(names[way]);
        MUST(raise(SIGUSR1) == 0);
        MUST(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
    }
    printf("%d runs\n", runs);
    return 0;
}
