/* SPDX-License-Identifier: MIT */
/*
 * Looking is cheap, so that it does not matter how much is written: the beginnings of lines say what they are. Only what has a
 * finding in it is parsed. A look ends at the last whole line.
 */

#define _GNU_SOURCE
#include "run/back.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/progress.h"

enum {
    CHUNK = 256 * 1024
};

struct file {
    char *path;
    off_t begin; /* what comes before is older than the run */
    off_t seen;  /* up to here */
};

struct run_back {
    char *pattern;
    char *glob; /* of the paths of all files that it may be */
    char *one;  /* the path, if it is one for all; null: it is not */
    char *id;   /* null: all is of this run */
    bool made;  /* by run_back_make() */
    int notify; /* inotify of their folder; -1: none */
    size_t count;
    struct file *files;
    struct run_seen sum;
};

/* ---- which files ---- */

/* The pattern as glob() has it: anything for %p and %e, and nothing else means anything but itself. */
static char *glob_of(const char *pattern)
{
    char *text = cli_alloc(2 * strlen(pattern) + PATH_MAX + 2, 1), *to = text;

    if (*pattern != '/' && getcwd(text, PATH_MAX) != NULL) {
        char *folder = cli_strdup(text);

        for (const char *c = folder; *c != '\0'; c++) {
            if (strchr("*?[\\", *c) != NULL)
                *to++ = '\\';
            *to++ = *c;
        }
        *to++ = '/';
        free(folder);
    }
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '%' && (c[1] == 'p' || c[1] == 'e')) {
            *to++ = '*';
            c++;
            continue;
        }
        if (*c == '%' && c[1] == '%')
            c++;
        if (strchr("*?[\\", *c) != NULL)
            *to++ = '\\';
        *to++ = *c;
    }
    *to = '\0';
    return text;
}

/* The pattern without what %% stands for; null if there is %p or %e in it. */
static char *one_of(const char *pattern)
{
    char *text = cli_alloc(strlen(pattern) + 1, 1), *to = text;

    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '%' && (pattern[1] == 'p' || pattern[1] == 'e')) {
            free(text);
            return NULL;
        }
        pattern += *pattern == '%' && pattern[1] == '%';
        *to++ = *pattern;
    }
    return text;
}

static bool is_known(const struct run_back *back, const char *path)
{
    for (size_t i = 0; i < back->count; i++)
        if (strcmp(back->files[i].path, path) == 0)
            return true;
    return false;
}

/* Add the files that are there now. @old: what they have in them by now is not of this run. False: one is no file. */
static bool find(struct run_back *back, bool old)
{
    bool readable = true;
    glob_t found;

    if (glob(back->glob, GLOB_NOSORT, NULL, &found) != 0)
        return true;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        struct stat st;

        if (is_known(back, path) || stat(path, &st) != 0)
            continue;
        if (!S_ISREG(st.st_mode)) {
            readable = false;
            continue;
        }
        back->files = cli_realloc(back->files, back->count + 1, sizeof(*back->files));
        back->files[back->count++] = (struct file){ cli_strdup(path), old ? st.st_size : 0, old ? st.st_size : 0 };
    }
    globfree(&found);
    return readable;
}

struct run_back *run_back_open(const char *pattern, bool fresh, const char *id)
{
    struct run_back *back = cli_alloc(1, sizeof(*back));

    back->glob = glob_of(pattern);
    back->one = one_of(pattern);
    back->id = id != NULL ? cli_strdup(id) : NULL;
    back->notify = -1;
    if (!find(back, !fresh)) {
        run_back_close(back);
        return NULL;
    }
    back->pattern = cli_strdup(pattern);
    return back;
}

void run_back_close(struct run_back *back)
{
    if (back == NULL)
        return;
    for (size_t i = 0; i < back->count; i++)
        free(back->files[i].path);
    free(back->files);
    free(back->pattern);
    free(back->glob);
    free(back->one);
    free(back->id);
    if (back->notify >= 0)
        (void)close(back->notify);
    free(back);
}

bool run_back_make(struct run_back *back)
{
    int fd;

    if (back->one == NULL || access(back->one, F_OK) == 0)
        return true;
    fd = open(back->one, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd < 0)
        return false;
    (void)close(fd);
    back->made = true;
    return true;
}

/* Their folder, if it is one for all. */
int run_back_watch(struct run_back *back)
{
    const char *slash = strrchr(back->pattern, '/');
    char *folder = slash == back->pattern ? cli_strdup("/")
                   : slash != NULL        ? cli_printf("%.*s", (int)(slash - back->pattern), back->pattern)
                                          : cli_strdup(".");

    back->notify = strchr(folder, '%') == NULL ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    if (back->notify >= 0 && inotify_add_watch(back->notify, folder, IN_MODIFY | IN_ONLYDIR) < 0) {
        (void)close(back->notify);
        back->notify = -1;
    }
    free(folder);
    return back->notify;
}

/* ---- lines ---- */

struct reading {
    struct run_back *back;
    struct cli_progress *progress;                                           /* null: none */
    void (*line)(void *arg, const char *path, const char *text, size_t len); /* without its newline */
    void *arg;
};

/* Hand out the whole lines of @file from @from on. Returns where they end. */
static off_t each_line(const struct reading *reading, const struct file *file, off_t from)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t size = CHUNK, len = 0;
    char *text;
    ssize_t got;

    if (fd < 0)
        return from;
    text = cli_alloc(size, 1);
    while ((got = pread(fd, text + len, size - len, from + (off_t)len)) > 0 || (got < 0 && errno == EINTR)) {
        char *at = text, *newline;

        len += got > 0 ? (size_t)got : 0;
        while ((newline = memchr(at, '\n', (size_t)(text + len - at))) != NULL) {
            reading->line(reading->arg, file->path, at, (size_t)(newline - at));
            at = newline + 1;
        }
        len -= (size_t)(at - text);
        from += at - text;
        memmove(text, at, len);
        if (len == size) {
            size *= 2;
            text = cli_realloc(text, size, 1);
        }
        if (reading->progress != NULL)
            cli_progress_add(reading->progress, got > 0 ? (uint64_t)got : 0);
    }
    free(text);
    (void)close(fd);
    return from;
}

/* Is the line of the type @type? */
static bool is_of(const char *text, size_t len, const char *type)
{
    static const char begin[] = "{\"t\":\"";
    size_t begin_len = sizeof(begin) - 1, type_len = strlen(type);

    return len > begin_len + type_len && memcmp(text, begin, begin_len) == 0 &&
           memcmp(text + begin_len, type, type_len) == 0 && text[begin_len + type_len] == '"';
}

static void look_at(void *arg, const char *path, const char *text, size_t len)
{
    static const char deadlock[] = "\"kind\":\"deadlock\"";
    struct run_seen *seen = arg;

    (void)path;
    seen->processes += is_of(text, len, "meta");
    if (!is_of(text, len, "finding"))
        return;
    seen->findings++;
    seen->deadlocks += memmem(text, len, deadlock, sizeof(deadlock) - 1) != NULL;
}

struct run_seen run_back_look(struct run_back *back)
{
    struct reading reading = { .back = back, .line = look_at, .arg = &back->sum };
    char events[4096];

    while (back->notify >= 0 && read(back->notify, events, sizeof(events)) > 0)
        ;
    (void)find(back, false);
    for (size_t i = 0; i < back->count; i++)
        back->files[i].seen = each_line(&reading, &back->files[i], back->files[i].seen);
    return back->sum;
}

/* ---- what is of this run ---- */

/* "pid/run" of processes. */
struct own {
    const char *id;
    char **list;
    size_t count;
    struct rec_set *set;
};

/* Who wrote the line: memory to free, or null where its beginning is not as it should be. */
static char *writer_of(const char *text, size_t len)
{
    char head[256], type[32], run[16];
    long long pid;
    int used = 0;

    (void)snprintf(head, sizeof(head), "%.*s", (int)len, text);
    if (sscanf(head, "{\"t\":\"%31[^\"]\",\"pid\":%lld,\"run\":\"%15[0-9a-f]\"%n", type, &pid, run, &used) != 3 ||
        used == 0)
        return NULL;
    return cli_printf("%lld/%s", pid, run);
}

static bool is_own(const struct own *own, const char *writer)
{
    for (size_t i = 0; writer != NULL && i < own->count; i++)
        if (strcmp(own->list[own->count - 1 - i], writer) == 0)
            return true;
    return false;
}

static void note_process(void *arg, const char *path, const char *text, size_t len)
{
    struct own *own = arg;
    json_t *json;
    const char *id;
    char *writer;

    (void)path;
    if (!is_of(text, len, "meta"))
        return;
    json = json_loadb(text, len, 0, NULL);
    id = json_string_value(json_object_get(json_object_get(json, "options"), "told_by"));
    writer = writer_of(text, len);
    if (writer != NULL && id != NULL && strcmp(id, own->id) == 0 && !is_own(own, writer)) {
        own->list = cli_realloc(own->list, own->count + 1, sizeof(*own->list));
        own->list[own->count++] = writer;
        writer = NULL;
    }
    free(writer);
    json_decref(json);
}

static void take_line(void *arg, const char *path, const char *text, size_t len)
{
    struct own *own = arg;
    char *writer = own->id != NULL ? writer_of(text, len) : NULL;

    if (own->id == NULL || is_own(own, writer))
        (void)rec_read_line(own->set, path, text, len);
    free(writer);
}

struct rec_set *run_back_read(const struct run_back *back)
{
    struct own own = { .id = back->id, .set = rec_open() };
    struct cli_progress progress;
    uint64_t total = 0;

    for (size_t i = 0; i < back->count; i++)
        total += (uint64_t)(back->files[i].seen - back->files[i].begin);
    cli_progress_begin(&progress, "reading the record", total, CLI_PROGRESS_BYTES);
    for (int pass = own.id != NULL ? 0 : 1; pass < 2; pass++) {
        const struct reading reading = { .progress = pass != 0 ? &progress : NULL,
                                         .line = pass != 0 ? take_line : note_process,
                                         .arg = &own };

        for (size_t i = 0; i < back->count; i++)
            (void)each_line(&reading, &back->files[i], back->files[i].begin);
    }
    cli_progress_end(&progress);
    for (size_t i = 0; i < own.count; i++)
        free(own.list[i]);
    free(own.list);
    return own.set;
}

char *run_back_names(const struct run_back *back)
{
    char *names = cli_strdup("");

    for (size_t i = 0; i < back->count; i++) {
        char *longer;

        if (back->files[i].seen == back->files[i].begin)
            continue;
        longer = cli_printf("%s%s%s", names, *names != '\0' ? " " : "", back->files[i].path);
        free(names);
        names = longer;
    }
    return names;
}

void run_back_delete(const struct run_back *back)
{
    for (size_t i = 0; i < back->count; i++)
        (void)unlink(back->files[i].path);
}

void run_back_delete_empty(const struct run_back *back)
{
    struct stat st;

    if (back->made && stat(back->one, &st) == 0 && st.st_size == 0)
        (void)unlink(back->one);
}
