/* SPDX-License-Identifier: MIT */
/*
 * A store is a database with the project's number in its header and the version of its tables, both SQLite's own fields, so that a
 * file of somebody else is known before anything in it is touched.
 *
 * The journal is the one that is deleted at each commit, not a log beside the file: one file can be copied and sent, is read where
 * nothing can be written, and lies on network drives. A process that is killed leaves its journal, and the next one undoes what it had begun.
 */

#define _GNU_SOURCE
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"

bool db_is(const char *path)
{
    static const char head[16] = "SQLite format 3";
    char read_head[sizeof(head)];
    int fd = strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    struct stat file;
    bool is = fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) &&
              pread(fd, read_head, sizeof(read_head), 0) == (ssize_t)sizeof(head) &&
              memcmp(head, read_head, sizeof(head)) == 0;

    if (fd >= 0)
        (void)close(fd);
    return is;
}

/* ---- what fails ---- */

static bool fail_with(struct db *db, const char *text)
{
    if (!db->failed)
        cli_complain("%s: %s", db->path, text);
    db->failed = true;
    return false;
}

bool db_fail(struct db *db, const char *doing)
{
    int code = sqlite3_extended_errcode(db->handle), error = sqlite3_system_errno(db->handle);
    const char *more = "";
    char *text;

    switch (code & 0xff) {
    case SQLITE_NOTADB:
        more = "it is no SQLite database, so it is no store of lockval";
        break;
    case SQLITE_CORRUPT:
        more = "the store is damaged; sqlite3's .recover, or a copy, may help. Nothing was changed";
        break;
    case SQLITE_FULL:
        more = "there is no room left on the disk. What was in the store before is there yet";
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        more = "others write to the store for so long that it was given up. Nothing was changed";
        break;
    case SQLITE_READONLY:
        more = "the store, or its folder, cannot be written to";
        break;
    default:
        break;
    }
    if (*more != '\0')
        text = cli_printf("%s: %s", doing, more);
    else if (error != 0)
        text = cli_printf("%s: %s (%s)", doing, sqlite3_errmsg(db->handle), strerror(error));
    else
        text = cli_printf("%s: %s", doing, sqlite3_errmsg(db->handle));
    (void)fail_with(db, text);
    free(text);
    return false;
}

/* ---- statements ---- */

bool db_run(struct db *db, const char *sql)
{
    if (db->failed)
        return false;
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || db_fail(db, "cannot use the store");
}

static sqlite3_stmt *statement_of(struct db *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    for (size_t i = 0; i < db->statement_count; i++)
        if (db->statements[i].sql == sql)
            return db->statements[i].statement;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        (void)db_fail(db, "cannot read the store");
        return NULL;
    }
    if (db->statement_count == DB_STATEMENTS) {
        db->statement_count--;
        (void)sqlite3_finalize(db->statements[db->statement_count].statement);
    }
    db->statements[db->statement_count].sql = sql;
    db->statements[db->statement_count++].statement = statement;
    return statement;
}

static sqlite3_stmt *ask(struct db *db, const char *sql, const char *types, va_list values)
{
    sqlite3_stmt *statement = db->failed ? NULL : statement_of(db, sql);

    if (statement == NULL)
        return NULL;
    (void)sqlite3_reset(statement);
    for (int i = 1; *types != '\0'; types++, i++) {
        const char *text;

        if (*types == 'i') {
            (void)sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
            continue;
        }
        text = va_arg(values, const char *);
        if (text == NULL || (*types == 'n' && *text == '\0'))
            (void)sqlite3_bind_null(statement, i);
        else
            (void)sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
    }
    return statement;
}

sqlite3_stmt *db_ask(struct db *db, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list values;

    va_start(values, types);
    statement = ask(db, sql, types, values);
    va_end(values);
    return statement;
}

bool db_row(struct db *db, sqlite3_stmt *statement)
{
    int code;

    if (statement == NULL || db->failed)
        return false;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        (void)db_fail(db, sqlite3_stmt_readonly(statement) ? "cannot read the store" : "cannot write to the store");
    (void)sqlite3_reset(statement);
    return false;
}

bool db_do(struct db *db, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    va_list values;

    va_start(values, types);
    statement = ask(db, sql, types, values);
    va_end(values);
    while (db_row(db, statement))
        continue;
    return !db->failed;
}

int64_t db_number(struct db *db, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *statement = db_ask(db, sql, "");
    int64_t number = db_row(db, statement) ? sqlite3_column_int64(statement, 0) : otherwise;

    (void)sqlite3_reset(statement);
    return number;
}

const char *db_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text != NULL ? (const char *)text : "";
}

bool db_begin(struct db *db)
{
    return db_run(db, "BEGIN IMMEDIATE");
}

bool db_end(struct db *db)
{
    if (db_run(db, "COMMIT"))
        return true;
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

/* ---- opening ---- */

static void forget_statements(struct db *db)
{
    for (size_t i = 0; i < db->statement_count; i++)
        (void)sqlite3_finalize(db->statements[i].statement);
    db->statement_count = 0;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    forget_statements(db);
    (void)sqlite3_close(db->handle);
    free(db);
}

/* The version of the tables; 0: there are none; -1 after a complaint. */
static int64_t version_of(struct db *db)
{
    int64_t application = db_number(db, "PRAGMA application_id", -1);
    int64_t version = db_number(db, "PRAGMA user_version", -1);
    int64_t tables = db_number(db, "SELECT count(*) FROM sqlite_master", -1);
    char *text;

    if (db->failed)
        return -1;
    if (application == 0 && version == 0 && tables == 0)
        return 0;
    if (application != DB_APPLICATION) {
        (void)fail_with(db, "this SQLite database is no store of lockval; it was left alone");
        return -1;
    }
    if (version > DB_VERSION) {
        text = cli_printf("a newer lockval wrote this store (version %lld of its tables; this one knows %d)",
                          (long long)version, DB_VERSION);
        (void)fail_with(db, text);
        free(text);
        return -1;
    }
    if (version < 1) {
        (void)fail_with(db, "the store is damaged: it has no version");
        return -1;
    }
    return version;
}

/* Take all steps that are left, as one. Others may have taken them meanwhile. */
static bool update(struct db *db)
{
    int64_t version;

    if (!db_begin(db))
        return false;
    version = version_of(db);
    for (; version >= 0 && version < DB_VERSION && !db->failed; version++)
        (void)db_step(db, (int)version);
    if (!db->failed) {
        char *sql = cli_printf("PRAGMA application_id = %d; PRAGMA user_version = %d", DB_APPLICATION, DB_VERSION);

        (void)db_run(db, sql);
        free(sql);
    }
    return db_end(db);
}

/* Who only reads leaves the file as it is: a copy in memory takes the steps. */
static bool update_copy(struct db *db)
{
    sqlite3 *copy = NULL;
    sqlite3_backup *backup;
    bool good = sqlite3_open(":memory:", &copy) == SQLITE_OK;

    backup = good ? sqlite3_backup_init(copy, "main", db->handle, "main") : NULL;
    good = backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
    if (backup != NULL)
        (void)sqlite3_backup_finish(backup);
    if (!good)
        (void)db_fail(db, "cannot read the store");
    forget_statements(db);
    (void)sqlite3_close(db->handle);
    db->handle = copy;
    return good && update(db);
}

static bool prepare(struct db *db, enum db_mode mode)
{
    /* One look at all of it: others may be making the store. */
    int64_t version = db_run(db, "BEGIN") ? version_of(db) : -1;

    if (version < 0 || !db_run(db, "COMMIT"))
        return false;
    if (version == 0 && mode != DB_MAKE)
        return fail_with(db, "there is no store in this file: it is empty");
    if (version < DB_VERSION && !(mode == DB_READ ? update_copy(db) : update(db)))
        return false;
    return db_run(db, "PRAGMA foreign_keys = ON");
}

/* SQLite gives names that begin with a colon, or are empty, another meaning. */
static char *plain_path(const char *path)
{
    return cli_printf("%s%s", *path == '/' ? "" : "./", path);
}

struct db *db_open_as(const char *path, enum db_mode mode, unsigned wait_ms)
{
    const int flags[] = { SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE };
    struct db *db;
    struct stat file;
    char *plain;
    int code, missing = *path == '\0' ? ENOENT : stat(path, &file) != 0 ? errno : 0;

    if ((missing != 0 && mode != DB_MAKE) || *path == '\0') {
        cli_complain("cannot open %s: %s", path, strerror(missing));
        return NULL;
    }
    if (missing == 0 && !S_ISREG(file.st_mode)) {
        cli_complain("%s is no file, so it is no store", path);
        return NULL;
    }
    db = cli_alloc(1, sizeof(*db));
    db->path = path;
    plain = plain_path(path);
    code = sqlite3_open_v2(plain, &db->handle, flags[mode], NULL);
    free(plain);
    if (code == SQLITE_OK)
        (void)sqlite3_busy_timeout(db->handle, (int)wait_ms);
    else
        (void)db_fail(db, "cannot open the store");
    if (code == SQLITE_OK && mode != DB_READ && sqlite3_db_readonly(db->handle, "main") == 1)
        (void)fail_with(db, "cannot write to the store: it is read-only");
    if (db->failed || !prepare(db, mode)) {
        db_close(db);
        return NULL;
    }
    return db;
}

struct db *db_open(const char *path, unsigned wait_ms)
{
    return db_open_as(path, DB_MAKE, wait_ms);
}
