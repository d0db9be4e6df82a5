/* SPDX-License-Identifier: MIT */
/* Sixty-four locks held at once, released in order, out of order and in the order they were taken; then a cycle through
 * all of them. */
/* case: clean */
/* case: cycle */
/* status: 66 */
/* findings: 1 */
/* expect: ^-> #63 */
#include "program.h"

enum {
    DEPTH = 64
};

static pthread_mutex_t lock[DEPTH] = { [0 ... DEPTH - 1] = PTHREAD_MUTEX_INITIALIZER };

static void take_all(void)
{
    for (int i = 0; i < DEPTH; i++)
        MUST(pthread_mutex_lock(&lock[i]) == 0);
}

static void clean(void)
{
    take_all();
    for (int i = DEPTH; i-- > 0;)
        MUST(pthread_mutex_unlock(&lock[i]) == 0);
    take_all();
    for (int i = 0; i < DEPTH; i++)
        MUST(pthread_mutex_unlock(&lock[i]) == 0);
    take_all();
    for (int i = 0; i < DEPTH; i++)
        MUST(pthread_mutex_unlock(&lock[i * 37 % DEPTH]) == 0);
}

static void cycle(void)
{
    for (int i = 0; i < DEPTH; i++)
        nest(&lock[i], &lock[(i + 1) % DEPTH]);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "clean"))
        clean();
    else
        cycle();
    puts("done");
    return 0;
}
