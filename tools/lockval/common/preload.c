/* SPDX-License-Identifier: MIT */
/*
 * What the user had in LD_PRELOAD and LOCKVAL_OPTIONS stays: another library that is preloaded, options for all programs
 * of a build. Options of the command line come behind them, so they hold.
 */

#define _GNU_SOURCE
#include "common/preload.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "sys/options.h"

static const char library_name[] = "liblockval.so";
static const char separators[] = ": "; /* between the entries of LD_PRELOAD */

/* ---- the library ---- */

char *cli_library_path(void)
{
    /* From the folder that the command lies in. */
    static const char *const places[] = { "../../liblockval/liblockval.so.0", CLI_LIBRARY_FROM_BIN };
    char self[PATH_MAX], *path, *real;
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len <= 0) {
        cli_complain("cannot find the library: /proc/self/exe: %s", strerror(errno));
        return NULL;
    }
    self[len] = '\0';
    *(strrchr(self, '/') + 1) = '\0';
    for (size_t i = 0; i < LV_ARRAY_SIZE(places); i++) {
        path = cli_printf("%s%s", self, places[i]);
        /* Without the dots, but by the name of the soversion: a program that is linked with it must find it loaded. */
        *strrchr(path, '/') = '\0';
        real = realpath(path, NULL);
        free(path);
        if (real == NULL)
            continue;
        path = cli_printf("%s/liblockval.so.0", real);
        free(real);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    if (access(CLI_LIBRARY_INSTALLED, R_OK) == 0)
        return cli_printf("%s", CLI_LIBRARY_INSTALLED);
    cli_complain("cannot find liblockval.so.0, neither from %s nor as %s", self, CLI_LIBRARY_INSTALLED);
    return NULL;
}

/* ---- LD_PRELOAD ---- */

/* Does the file's name of the entry of @len characters begin with @name? */
static bool is_named(const char *entry, size_t len, const char *name)
{
    size_t start = len;

    while (start != 0 && entry[start - 1] != '/')
        start--;
    return len - start >= strlen(name) && strncmp(entry + start, name, strlen(name)) == 0;
}

static bool is_sanitizer(const char *entry, size_t len)
{
    static const char *const names[] = { "libasan.",         "libhwasan.",         "liblsan.",
                                         "libtsan.",         "libubsan.",          "libclang_rt.asan",
                                         "libclang_rt.tsan", "libclang_rt.hwasan", "libclang_rt.lsan" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(names); i++)
        if (is_named(entry, len, names[i]))
            return true;
    return false;
}

static void append(char **list, const char *entry, size_t len)
{
    char *longer = cli_printf("%s%s%.*s", *list, **list != '\0' ? ":" : "", (int)len, entry);

    free(*list);
    *list = longer;
}

/* Append the entries of @old that are sanitizers, or those that are not, to *@list; never one of ours. */
static void append_some(char **list, const char *old, bool sanitizers)
{
    for (const char *at = old + strspn(old, separators); *at != '\0'; at += strspn(at, separators)) {
        size_t len = strcspn(at, separators);

        if (!is_named(at, len, library_name) && is_sanitizer(at, len) == sanitizers)
            append(list, at, len);
        at += len;
    }
}

char *cli_preload_value(const char *old, const char *library)
{
    char *list = cli_printf("%s", "");

    if (old != NULL)
        append_some(&list, old, true);
    append(&list, library, strlen(library));
    if (old != NULL)
        append_some(&list, old, false);
    return list;
}

/* ---- LOCKVAL_OPTIONS ---- */

char *cli_options_value(const char *old, const char *more)
{
    if (old == NULL || *old == '\0')
        return cli_printf("%s", more);
    if (*more == '\0')
        return cli_printf("%s", old);
    return cli_printf("%s:%s", old, more);
}

bool cli_options_add(char **options, const char *key, const char *value)
{
    const char *quote = "";
    char *longer;

    if (strchr(value, ':') != NULL || *value == '\'' || *value == '"') {
        quote = strchr(value, '\'') == NULL ? "'" : "\"";
        if (strchr(value, *quote) != NULL)
            return false;
    }
    longer = cli_printf("%s%s%s=%s%s%s", *options != NULL ? *options : "", *options != NULL ? ":" : "", key, quote,
                        value, quote);
    free(*options);
    *options = longer;
    return true;
}

/* @paths, separated by commas, as seen from here: a program that is run may change its folder, and start others there. Memory to free. */
static char *from_here(const char *paths)
{
    char *cwd = getcwd(NULL, 0), *all = cli_strdup("");

    for (const char *path = paths; *path != '\0';) {
        int len = (int)strcspn(path, ",");
        bool none = len == 4 && strncmp(path, "none", 4) == 0;
        bool relative = len != 0 && *path != '/' && !none;
        char *longer = cli_printf("%s%s%s%.*s%s", all, relative && cwd != NULL ? cwd : "",
                                  relative && cwd != NULL ? "/" : "", len, path, path[len] == ',' ? "," : "");

        free(all);
        all = longer;
        path += len + (path[len] == ',');
    }
    free(cwd);
    if (strlen(all) < LV_OPTION_PATH_MAX)
        return all;
    free(all);
    return cli_strdup(paths);
}

int cli_options_take(char **options, const char *name, const char *argument)
{
    const char *equals = strchr(argument, '=');
    char *key, *item = NULL, *whole = NULL, said[2048];
    struct lv_options parsed;
    struct lv_text text;
    bool quoted;

    if (strncmp(argument, "--", 2) != 0 || equals == NULL) {
        cli_complain("%s: '%s' is not of the form --key=value", name, argument);
        return CLI_USAGE;
    }
    key = cli_printf("%.*s", (int)(equals - argument - 2), argument + 2);
    quoted = cli_options_add(&item, key, equals + 1);
    if (!quoted) {
        cli_complain("%s: %s: a value with a colon and both kinds of quotes cannot be passed on", name, key);
        free(key);
        return CLI_USAGE;
    }
    lv_text_init(&text, said, sizeof(said));
    lv_options_default(&parsed);
    lv_options_parse(&parsed, item, &text);
    free(item);
    if (text.len != 0) {
        (void)fputs(said, stderr); /* a line, in the library's own words */
        free(key);
        return CLI_USAGE;
    }
    if (strcmp(key, "suppressions") == 0 || (strcmp(key, "expect") == 0 && strchr(equals + 1, ',') == NULL))
        whole = from_here(equals + 1);
    if (whole == NULL || !cli_options_add(options, key, whole))
        (void)cli_options_add(options, key, equals + 1);
    free(whole);
    free(key);
    return 0;
}

bool cli_preload_environment(const char *library, const char *options)
{
    char *preload, *all;
    bool set;

    if (strpbrk(library, separators) != NULL) {
        cli_complain("the library's path has a space or a colon in it, which LD_PRELOAD cannot hold: %s", library);
        return false;
    }
    preload = cli_preload_value(getenv("LD_PRELOAD"), library);
    all = cli_options_value(getenv("LOCKVAL_OPTIONS"), options != NULL ? options : "");
    set = setenv("LD_PRELOAD", preload, 1) == 0 && (*all == '\0' || setenv("LOCKVAL_OPTIONS", all, 1) == 0);
    if (!set)
        cli_complain("cannot set the environment: %s", strerror(errno));
    free(preload);
    free(all);
    return set;
}

void cli_options_print(void)
{
    static char text[16384];
    struct lv_options options;
    struct lv_text out;

    lv_options_default(&options);
    lv_text_init(&out, text, sizeof(text));
    lv_options_help(&options, &out);
    (void)fputs(text, stdout);
}
