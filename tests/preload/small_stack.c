/* SPDX-License-Identifier: MIT */
/* Signal stacks. On one of 8 KiB, the size that SIGSTKSZ was for decades, a handler takes locks that are new, and walks
 * into a finding: nothing below the stack is written. On a large one reports have whole stacks. */
/* case: small */
/* status: 66 */
/* findings: 1 */
/* expect: ^-> #0 .*\n *(nest|handler)\+0x.* \(small_stack\)\n *while holding */
/* case: large */
/* status: 66 */
/* findings: 1 */
/* expect: ^.*handler\+0x.* \(small_stack\)(\n.*)*main\+0x.* \(small_stack\) */
#include "program.h"

#include <signal.h>
#include <sys/mman.h>

enum {
    AREA = 512 * 1024,
    SMALL = 8 * 1024,
    LARGE = 256 * 1024,
    KERNEL_FRAME = 4 * 1024, /* of the 8 KiB, what processors of these years need for the kernel's own frame */
    PATTERN = 0x5a
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;

static void handler(int number)
{
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    (void)number;
    MUST(pthread_mutex_trylock(&c) == 0);
    MUST(pthread_mutex_unlock(&c) == 0);
    nest(&c, &fresh);
    nest(&b, &a);
}

int main(int argc, char **argv)
{
    size_t size = is_case(argv, "large") ? LARGE : SMALL;
    size_t frame = (size_t)sysconf(_SC_MINSIGSTKSZ);
    char *area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    stack_t stack = { 0 };
    size_t below;

    (void)argc;
    MUST(area != MAP_FAILED);
    if (frame > KERNEL_FRAME)
        size += frame - KERNEL_FRAME;
    below = AREA - size;
    memset(area, PATTERN, AREA);
    stack.ss_sp = area + below;
    stack.ss_size = size;
    MUST(sigaltstack(&stack, NULL) == 0);
    nest(&a, &b); /* before there is a handler, which would make another finding of it */
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(raise(SIGUSR1) == 0);
    for (size_t i = 0; i < below; i++)
        MUST(area[i] == PATTERN);
    puts("nothing was overwritten");
    return 0;
}
