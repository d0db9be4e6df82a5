/* SPDX-License-Identifier: MIT */
/*
 * Each class gets a *sign*, a text that is the same for the same class in another build; classes with one sign are one. What the sign is
 * made of depends on what the builds have in common:
 *
 *     static variables   module and symbol, with the file's name where several files have such a symbol of their own
 *     calls              kind and function, with the file's name where debug information is there: where every build has one such
 *                        class, that will do; else with its line, counted from where the function is declared, for builds that have
 *                        classes at the very same lines. A function that has more such calls than the runs met is judged by lines,
 *                        too: the one that a build met need not be the one that the other met
 *
 * Copies of one call that the compiler inlined into several functions have one place in the source, and are one class.
 */

#define _GNU_SOURCE
#include "match/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"

/* A class that may have others. */
struct candidate {
    struct rec_class *class;
    char *build;  /* module as its key names it: a build-id, mostly */
    char *family; /* what the function, the kind and so on are */
    const char *file;
    bool numbered; /* the compiler gave its symbol a number, which another build need not give it */
    int line;      /* counted from the function's declaration; -1: not known */
    int source_line;
    char *sign; /* null: it is on its own */
};

struct matching {
    const struct rec_process *process;
    const struct mt_renames *renames;
    struct mt_result *result;
    size_t count;
    struct candidate **all; /* sorted by family, then build, then line */
    size_t bare_count;
    char **bare; /* modules with calls whose lines are not known in some build: there symbols are compared */
};

static void note(struct matching *m, char *text)
{
    rec_append(&m->result->notes, &m->result->note_count, text);
}

/* ---- what a class is known by -------------------------------------------------------------------------------------- */

/* The part number @number of a stable key, "init:prog:main:mutex:2", in memory to free; the last one that is asked for may hold
 * colons, as functions of C++ do, so parts are counted from both ends. */
static char *part_of(const char *stable, unsigned number, unsigned behind)
{
    const char *start = stable, *end = stable + strlen(stable);

    for (unsigned i = 0; i < number && start != NULL; i++) {
        start = strchr(start, ':');
        start = start != NULL ? start + 1 : NULL;
    }
    for (unsigned i = 0; i < behind && end != NULL && start != NULL; i++) {
        end = memrchr(start, ':', (size_t)(end - start));
    }
    return start == NULL || end == NULL ? cli_strdup("") : cli_printf("%.*s", (int)(end - start), start);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static bool is_call(const struct rec_class *class)
{
    return strncmp(class->key, "init:", 5) == 0 || strncmp(class->key, "lock:", 5) == 0;
}

/* Does a symbol end in the number that a compiler gives to the static variables of functions? */
static bool is_numbered(const char *stable)
{
    const char *dot = strrchr(stable, '.');

    return dot != NULL && dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

/* "static:prog:a_lock", with what was renamed; null where there is no symbol. */
static char *family_of_static(const struct matching *m, const struct rec_class *class)
{
    char *module = part_of(class->stable, 1, 0), *symbol = strchr(module, ':'), *ret = NULL;

    if (symbol != NULL && symbol[1] != '?') {
        *symbol++ = '\0';
        ret = cli_printf("static:%s:%s:%s", mt_renamed(m->renames, "module", module),
                         *class->source.function != '\0' ? class->source.function : symbol, class->kind);
    }
    free(module);
    return ret;
}

/* Of a call by its place in the source, or by the function that it is compiled into. */
static char *family_of_call(const struct matching *m, const struct rec_class *class, bool with_source)
{
    char *origin = part_of(class->key, 0, 0), *module = part_of(class->stable, 1, 0), *function, *ret = NULL;
    char *colon = strchr(module, ':');

    origin[strcspn(origin, ":")] = '\0';
    if (colon != NULL)
        *colon = '\0';
    function = part_of(class->stable, 2, strcmp(origin, "join") == 0 ? 0 : 2);
    if (with_source)
        ret = cli_printf("%s:%s:%s:%s:%s", origin, mt_renamed(m->renames, "module", module),
                         mt_renamed(m->renames, "file", file_name(class->source.file)),
                         mt_renamed(m->renames, "function", class->source.function), class->kind);
    else if (*function != '\0' && *function != '?')
        ret = cli_printf("%s:%s::%s:%s", origin, mt_renamed(m->renames, "module", module),
                         mt_renamed(m->renames, "function", function), class->kind);
    free(origin);
    free(module);
    free(function);
    return ret;
}

static char *build_of(const struct rec_class *class)
{
    const char *colon = strchr(class->key, ':'), *plus = strrchr(class->key, '+');

    return colon != NULL && plus != NULL && plus > colon ? cli_printf("%.*s", (int)(plus - colon - 1), colon + 1)
                                                         : cli_strdup("");
}

static char *module_of(const struct matching *m, const struct rec_class *class)
{
    char *module = part_of(class->stable, 1, 0), *now;

    module[strcspn(module, ":")] = '\0';
    now = cli_strdup(mt_renamed(m->renames, "module", module));
    free(module);
    return now;
}

static bool is_bare(const struct matching *m, const char *module)
{
    for (size_t i = 0; i < m->bare_count; i++)
        if (strcmp(m->bare[i], module) == 0)
            return true;
    return false;
}

static void find_bare(struct matching *m)
{
    for (size_t i = 0; i < m->process->class_count; i++) {
        const struct rec_class *class = m->process->classes[i];
        char *module;

        if (!class->known || class->base != NULL || !is_call(class) || class->source.line != 0)
            continue;
        module = module_of(m, class);
        if (is_bare(m, module))
            free(module);
        else
            rec_append(&m->bare, &m->bare_count, module);
    }
}

static void add_candidate(struct matching *m, struct rec_class *class)
{
    bool is_static = strncmp(class->key, "static:", 7) == 0, by_source;
    struct candidate *c;
    char *family, *module;

    if (!class->known || class->base != NULL || strncmp(class->key, "name:", 5) == 0 || *class->key == '\0')
        return;
    module = module_of(m, class);
    by_source = !is_static && class->source.line != 0 && !is_bare(m, module);
    free(module);
    family = is_static ? family_of_static(m, class) : family_of_call(m, class, by_source);
    if (family == NULL)
        return;
    c = cli_alloc(1, sizeof(*c));
    *c = (struct candidate){ .class = class,
                             .build = build_of(class),
                             .family = family,
                             .file = mt_renamed(m->renames, "file", file_name(class->source.file)),
                             .numbered = is_static && *class->source.function == '\0' && is_numbered(class->stable),
                             .line = by_source ? class->source.from : -1,
                             .source_line = by_source ? class->source.line : 0 };
    rec_append(&m->all, &m->count, c);
}

/* ---- families ------------------------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const struct candidate *const *one = a, *const *other = b;
    int order = strcmp((*one)->family, (*other)->family);

    if (order == 0)
        order = strcmp((*one)->build, (*other)->build);
    if (order == 0)
        order = ((*one)->line > (*other)->line) - ((*one)->line < (*other)->line);
    return order != 0 ? order : strcmp((*one)->class->key, (*other)->class->key);
}

/* How many places of the source the classes of one build, the @count from @first on, are at: inlined copies are one. */
static size_t places_in(struct candidate **first, size_t count)
{
    size_t places = 0;

    for (size_t i = 0; i < count; i++)
        places += i == 0 || first[i]->source_line == 0 || first[i]->source_line != first[i - 1]->source_line;
    return places;
}

static size_t build_length(struct candidate **first, size_t count)
{
    size_t length = 1;

    while (length < count && strcmp(first[length]->build, first[0]->build) == 0)
        length++;
    return length;
}

/* Is each line of the family known, so that they can be told by it? */
static bool have_lines(struct candidate **first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (first[i]->line < 0)
            return false;
    return true;
}

static void say_ambiguous(struct matching *m, struct candidate **first, size_t count)
{
    char *text = NULL;
    size_t size = 0, builds = 0;
    FILE *out = open_memstream(&text, &size);

    (void)fprintf(out, "classes like %s cannot be told apart over builds, and stay different:", first[0]->class->name);
    for (size_t i = 0, length; i < count; i += length) {
        length = build_length(first + i, count - i);
        if (builds++ < 4)
            (void)fprintf(out, "%s %zu in %.12s", i == 0 ? "" : ",", places_in(first + i, length), first[i]->build);
    }
    (void)fclose(out);
    note(m, text);
}

static void sort(struct matching *m)
{
    if (m->count != 0)
        cli_sort(m->all, m->count, sizeof(struct candidate *), compare);
}

/* Files of a module may each have a variable or function of one name of their own. Where a family's are of several files, each file has
 * a family; whose file is not known could be of either. */
static void split_family(struct matching *m, struct candidate **first, size_t count)
{
    const char *file = "", *other = NULL;
    bool unknown = false, moved = true;

    for (size_t i = 0; i < count; i++) {
        unknown |= *first[i]->file == '\0';
        file = *file == '\0' ? first[i]->file : file;
        if (*first[i]->file != '\0' && strcmp(first[i]->file, file) != 0)
            other = first[i]->file;
        moved &= i == 0 || strcmp(first[i]->build, first[i - 1]->build) != 0 ||
                 strcmp(first[i]->file, first[i - 1]->file) == 0;
    }
    if (other == NULL)
        return;
    if (unknown)
        say_ambiguous(m, first, count);
    else if (moved)
        note(m, cli_printf(
                    "what %s is called is in %s of one build and in %s of another, and may be another one; if it was "
                    "moved, say so with a rule 'file %s -> %s' in a file for --renames",
                    first[0]->class->name, file, other, file, other));
    for (size_t i = 0; i < count; i++) {
        char *family = *first[i]->file != '\0'
                           ? cli_printf("%s:%s", first[i]->family, first[i]->file)
                           : cli_printf("%s:?%s:%s", first[i]->family, first[i]->build, first[i]->class->key);

        free(first[i]->family);
        first[i]->family = family;
    }
}

/* The lines of one build's classes, in memory to free: what can be told apart by lines has the same in another build. */
static char *lines_of(struct candidate **first, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < count; i++)
        if (i == 0 || first[i]->line != first[i - 1]->line)
            (void)fprintf(out, "%d,", first[i]->line);
    (void)fclose(out);
    return text;
}

/* Several in a build: those of a build with the very same lines are theirs. False: the builds do not all have the same. */
static bool sign_by_lines(struct candidate **first, size_t count)
{
    char *before = NULL;
    bool all_same = true;

    for (size_t i = 0, length; i < count; i += length) {
        char *lines;

        length = build_length(first + i, count - i);
        lines = lines_of(first + i, length);
        for (size_t k = i; k < i + length; k++)
            first[k]->sign = cli_printf("%s:%s:%d", first[k]->family, lines, first[k]->line);
        all_same &= before == NULL || strcmp(before, lines) == 0;
        free(before);
        before = lines;
    }
    free(before);
    return all_same;
}

/* The @count classes from @first on are of one family. */
static void sign_family(struct matching *m, struct candidate **first, size_t count)
{
    bool one_each = true, more = false, one_line = true;

    for (size_t i = 0, length; i < count; i += length) {
        length = build_length(first + i, count - i);
        one_each &= places_in(first + i, length) == 1;
    }
    for (size_t i = 0; i < count; i++) {
        more |= first[i]->class->source.more || first[i]->numbered;
        one_line &= first[i]->line >= 0 && first[i]->line == first[0]->line;
    }
    one_each &= one_line || !more || build_length(first, count) == count;
    for (size_t i = 0; one_each && i < count; i++)
        first[i]->sign = cli_strdup(first[i]->family);
    if (one_each || build_length(first, count) == count)
        return;
    if (!have_lines(first, count) || !sign_by_lines(first, count))
        say_ambiguous(m, first, count);
}

static size_t family_length(struct candidate **first, size_t count)
{
    size_t length = 1;

    while (length < count && strcmp(first[length]->family, first[0]->family) == 0)
        length++;
    return length;
}

/* ---- the result ---------------------------------------------------------------------------------------------------- */

static void make_same(struct matching *m, struct rec_class *class, struct rec_class *stands)
{
    if (class == stands)
        return;
    *rec_index_at(&m->result->same, (uint64_t)(uintptr_t) class) = stands;
    m->result->matched++;
}

static int by_sign(const void *a, const void *b)
{
    const struct candidate *const *one = a, *const *other = b;
    int order = strcmp((*one)->sign, (*other)->sign);

    return order != 0 ? order : strcmp((*one)->class->key, (*other)->class->key);
}

/* Of those with one sign the one with the smallest key stands for all. */
static void join_signs(struct matching *m)
{
    struct candidate **signs = cli_alloc(m->count + 1, sizeof(struct candidate *));
    size_t count = 0, first = 0;

    for (size_t i = 0; i < m->count; i++)
        if (m->all[i]->sign != NULL)
            signs[count++] = m->all[i];
    if (count != 0)
        cli_sort(signs, count, sizeof(struct candidate *), by_sign);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(signs[i]->sign, signs[first]->sign) != 0)
            first = i;
        make_same(m, signs[i]->class, signs[first]->class);
    }
    free(signs);
}

/* Classes that the user says are one: those with the stable key OLD are that with NEW. */
static void join_renamed(struct matching *m)
{
    const struct rec_process *p = m->process;

    for (size_t i = 0; i < p->class_count; i++) {
        const char *stable = p->classes[i]->stable, *now = mt_renamed(m->renames, "class", stable);

        for (size_t k = 0; now != stable && k < p->class_count; k++)
            if (strcmp(p->classes[k]->stable, now) == 0 && p->classes[k] != p->classes[i])
                make_same(m, p->classes[i], p->classes[k]);
    }
}

static struct rec_class *stands_for(const struct mt_result *result, struct rec_class *class)
{
    struct rec_class *other = rec_index_find(&result->same, (uint64_t)(uintptr_t) class);

    return other != NULL ? other : class;
}

/* Subclasses of classes that are the same. */
static void join_subclasses(struct matching *m)
{
    const struct rec_process *p = m->process;

    for (size_t i = 0; i < p->class_count; i++) {
        struct rec_class *class = p->classes[i];

        if (class->base == NULL)
            continue;
        for (size_t k = 0; k < i; k++)
            if (p->classes[k]->base != NULL && p->classes[k]->subclass == class->subclass &&
                stands_for(m->result, p->classes[k]->base) == stands_for(m->result, class->base)) {
                make_same(m, class, stands_for(m->result, p->classes[k]));
                break;
            }
    }
}

/* A class of one build only, and one of another build only, of one file or module: perhaps one was renamed. */
static void suggest(struct matching *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct candidate *a = m->all[i], *found = NULL;
        size_t fits = 0;

        for (size_t k = 0; k < m->count && m->renames == NULL; k++) {
            struct candidate *b = m->all[k];

            if (a->source_line == 0 || strcmp(a->build, b->build) >= 0 || strcmp(a->class->kind, b->class->kind) != 0 ||
                strcmp(a->class->name, b->class->name) == 0 ||
                strcmp(file_name(a->class->source.file), file_name(b->class->source.file)) != 0 ||
                stands_for(m->result, a->class) != a->class || stands_for(m->result, b->class) != b->class ||
                a->class->key_count + b->class->key_count != 0 || a->line != b->line ||
                strcmp(a->family, b->family) == 0)
                continue;
            found = b;
            fits++;
        }
        if (fits == 1)
            note(m, cli_printf("%s and %s of different builds may be one that was renamed; if so, say so with a rule "
                               "'function %s -> %s' in a file for --renames",
                               a->class->name, found->class->name, a->class->source.function,
                               found->class->source.function));
    }
}

void mt_match(const struct rec_process *process, const struct mt_renames *renames, struct mt_result *ret)
{
    struct matching m = { .process = process, .renames = renames, .result = ret };

    memset(ret, 0, sizeof(*ret));
    find_bare(&m);
    for (size_t i = 0; i < process->class_count; i++)
        add_candidate(&m, process->classes[i]);
    sort(&m);
    for (size_t i = 0, length; i < m.count; i += length) {
        length = family_length(m.all + i, m.count - i);
        split_family(&m, m.all + i, length);
    }
    sort(&m);
    for (size_t i = 0, length; i < m.count; i += length) {
        length = family_length(m.all + i, m.count - i);
        sign_family(&m, m.all + i, length);
    }
    join_signs(&m);
    join_renamed(&m);
    join_subclasses(&m);
    suggest(&m);
    for (size_t i = 0; i < m.count; i++) {
        free(m.all[i]->build);
        free(m.all[i]->family);
        free(m.all[i]->sign);
        free(m.all[i]);
    }
    free(m.all);
    for (size_t i = 0; i < m.bare_count; i++)
        free(m.bare[i]);
    free(m.bare);
}

void mt_free(struct mt_result *result)
{
    rec_index_free(&result->same);
    for (size_t i = 0; i < result->note_count; i++)
        free(result->notes[i]);
    free(result->notes);
}
