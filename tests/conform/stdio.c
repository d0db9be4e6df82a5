/* SPDX-License-Identifier: MIT */
/* Streams and their locks: flockfile and its kin, what waits for a locked stream, pipes. */
/* status: 0 */
#include "conform.h"

#include <stdio_ext.h>
#include <wchar.h>

static FILE *file;

static int try_it(void *unused)
{
    int r = ftrylockfile(file);

    (void)unused;
    if (r == 0)
        funlockfile(file);
    return r != 0;
}

static int lock_it(void *unused)
{
    (void)unused;
    flockfile(file);
    funlockfile(file);
    return 7;
}

/* Calls that take the stream's lock, one by one. */
static int put_it(void *unused)
{
    (void)unused;
    return fputs("x", file) >= 0;
}

static int print_it(void *unused)
{
    (void)unused;
    return fprintf(file, "%d", 12);
}

static int write_it(void *unused)
{
    (void)unused;
    return (int)fwrite("xyz", 1, 3, file);
}

static int flush_it(void *unused)
{
    (void)unused;
    return fflush(file);
}

static int char_it(void *unused)
{
    (void)unused;
    return putc('c', file);
}

static int tell_it(void *unused)
{
    (void)unused;
    return ftell(file) >= 0;
}

static int (*const calls[])(void *) = { lock_it, put_it, print_it, write_it, flush_it, char_it, tell_it };

static void locked(void)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct job job;

        YES((file = tmpfile()) != NULL);
        flockfile(file);
        flockfile(file); /* recursive */
        IS(0, ftrylockfile(file));
        IS(1, elsewhere(try_it, NULL));
        job_start(&job, calls[i], NULL);
        YES(job_sleeps_in(&job, SYS_futex));
        IS('a', putc_unlocked('a', file));
        IS('b', putc('b', file)); /* the holder's own calls go through */
        funlockfile(file);
        IS(1, elsewhere(try_it, NULL));
        funlockfile(file);
        IS(false, atomic_load(&job.done));
        funlockfile(file);
        SAME(job_end(&job));
        IS(0, elsewhere(try_it, NULL));
        IS(0, fflush(file));
        SAME(ftell(file));
        IS(0, fclose(file));
    }
}

static int print_lines(void *who)
{
    for (int i = 0; i < 500; i++) {
        flockfile(file);
        fputs("line ", file);
        fprintf(file, "of %d", *(int *)who);
        putc('\n', file);
        funlockfile(file);
    }
    return 0;
}

/* Lines that are printed under the lock stay whole. */
static void whole_lines(void)
{
    struct job job[4];
    int who[4] = { 0, 1, 2, 3 }, seen[4] = { 0 }, number;
    char line[64];

    YES((file = tmpfile()) != NULL);
    for (int i = 0; i < 4; i++)
        job_start(&job[i], print_lines, &who[i]);
    for (int i = 0; i < 4; i++)
        IS(0, job_end(&job[i]));
    rewind(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "line of %d\n", &number) == 1 && strlen(line) == 10)
            seen[number & 3]++;
    for (int i = 0; i < 4; i++)
        IS(500, seen[i]);
    IS(0, fclose(file));
}

static void without_locks(void)
{
    YES((file = tmpfile()) != NULL);
    IS(FSETLOCKING_INTERNAL, __fsetlocking(file, FSETLOCKING_QUERY));
    IS(FSETLOCKING_INTERNAL, __fsetlocking(file, FSETLOCKING_BYCALLER));
    IS(FSETLOCKING_BYCALLER, __fsetlocking(file, FSETLOCKING_QUERY));
    flockfile(file);
    IS(1, elsewhere(put_it, NULL)); /* does not wait now */
    funlockfile(file);
    IS(0, fclose(file));
}

static void reading(void)
{
    char *line = NULL, text[32];
    size_t size = 0;

    YES((file = tmpfile()) != NULL);
    IS(1, fputs("one\ntwo\nthree", file) >= 0);
    FAILS(EINVAL, fseek(file, -1, SEEK_SET));
    IS(0, fseek(file, 0, SEEK_SET));
    IS(4, getline(&line, &size, file));
    IS(0, strcmp(line, "one\n"));
    IS('t', getc(file));
    IS('w', getc_unlocked(file));
    IS('w', ungetc('w', file));
    IS(5, getdelim(&line, &size, 'h', file));
    IS(3, fread(text, 1, sizeof(text), file));
    IS(1, feof(file) != 0);
    IS(EOF, fgetc(file));
    clearerr(file);
    IS(0, feof(file));
    IS(0, ferror(file));
    IS(0, fclose(file));
    free(line);
    YES((file = fopen("/dev/full", "w")) != NULL);
    IS(1, fputs("x", file) >= 0);
    FAILS(ENOSPC, fflush(file));
    IS(1, ferror(file) != 0);
    SAME(fclose(file));
    YES(fopen("/no/such/file", "r") == NULL && errno == ENOENT);
    YES(fopen("/dev/null", "?") == NULL && errno == EINVAL);
}

static void in_memory(void)
{
    char *text = NULL, space[16];
    size_t size = 0;

    YES((file = open_memstream(&text, &size)) != NULL);
    IS(5, fprintf(file, "%s", "hello"));
    IS(0, fflush(file));
    IS(5, size);
    IS(0, fclose(file));
    IS(0, strcmp(text, "hello"));
    free(text);
    YES((file = fmemopen(space, sizeof(space), "w")) != NULL);
    IS(0, elsewhere(try_it, NULL));
    IS(2, fprintf(file, "hi"));
    IS(0, fclose(file));
    IS(0, strcmp(space, "hi"));
}

static void pipes(void)
{
    char line[16];

    YES((file = popen("read x; echo got $x >&2; exit 3", "w")) != NULL);
    IS(2, fprintf(file, "y\n"));
    IS(3, WEXITSTATUS(pclose(file)));
    YES((file = popen("echo one; exit 4", "r")) != NULL);
    IS(0, strcmp(fgets(line, sizeof(line), file), "one\n"));
    YES(fgets(line, sizeof(line), file) == NULL);
    IS(4, WEXITSTATUS(pclose(file)));
    YES((file = popen("kill -9 $$", "r")) != NULL);
    IS(SIGKILL, WTERMSIG(pclose(file)));
    YES(popen("true", "x") == NULL && errno == EINVAL);
    IS(3, WEXITSTATUS(system("exit 3")));
    IS(1, system(NULL) != 0);
    IS(127, WEXITSTATUS(system("/no/such/program 2>/dev/null")));
}

/* A child that is forked while another thread has the stream locked prints to it all the same. */
static atomic_bool holding, may_drop;

static int hold_it(void *unused)
{
    (void)unused;
    flockfile(file);
    atomic_store(&holding, true);
    while (!atomic_load(&may_drop))
        sched_yield();
    funlockfile(file);
    return 0;
}

static void forked(void)
{
    struct job job;
    pid_t child;

    YES((file = tmpfile()) != NULL);
    job_start(&job, hold_it, NULL);
    while (!atomic_load(&holding))
        sched_yield();
    child = fork();
    if (child == 0)
        _exit(fprintf(file, "child") == 5 && fflush(file) == 0 ? 7 : 8);
    IS(7, status_of(child));
    atomic_store(&may_drop, true);
    IS(0, job_end(&job));
    IS(5, lseek(fileno(file), 0, SEEK_END));
    IS(0, fclose(file));
}

CONFORM({ "locked", locked }, { "whole lines", whole_lines }, { "without locks", without_locks },
        { "reading", reading }, { "in memory", in_memory }, { "pipes", pipes }, { "forked", forked })
