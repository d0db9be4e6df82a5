/* SPDX-License-Identifier: MIT */
/*
 * The file may be anything and change at any time: what is said here is advice, exec decides.
 */

#define _GNU_SOURCE
#include "common/target.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/memory.h"

enum {
    HEAD = 4096,      /* of the file, with its program headers; linkers put them right behind the first header */
    INTERPRETERS = 5, /* of scripts that are scripts themselves: as deep as the kernel goes */
};

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The first that may be executed, else the first that is there. */
char *cli_target_find(const char *name)
{
    const char *path = getenv("PATH");
    char *second = NULL;

    if (strchr(name, '/') != NULL)
        return is_file(name) ? cli_strdup(name) : NULL;
    if (*name == '\0')
        return NULL;
    if (path == NULL)
        path = "/bin:/usr/bin";
    for (;;) {
        size_t len = strcspn(path, ":");
        char *file = cli_printf("%.*s/%s", len != 0 ? (int)len : 1, len != 0 ? path : ".", name);

        if (is_file(file) && access(file, X_OK) == 0) {
            free(second);
            return file;
        }
        if (second == NULL && is_file(file))
            second = file;
        else
            free(file);
        if (path[len] == '\0')
            return second;
        path += len + 1;
    }
}

/* Reads up to @size bytes of the file's beginning. */
static size_t read_head(const char *path, unsigned char *head, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got;

    if (fd < 0)
        return 0;
    got = pread(fd, head, size, 0);
    (void)close(fd);
    return got > 0 ? (size_t)got : 0;
}

/* The interpreter that the script's first line names; null: it is no script. */
static char *interpreter_of(const unsigned char *head, size_t size)
{
    char line[PATH_MAX];
    size_t len = size < sizeof(line) - 1 ? size : sizeof(line) - 1;
    char *at;

    if (size < 2 || head[0] != '#' || head[1] != '!')
        return NULL;
    memcpy(line, head, len);
    line[len] = '\0';
    line[strcspn(line, "\n")] = '\0';
    at = line + 2 + strspn(line + 2, " \t");
    at[strcspn(at, " \t")] = '\0';
    return *at == '/' ? cli_strdup(at) : NULL;
}

/* Has it got an interpreter, the loader? A program whose headers are not all in the head gets the benefit of the doubt. */
static bool is_static(const unsigned char *head, size_t size)
{
    ElfW(Ehdr) header;
    ElfW(Phdr) program;

    memcpy(&header, head, sizeof(header));
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return false;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        size_t at = (size_t)header.e_phoff + (size_t)i * sizeof(program);

        if (header.e_phoff > size || at + sizeof(program) > size)
            return false;
        memcpy(&program, head + at, sizeof(program));
        if (program.p_type == PT_INTERP)
            return false;
    }
    return header.e_phnum != 0;
}

/* Does exec give it rights that the caller has not? Then the loader trusts no environment. */
static bool is_privileged(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return false;
    if (((st.st_mode & S_ISUID) != 0 && st.st_uid != getuid()) ||
        ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid()))
        return true;
    return getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0;
}

static enum cli_target look_at(const char *path, const unsigned char *head, size_t size)
{
    unsigned char own[sizeof(ElfW(Ehdr))];
    ElfW(Ehdr) header, mine;

    if (size < sizeof(header) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return CLI_TARGET_FINE;
    memcpy(&header, head, sizeof(header));
    if (read_head("/proc/self/exe", own, sizeof(own)) == sizeof(own)) {
        memcpy(&mine, own, sizeof(mine));
        if (header.e_ident[EI_CLASS] != mine.e_ident[EI_CLASS] || header.e_ident[EI_DATA] != mine.e_ident[EI_DATA] ||
            header.e_machine != mine.e_machine)
            return CLI_TARGET_FOREIGN;
    }
    if (is_privileged(path))
        return CLI_TARGET_PRIVILEGED;
    return is_static(head, size) ? CLI_TARGET_STATIC : CLI_TARGET_FINE;
}

enum cli_target cli_target_look(const char *path, char **ret_path)
{
    unsigned char head[HEAD];

    *ret_path = cli_strdup(path);
    for (int depth = 0; depth < INTERPRETERS; depth++) {
        size_t size = read_head(*ret_path, head, sizeof(head));
        char *interpreter = interpreter_of(head, size);

        if (interpreter == NULL)
            return look_at(*ret_path, head, size);
        free(*ret_path);
        *ret_path = interpreter;
    }
    return CLI_TARGET_FINE;
}
