/* SPDX-License-Identifier: MIT */
/* Two orders of two classes; but each thread has two locks of its own. */
#include "deadlock.h"

enum {
    ROUNDS = 200
};

static struct connection {
    pthread_mutex_t in, out;
    unsigned sum;
} connections[2];

static __attribute__((noinline)) void open_connection(struct connection *connection)
{
    MUST(pthread_mutex_init(&connection->in, NULL) == 0);
    MUST(pthread_mutex_init(&connection->out, NULL) == 0);
}

static void *answer(void *arg)
{
    struct connection *connection = &connections[0];

    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&connection->in);
        LOCK(&connection->out);
        connection->sum++;
        UNLOCK(&connection->out);
        UNLOCK(&connection->in);
    }
    return arg;
}

static void *ask(void *arg)
{
    struct connection *connection = &connections[1];

    for (int i = 0; i < ROUNDS; i++) {
        LOCK(&connection->out);
        LOCK(&connection->in);
        connection->sum++;
        UNLOCK(&connection->in);
        UNLOCK(&connection->out);
    }
    return arg;
}

int main(int argc, char **argv)
{
    begin(argc, argv, 0);
    for (int i = 0; i < 2; i++)
        open_connection(&connections[i]);
    run_two(answer, ask);
    return finish();
}
