/* SPDX-License-Identifier: MIT */
/*
 * memcached_load PORT THREADS BATCHES: a client for memcached at 127.0.0.1. Each thread has one connection and sends batches
 * of requests, seven reads and a write, each batch when the one before was answered. Prints "ns X", the time of a request.
 */

#include "bench.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_THREADS = 64,
    KEYS = 10000,
    BATCH = 8,
    VALUE = 100
};

static struct sockaddr_in server;
static unsigned long batches;

static int connect_to_server(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    BENCH_MUST(fd >= 0 && connect(fd, (const struct sockaddr *)&server, sizeof(server)) == 0);
    BENCH_MUST(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    return fd;
}

/* Reads until @answers lines came that end an answer. A value's own line never begins as these do. */
static void read_answers(int fd, int answers)
{
    static _Thread_local char buf[65536];
    size_t have = 0, begin = 0;

    while (answers > 0) {
        ssize_t got = read(fd, buf + have, sizeof(buf) - have);
        char *end;

        BENCH_MUST(got > 0);
        have += (size_t)got;
        while (answers > 0 && (end = memchr(buf + begin, '\n', have - begin)) != NULL) {
            size_t length = (size_t)(end + 1 - (buf + begin));

            BENCH_MUST(strncmp(buf + begin, "ERROR", 5) != 0 && strncmp(buf + begin, "SERVER_ERROR", 12) != 0);
            if (length >= 5 && (memcmp(buf + begin, "END\r\n", 5) == 0 || memcmp(buf + begin, "STORE", 5) == 0))
                answers--;
            begin += length;
        }
    }
}

static void *work(void *arg)
{
    uint64_t random = 88172645463325252u + (uint64_t)(uintptr_t)arg * 2654435761u;
    char request[BATCH * 32 + VALUE + 64], value[VALUE + 1];
    int fd = connect_to_server();

    memset(value, 'v', VALUE);
    value[VALUE] = '\0';
    for (unsigned long batch = 0; batch < batches; batch++) {
        int length = 0;

        for (int i = 0; i < BATCH; i++) {
            unsigned key;

            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            key = (unsigned)(random >> 32) % KEYS;
            if (i == 0)
                length += snprintf(request + length, sizeof(request) - (size_t)length, "set key:%u 0 0 %d\r\n%s\r\n",
                                   key, VALUE, value);
            else
                length += snprintf(request + length, sizeof(request) - (size_t)length, "get key:%u\r\n", key);
        }
        BENCH_MUST(write(fd, request, (size_t)length) == length);
        read_answers(fd, BATCH);
    }
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    unsigned long count;
    uint64_t start;

    if (argc != 4) {
        fprintf(stderr, "usage: %s PORT THREADS BATCHES\n", argv[0]);
        return 2;
    }
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    count = strtoul(argv[2], NULL, 10);
    batches = strtoul(argv[3], NULL, 10);
    BENCH_MUST(count > 0 && count <= MAX_THREADS && batches > 0);
    start = bench_now();
    for (unsigned long i = 0; i < count; i++)
        BENCH_MUST(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)) == 0);
    for (unsigned long i = 0; i < count; i++)
        BENCH_MUST(pthread_join(threads[i], NULL) == 0);
    printf("ns %.1f\n", (double)(bench_now() - start) / (double)(count * batches * BATCH));
    return 0;
}
