/* SPDX-License-Identifier: MIT */
/* Both orders by one thread, while another is there and takes neither lock under the other. */
/* complaint: 2 an inversion within one thread */
/* title: A B and B A by one of two threads */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* expect: ^  one thread made all 2 acquisitions$ */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

static void both_orders(void)
{
    nest(&a, &b);
    nest(&b, &a);
}

static void one_at_a_time(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

int main(void)
{
    SIDE_BY_SIDE(both_orders, one_at_a_time);
    puts("done");
    return 0;
}
