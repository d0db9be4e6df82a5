/* SPDX-License-Identifier: MIT */
/*
 * A folder in /tmp can be made by anybody, before we do. It is used only if it is a folder, no link to one, ours, and closed to
 * all others: then nobody else can put anything into it. The file must be new.
 */

#define _GNU_SOURCE
#include "run/place.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"

enum {
    PROGRAM_MAX = 64, /* characters of the program's name */
    TRIES = 100       /* names, if there are records of former processes with the number */
};

/* Make @path, if it is not there. Returns null if it is ours alone, else why not. */
static char *claim(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return cli_printf("%s: %s", path, strerror(errno));
    if (lstat(path, &st) != 0)
        return cli_printf("%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return cli_printf("%s is no folder", path);
    if (st.st_uid != geteuid())
        return cli_printf("%s is another user's", path);
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return cli_printf("%s is open to others", path);
    return NULL;
}

/* Is it the user's folder for what lives as long as he is logged in? */
static bool is_runtime_folder(const char *path)
{
    struct stat st;

    return path != NULL && *path == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* The program's name without what means something in a path or an option. */
static char *word_of(const char *program)
{
    const char *slash = strrchr(program, '/');
    char *word = cli_printf("%.*s", PROGRAM_MAX, slash != NULL ? slash + 1 : program);

    for (char *c = word; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("._+-", *c) == NULL)
            *c = '_';
    return word;
}

/* A new file in @folder, or null with the reason. */
static char *make_file(const char *folder, const char *word, pid_t pid, char **ret_why)
{
    int error = EEXIST;

    for (int i = 1; i <= TRIES && error == EEXIST; i++) {
        char *path = i == 1 ? cli_printf("%s/%s.%d.jsonl", folder, word, (int)pid)
                            : cli_printf("%s/%s.%d-%d.jsonl", folder, word, (int)pid, i);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd >= 0) {
            (void)close(fd);
            return path;
        }
        error = errno;
        free(path);
    }
    *ret_why = cli_printf("%s: %s", folder, strerror(error));
    return NULL;
}

char *run_place_make(const char *program, pid_t pid, char **ret_why)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *temporary = getenv("TMPDIR");
    char *folders[2] = { NULL, NULL }, *word = word_of(program), *path = NULL;

    *ret_why = NULL;
    if (temporary == NULL || *temporary != '/')
        temporary = "/tmp";
    if (is_runtime_folder(runtime))
        folders[0] = cli_printf("%s/lockval", runtime);
    folders[1] = cli_printf("%s/lockval-%u", temporary, (unsigned)geteuid());
    for (int i = 0; i < 2; i++) {
        if (folders[i] != NULL && path == NULL) {
            free(*ret_why);
            *ret_why = claim(folders[i]);
            if (*ret_why == NULL)
                path = make_file(folders[i], word, pid, ret_why);
        }
        free(folders[i]);
    }
    free(word);
    return path;
}
