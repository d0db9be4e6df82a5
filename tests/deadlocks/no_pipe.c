/* SPDX-License-Identifier: MIT */
/* Two orders, and a token that goes to and fro through pipes: who does not have it waits in read(). */
#include "deadlock.h"

enum {
    ROUNDS = 50
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int to_a[2], to_b[2]; /* pipes */
static unsigned sum;

static void await_token(const int pipe_ends[2])
{
    char token;

    MUST(read(pipe_ends[0], &token, 1) == 1);
}

static void pass_token(const int pipe_ends[2])
{
    MUST(write(pipe_ends[1], "t", 1) == 1);
}

static void *first_a(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        await_token(to_a);
        LOCK(&a);
        LOCK(&b);
        sum++;
        UNLOCK(&b);
        UNLOCK(&a);
        pass_token(to_b);
    }
    return arg;
}

static void *first_b(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        await_token(to_b);
        LOCK(&b);
        LOCK(&a);
        sum++;
        UNLOCK(&a);
        UNLOCK(&b);
        pass_token(to_a);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    MUST(pipe(to_a) == 0);
    MUST(pipe(to_b) == 0);
    pass_token(to_a);
    run_two(first_a, first_b);
    return finish();
}
