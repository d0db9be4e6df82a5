/* SPDX-License-Identifier: MIT */
/*
 * A session of libdwfl for each file, in which the file lies at its own addresses, so that offsets of the record are addresses of
 * the session. libdwfl looks for separate debug files, and asks debuginfod servers if DEBUGINFOD_URLS was there when the command
 * began. Where the file itself is another one by now, or gone, one with the same build-id takes its place.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "symbol/module.h"

enum {
    BUILD_ID_MAX = 64, /* bytes; the usual ones have 20 */
    TIMEOUT_DEFAULT = 90
};

/* ---- build-ids ---- */

/* The bytes of @text in hexadecimal. Returns how many, 0: it is none. */
static int bits_of(const char *text, unsigned char bits[BUILD_ID_MAX])
{
    size_t len = strlen(text);

    if (len == 0 || len % 2 != 0 || len / 2 > BUILD_ID_MAX)
        return 0;
    for (size_t i = 0; i < len / 2; i++) {
        char byte[3] = { text[2 * i], text[2 * i + 1], '\0' }, *end;

        bits[i] = (unsigned char)strtoul(byte, &end, 16);
        if (end != byte + 2)
            return 0;
    }
    return (int)(len / 2);
}

/* Is the file of @module the one with the build-id @wanted, or without one where that is empty? */
static bool is_build(Dwfl_Module *module, const char *wanted)
{
    unsigned char wanted_bits[BUILD_ID_MAX];
    int wanted_len = bits_of(wanted, wanted_bits);
    const unsigned char *bits;
    GElf_Addr address;
    int len = dwfl_module_build_id(module, &bits, &address);

    if (len <= 0)
        return *wanted == '\0';
    return len == wanted_len && memcmp(bits, wanted_bits, (size_t)len) == 0;
}

/* ---- files ---- */

/* Report the file @path to the session. Null: it cannot be read, or is no program. */
static Dwfl_Module *report(struct sym_module *module, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    Dwfl_Module *found = NULL;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        dwfl_report_begin(module->dwfl);
        found = dwfl_report_elf(module->dwfl, path, path, fd, 0, true);
        module->changed = st.st_mtime;
        (void)dwfl_report_end(module->dwfl, NULL, NULL);
    }
    if (found == NULL)
        (void)close(fd);
    return found;
}

/* The file that debug information of the build @build_id lies in, where packages put it. Memory to free. */
static char *debug_file(const char *build_id, const char *folders)
{
    const char *at = folders != NULL ? folders : "/usr/lib/debug";
    char *path;

    while (*at != '\0') {
        size_t len;

        at += *at == '+' || *at == '-'; /* of elfutils: whether to compare checksums */
        len = strcspn(at, ":");
        path = cli_printf("%.*s/.build-id/%.2s/%s.debug", (int)len, at, build_id, build_id + 2);
        if (*path == '/' && access(path, R_OK) == 0)
            return path;
        free(path);
        at += len + (at[len] == ':');
    }
    return NULL;
}

/* Of what libdwfl finds it need not know the name, but the file is open. */
static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **file_name, Elf **elf)
{
    struct sym_module *asking = *data;
    int fd = dwfl_build_id_find_elf(module, data, name, base, file_name, elf);
    struct stat st;

    if (asking != NULL && fd >= 0 && fstat(fd, &st) == 0)
        asking->changed = st.st_mtime;
    return fd;
}

/* A module of which only the build-id is known: libdwfl looks for its file, on servers too. */
static Dwfl_Module *report_build(struct sym_module *module, const struct rec_module *wanted)
{
    unsigned char bits[BUILD_ID_MAX];
    int len = bits_of(wanted->build_id, bits);
    uint64_t start = wanted->start - wanted->load, end = wanted->end - wanted->load;
    Dwfl_Module *found;
    GElf_Addr bias;
    void **data;

    dwfl_report_begin(module->dwfl);
    found = dwfl_report_module(module->dwfl, wanted->path, start, end > start ? end : UINT32_MAX);
    if (found != NULL && dwfl_module_report_build_id(found, bits, (size_t)len, 0) != 0)
        found = NULL;
    (void)dwfl_report_end(module->dwfl, NULL, NULL);
    if (found == NULL || dwfl_module_info(found, &data, NULL, NULL, NULL, NULL, NULL, NULL) == NULL)
        return NULL;
    *data = module;
    return dwfl_module_getelf(found, &bias) != NULL && bias == 0 ? found : NULL;
}

static Dwfl_Module *other_file(struct sym_module *module, const struct sym_wanted *wanted)
{
    const char *build_id = wanted->module->build_id;
    Dwfl_Module *found = NULL;
    unsigned char bits[BUILD_ID_MAX];
    char *path;

    if (bits_of(build_id, bits) < 3) /* too short to be one */
        return NULL;
    path = debug_file(build_id, *wanted->debug_path);
    if (path != NULL)
        found = report(module, path);
    free(path);
    if (found == NULL)
        found = report_build(module, wanted->module);
    return found != NULL && is_build(found, build_id) ? found : NULL;
}

static void open_file(struct sym_module *ret, const struct sym_wanted *wanted)
{
    const struct rec_module *module = wanted->module;
    const char *problem;

    ret->module = report(ret, module->path);
    if (ret->module == NULL)
        problem = access(module->path, F_OK) != 0 ? "the file is not there" : "the file cannot be read";
    else if (!is_build(ret->module, module->build_id) ||
             (*module->build_id == '\0' && wanted->started != 0 && ret->changed > wanted->started))
        problem = "the file is not the one that ran";
    else
        return;
    ret->module = other_file(ret, wanted);
    if (ret->module == NULL)
        ret->problem = cli_strdup(problem);
}

static unsigned long timeout_seconds(void)
{
    const char *text = getenv("DEBUGINFOD_TIMEOUT");
    unsigned long seconds = text != NULL ? strtoul(text, NULL, 10) : 0;

    return seconds != 0 ? seconds : TIMEOUT_DEFAULT;
}

void sym_module_open(struct sym_module *ret, const struct sym_wanted *wanted)
{
    struct timespec begin, end;
    Dwarf_Addr bias;

    *ret = (struct sym_module){ .callbacks = { .find_elf = find_elf, .find_debuginfo = dwfl_standard_find_debuginfo } };
    if (*wanted->debug_path != NULL)
        ret->callbacks.debuginfo_path = wanted->debug_path;
    ret->dwfl = dwfl_begin(&ret->callbacks);
    if (ret->dwfl == NULL || !wanted->module->known || *wanted->module->path == '\0') {
        ret->problem = cli_strdup("its file is not known");
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    open_file(ret, wanted);
    /* Now, so that it is seen how long it takes. */
    if ((ret->module == NULL || dwfl_module_getdwarf(ret->module, &bias) == NULL) &&
        getenv("DEBUGINFOD_URLS") != NULL) {
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        if ((unsigned long)(end.tv_sec - begin.tv_sec) + 1 >= timeout_seconds() && end.tv_sec > begin.tv_sec)
            *wanted->ret_is_slow = true;
    }
}

void sym_module_close(struct sym_module *module)
{
    if (module->asked) {
        sym_table_free(&module->table);
        sym_units_close(module->units);
    }
    if (module->dwfl != NULL)
        dwfl_end(module->dwfl);
    free(module->problem);
    rec_index_free(&module->known);
}
