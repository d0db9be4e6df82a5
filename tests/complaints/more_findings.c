/* SPDX-License-Identifier: MIT */
/* The first finding ends neither the program nor the watching. */
/* complaint: 14 the first finding hides the rest */
/* title: A B and B A, C D and D C, and A D and D A, by one thread */
/* status: 66 */
/* findings: 3 */
/* expect: ^-> #1 \(b\) */
/* expect: ^-> #1 \(d\)(.|\n)*^-> #0 \(c\) */
/* expect: ^-> #1 \(d\)(.|\n)*^-> #0 \(a\) */
#include "../preload/program.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t d = PTHREAD_MUTEX_INITIALIZER;

int main(void)
{
    nest(&a, &b);
    nest(&b, &a);
    nest(&c, &d);
    nest(&d, &c);
    nest(&a, &d);
    nest(&d, &a);
    puts("done");
    return 0;
}
