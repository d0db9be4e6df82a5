/* SPDX-License-Identifier: MIT */
/* For either order, the report shows where both of its locks were taken, and by which thread. */
/* complaint: 15 the other acquisition is not shown */
/* title: A B in one function and thread, B A in another: four places */
/* status: 66 */
/* findings: 1 */
/* expect: (^ +take_b_under_a\+0x.*\n)(^ .*\n)*^ +while holding \(a\), taken at:\n +take_a\+0x.*\n(^ .*\n)*^ +by first/ */
/* expect: (^ +take_a_under_b\+0x.*\n)(^ .*\n)*^ +while holding \(b\), taken at:\n +take_b\+0x.*\n(^ .*\n)*^ +by second/ */
#include "../verdicts/side_by_side.h"

#include <sys/prctl.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

/* Frames of their own, not tail calls. */
static __attribute__((noinline)) void take_a(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
}

static __attribute__((noinline)) void take_b(void)
{
    MUST(pthread_mutex_lock(&b) == 0);
}

static __attribute__((noinline)) void take_b_under_a(void)
{
    MUST(pthread_mutex_lock(&b) == 0);
}

static __attribute__((noinline)) void take_a_under_b(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
}

static void release(void)
{
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

static void first(void)
{
    MUST(prctl(PR_SET_NAME, "first") == 0);
    take_a();
    take_b_under_a();
    release();
}

static void second(void)
{
    MUST(prctl(PR_SET_NAME, "second") == 0);
    take_b();
    take_a_under_b();
    release();
}

int main(void)
{
    SIDE_BY_SIDE(first, second);
    puts("done");
    return 0;
}
