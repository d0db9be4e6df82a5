/* SPDX-License-Identifier: MIT */
/*
 * sqlite_load THREADS TRANSACTIONS: threads that fill and read databases in memory through SQLite in its serialized mode,
 * each a database of its own; the library's own locks are shared. Prints "ns X", the time of a transaction of ten inserts,
 * an update and a query.
 */

#include "bench.h"

#include <pthread.h>
#include <sqlite3.h>

enum {
    MAX_THREADS = 64,
    ROWS = 10
};

static unsigned long transactions;

static void run(sqlite3 *db, const char *sql)
{
    BENCH_MUST(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;

    BENCH_MUST(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
    return statement;
}

static void *work(void *arg)
{
    sqlite3 *db;
    sqlite3_stmt *insert, *update, *query;
    sqlite3_int64 sum = 0;

    (void)arg;
    BENCH_MUST(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
                               NULL) == SQLITE_OK);
    run(db, "create table t (id integer primary key, number int, text text); create index by_number on t (number)");
    insert = prepare(db, "insert into t (number, text) values (?, 'some text of a row')");
    update = prepare(db, "update t set text = text where number = ?");
    query = prepare(db, "select count(*), sum(id) from t where number = ?");
    for (unsigned long i = 0; i < transactions; i++) {
        run(db, "begin");
        for (int row = 0; row < ROWS; row++) {
            BENCH_MUST(sqlite3_bind_int64(insert, 1, (sqlite3_int64)((i * ROWS + (unsigned)row) * 7919 % 5003)) ==
                       SQLITE_OK);
            BENCH_MUST(sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK);
        }
        BENCH_MUST(sqlite3_bind_int64(update, 1, (sqlite3_int64)(i % 5003)) == SQLITE_OK);
        BENCH_MUST(sqlite3_step(update) == SQLITE_DONE && sqlite3_reset(update) == SQLITE_OK);
        BENCH_MUST(sqlite3_bind_int64(query, 1, (sqlite3_int64)(i * 31 % 5003)) == SQLITE_OK);
        BENCH_MUST(sqlite3_step(query) == SQLITE_ROW);
        sum += sqlite3_column_int64(query, 0);
        BENCH_MUST(sqlite3_reset(query) == SQLITE_OK);
        run(db, "commit");
    }
    BENCH_MUST(sum >= 0);
    sqlite3_finalize(insert);
    sqlite3_finalize(update);
    sqlite3_finalize(query);
    BENCH_MUST(sqlite3_close(db) == SQLITE_OK);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    unsigned long count;
    uint64_t start;

    if (argc != 3) {
        fprintf(stderr, "usage: %s THREADS TRANSACTIONS\n", argv[0]);
        return 2;
    }
    count = strtoul(argv[1], NULL, 10);
    transactions = strtoul(argv[2], NULL, 10);
    BENCH_MUST(count > 0 && count <= MAX_THREADS && transactions > 0);
    start = bench_now();
    for (unsigned long i = 0; i < count; i++)
        BENCH_MUST(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (unsigned long i = 0; i < count; i++)
        BENCH_MUST(pthread_join(threads[i], NULL) == 0);
    printf("ns %.1f\n", (double)(bench_now() - start) / (double)transactions);
    return 0;
}
