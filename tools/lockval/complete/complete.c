/* SPDX-License-Identifier: MIT */
/*
 * lockval complete: what could stand for the last word of a command line. For the shells' completions (tools/completion), not for
 * people, so `lockval help` does not list it.
 *
 *     lockval complete -- WORD...    the words behind "lockval"; the last one is being written, and may be empty
 *
 * Each line is a word, a tab, and its meaning, which may be empty. A word that ends with "=" or "," goes on. Lines with a colon
 * leave the rest to the shell: ":files PREFIX", ":folders PREFIX" (paths behind PREFIX, which the word begins with) and
 * ":command N" (the words from number N on, "lockval" being 0, are a command line of their own).
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "complete/words.h"
#include "formats/format.h"
#include "sys/options.h"

/* Print @word if what is being written begins it. */
static void offer(const char *written, const char *word, const char *meaning)
{
    if (strncmp(word, written, strlen(written)) == 0)
        (void)printf("%s\t%s\n", word, meaning);
}

/* The same for a word in two halves. */
static void offer_value(const char *written, const char *prefix, const char *value, const char *meaning)
{
    char *word = cli_printf("%s%s", prefix, value);

    offer(written, word, meaning);
    free(word);
}

/* ---- values ---- */

static void offer_signals(const char *written, const char *prefix)
{
    for (int i = 1; i < 32; i++) {
        const char *name = sigabbrev_np(i);
        char *word;

        if (name == NULL || i == SIGKILL || i == SIGSTOP)
            continue;
        word = cli_printf("SIG%s", name);
        offer_value(written, prefix, word, sigdescr_np(i));
        free(word);
    }
}

/* Of lists, only the last item is being written. Memory to free: what stands before it. */
static char *before_item(const char *prefix, const char *written)
{
    const char *value = written + strlen(prefix), *comma = strrchr(value, ',');

    return comma != NULL ? cli_printf("%.*s", (int)(comma + 1 - written), written) : cli_strdup(prefix);
}

/* Values of option @i of the library, behind @prefix, which @written begins with. */
static void offer_library_values(uint32_t i, const char *name, const char *prefix, const char *written)
{
    const char *meaning = lv_options_meaning(i), *word;
    char *before = before_item(prefix, written);

    for (uint32_t n = 0; (word = lv_options_word(i, n)) != NULL; n++)
        offer_value(written, before, word, "");
    if (strcmp(name, "dump_on_signal") == 0) {
        offer_signals(written, before);
    } else if (lv_options_word(i, 0) == NULL && (strstr(meaning, "path") != NULL || strstr(meaning, "file") != NULL)) {
        if (strcmp(name, "log") == 0)
            offer_value(written, prefix, "stderr", "");
        if (strstr(meaning, "none") != NULL)
            offer_value(written, prefix, "none", "");
        (void)printf(":files %s\n", prefix);
    }
    free(before);
}

/* Is @written an option of the library with a "="? Then its values are offered. */
static bool offer_library_value(const char *written)
{
    static struct lv_options defaults;
    char text[LV_OPTION_PATH_MAX + 1];
    struct lv_text value;
    const char *equals = strchr(written, '=');

    if (equals == NULL)
        return false;
    lv_options_default(&defaults);
    for (uint32_t i = 0; i < lv_options_count(); i++) {
        const char *name;
        char *prefix;
        bool found;

        lv_text_init(&value, text, sizeof(text));
        name = lv_options_show(&defaults, i, &value);
        prefix = cli_printf("--%s=", name);
        found = strncmp(written, prefix, strlen(prefix)) == 0;
        if (found)
            offer_library_values(i, name, prefix, written);
        free(prefix);
        if (found)
            return true;
    }
    return false;
}

/* Words that an option of a subcommand takes, by what its help calls them; a null @command is any. */
static const struct {
    const char *command, *value;
    const char *words[16];
} known_words[] = {
    { NULL, "WHEN", { "auto", "always", "never" } },
    { NULL, "V", { "guarded", "potential", "feasible", "misuse", "deadlock" } },
    { "check", "VERDICT", { "guarded", "potential", "feasible", "misuse", "deadlock", "never" } },
    { "baseline", "VERDICT", { "guarded", "potential", "feasible", "misuse", "deadlock", "never" } },
    { "db", "FORM", { "text", "json" } },
    { "diff", "FORM", { "text", "json", "markdown", "dot", "svg", "html" } },
    { "coverage", "FORM", { "text", "json", "html" } },
    { "stat", "FORMAT", { "table", "lock_stat", "json" } },
    { "stat",
      "KEY",
      { "wait", "wait-max", "wait-avg", "contentions", "acquisitions", "failed", "hold", "hold-max", "hold-avg",
        "name" } },
};

/* Values of an option of @command, which its help calls @value, behind @prefix. */
static void offer_option_values(const char *command, const char *value, const char *prefix, const char *written)
{
    const struct format *format;

    for (size_t i = 0; i < LV_ARRAY_SIZE(known_words); i++)
        if ((known_words[i].command == NULL || strcmp(known_words[i].command, command) == 0) &&
            strcmp(known_words[i].value, value) == 0)
            for (const char *const *word = known_words[i].words; *word != NULL; word++)
                offer_value(written, prefix, *word, "");
    if (strcmp(value, "FORMAT") == 0 && (strcmp(command, "report") == 0 || strcmp(command, "check") == 0)) {
        for (size_t i = 0; (format = format_at(i)) != NULL; i++)
            offer_value(written, prefix, format->name, format->summary);
    } else if (strcmp(value, "DIR") == 0 || strcmp(value, "FOLDER") == 0) {
        (void)printf(":folders %s\n", prefix);
    } else if (strcmp(value, "FILE") == 0 || strcmp(value, "PATH") == 0 || strcmp(value, "RECORD") == 0 ||
               strcmp(value, "STORE") == 0) {
        (void)printf(":files %s\n", prefix);
    }
}

/* ---- arguments ---- */

/* Processes that run under the library, as far as the caller may look. */
static void offer_processes(const char *written)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    char line[8192], name[64];

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        char *path = cli_printf("/proc/%s/maps", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        bool found = false;

        free(path);
        while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
            found = strstr(line, "/liblockval.so") != NULL;
        if (file != NULL)
            (void)fclose(file);
        if (!found)
            continue;
        path = cli_printf("/proc/%s/comm", entry->d_name);
        file = fopen(path, "re");
        free(path);
        if (file == NULL || fgets(name, sizeof(name), file) == NULL)
            name[0] = '\0';
        name[strcspn(name, "\n")] = '\0';
        if (file != NULL)
            (void)fclose(file);
        offer(written, entry->d_name, name);
    }
    if (proc != NULL)
        (void)closedir(proc);
}

static void offer_options(const struct word_list *list, const char *written)
{
    static struct lv_options defaults;
    char text[LV_OPTION_PATH_MAX + 1];
    struct lv_text value;

    for (size_t i = 0; i < list->count; i++) {
        const struct word_option *option = &list->options[i];

        offer_value(written, option->name, option->value != NULL && !option->separate ? "=" : "", option->meaning);
    }
    lv_options_default(&defaults);
    for (uint32_t i = 0; list->library && i < lv_options_count(); i++) {
        char *word;

        lv_text_init(&value, text, sizeof(text));
        word = cli_printf("--%s=", lv_options_show(&defaults, i, &value));
        if (words_find(list, word) == NULL) /* else it is there, with what the command does about it */
            offer(written, word, lv_options_meaning(i));
        free(word);
    }
}

/* Each of "a|b|c". */
static void offer_choice(const char *words, const char *written)
{
    for (;; words++) {
        size_t len = strcspn(words, "|");
        char *word = cli_printf("%.*s", (int)len, words);

        offer(written, word, "");
        free(word);
        words += len;
        if (*words == '\0')
            return;
    }
}

/* The word that is being written, @last, is none of a program's command line. */
static void offer_word(const struct word_list *list, char **words, int last)
{
    const char *written = words[last];
    const struct word_option *option = last > 1 ? words_find(list, words[last - 1]) : NULL;
    const char *equals = strchr(written, '=');
    char *prefix;

    if (option != NULL && option->separate && strchr(words[last - 1], '=') == NULL) {
        offer_option_values(words[0], option->value, "", written);
        return;
    }
    option = words_find(list, written);
    if (equals != NULL && option != NULL && option->value != NULL) {
        prefix = cli_printf("%.*s", (int)(equals + 1 - written), written);
        /* An option of the library may have a line of its own in the help. */
        if (!list->library || !offer_library_value(written))
            offer_option_values(words[0], option->value, prefix, written);
        free(prefix);
        return;
    }
    if (list->library && equals != NULL && offer_library_value(written))
        return;
    if (*written == '-') {
        offer_options(list, written);
        return;
    }
    if (list->words != NULL && last == 1) {
        offer_choice(list->words, written);
        return;
    }
    if (list->pid)
        offer_processes(written);
    if (list->record)
        (void)printf(":files \n");
}

/* The number of the word that a program's command line begins with; 0: it has not begun. */
static int program_at(const struct word_list *list, char **words, int last)
{
    for (int i = 1; i <= last; i++) {
        const struct word_option *option = words_find(list, words[i]);

        if (strcmp(words[i], "--") == 0)
            return i < last && list->program ? i + 1 : 0;
        if (words[i][0] != '-') {
            if (list->program && !list->record)
                return i;
        } else if (option != NULL && option->separate && strchr(words[i], '=') == NULL) {
            i++; /* its value */
        }
    }
    return 0;
}

/* The subcommand's words: words[0] is its name. */
static void complete_command(const struct cli_command *command, char **words, int last)
{
    struct word_list list;
    int program;

    words_read(&list, command);
    program = program_at(&list, words, last);
    if (program == 0)
        offer_word(&list, words, last);
    else if (program == last || list.more)
        (void)printf(":command %d\n", program + 1);
    words_free(&list);
}

static void offer_commands(const char *written)
{
    const struct cli_command *command;

    for (size_t i = 0; (command = cli_command_at(i)) != NULL; i++)
        if (command->summary != NULL)
            offer(written, command->name, command->summary);
}

static int run(int argc, char **argv)
{
    const struct cli_command *command;
    char **words;
    int last;

    if (argc < 3 || strcmp(argv[1], "--") != 0)
        return cli_usage_error(&cli_complete, "it is called by a shell");
    words = argv + 2;
    last = argc - 3;
    if (last == 0) {
        offer_commands(words[0]);
        offer(words[0], "help", "what there is, and what is to be known of one command");
        if (*words[0] == '-') {
            offer(words[0], "--help", "what there is");
            offer(words[0], "--version", "the version");
        }
    } else if (strcmp(words[0], "help") == 0) {
        if (last == 1)
            offer_commands(words[1]);
    } else {
        for (size_t i = 0; (command = cli_command_at(i)) != NULL; i++)
            if (strcmp(command->name, words[0]) == 0)
                complete_command(command, words, last);
    }
    return cli_finish(CLI_OK);
}

const struct cli_command cli_complete = {
    .name = "complete",
    .arguments = "-- WORD ...",
    .help = "For the completions of shells: prints what could stand for the last word.\n",
    .run = run,
};
