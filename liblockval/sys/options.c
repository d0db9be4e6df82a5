/* SPDX-License-Identifier: MIT */
/*
 * Owns the meaning of LOCKVAL_OPTIONS. It holds constant tables only; the values live in the caller's struct, which is
 * written once, before other threads look at it.
 *
 * Nothing in a text may stop the program: what cannot be understood is named and left out. A bad item is skipped as a
 * whole, so that half of a list is never applied.
 */

#include "sys/options.h"

#include <string.h>

/* A word that a value may be, and what it stands for. */
struct choice {
    const char *word;
    unsigned value;
};

static const struct choice lv_option_verdicts[] = {
    { "guarded", LV_VERDICT_GUARDED }, { "potential", LV_VERDICT_POTENTIAL }, { "feasible", LV_VERDICT_FEASIBLE },
    { "misuse", LV_VERDICT_MISUSE },   { "deadlock", LV_VERDICT_DEADLOCK },   { "never", LV_VERDICT_NEVER },
};

static const struct choice lv_option_deadlocks[] = {
    { "report", LV_DEADLOCK_REPORT },
    { "exit", LV_DEADLOCK_EXIT },
    { "abort", LV_DEADLOCK_ABORT },
    { "break", LV_DEADLOCK_BREAK },
};

static const struct choice lv_option_identities[] = {
    { "auto", LV_IDENTITY_AUTO },
    { "table", LV_IDENTITY_TABLE },
};

static const struct choice lv_option_events[] = {
    { "annotated", LV_EVENTS_ANNOTATED },
    { "join", LV_EVENTS_JOIN },
    { "cond", LV_EVENTS_COND },
    { "sem", LV_EVENTS_SEM },
    { "barrier", LV_EVENTS_BARRIER },
    { "none", 0 },
    { "all", LV_EVENTS_ALL },
};

static const struct choice booleans[] = {
    { "0", 0 }, { "1", 1 }, { "no", 0 }, { "yes", 1 }, { "false", 0 }, { "true", 1 },
};

enum option_type {
    OPTION_INT,
    OPTION_BOOL,
    OPTION_TEXT,
    OPTION_ENUM,
    OPTION_BITS
};

struct option {
    const char *name;
    const char *meaning;
    enum option_type type;
    size_t offset; /* in struct lv_options */
    long min, max;
    const struct choice *choices;
    size_t choice_count;
};

#define AT(name) offsetof(struct lv_options, name)

static const struct option option_table[] = {
#define LV_OPTION_INT(name, def, min, max, help) { #name, help, OPTION_INT, AT(name), min, max, NULL, 0 },
#define LV_OPTION_BOOL(name, def, help) { #name, help, OPTION_BOOL, AT(name), 0, 1, booleans, LV_ARRAY_SIZE(booleans) },
#define LV_OPTION_TEXT(name, def, help) { #name, help, OPTION_TEXT, AT(name), 0, 0, NULL, 0 },
#define LV_OPTION_ENUM(name, type, def, choices, help) \
    { #name, help, OPTION_ENUM, AT(name), 0, 0, choices, LV_ARRAY_SIZE(choices) },
#define LV_OPTION_BITS(name, def, choices, help) \
    { #name, help, OPTION_BITS, AT(name), 0, 0, choices, LV_ARRAY_SIZE(choices) },
#include "sys/options.def"
};

/* A piece of the text that is parsed; not terminated. */
struct piece {
    const char *at;
    size_t len;
};

void lv_options_default(struct lv_options *options)
{
    memset(options, 0, sizeof(*options));
#define LV_OPTION_INT(name, def, min, max, help) options->name = (def);
#define LV_OPTION_BOOL(name, def, help) options->name = (def);
#define LV_OPTION_TEXT(name, def, help)                                                        \
    _Static_assert(sizeof(def) <= LV_OPTION_PATH_MAX, "the default of " #name " is too long"); \
    memcpy(options->name, def, sizeof(def));
#define LV_OPTION_ENUM(name, type, def, choices, help) options->name = (def);
#define LV_OPTION_BITS(name, def, choices, help) options->name = (def);
#include "sys/options.def"
}

/* ---- complaints ---- */

/* How much of a piece is shown; the rest is shown as "...". */
#define SHOWN_MAX 60

/* One line a complaint and no tricks on a terminal: bytes that are not printable are shown as question marks. */
static void put_quoted(struct lv_text *out, struct piece piece)
{
    lv_text_putc(out, '\'');
    for (size_t i = 0; i < piece.len && i < SHOWN_MAX; i++) {
        unsigned char c = (unsigned char)piece.at[i];

        lv_text_putc(out, c < ' ' || c == 0x7f ? '?' : (char)c);
    }
    lv_text_puts(out, piece.len > SHOWN_MAX ? "...'" : "'");
}

static void put_choices(struct lv_text *out, const struct option *option)
{
    for (size_t i = 0; i < option->choice_count; i++)
        lv_text_printf(out, "%s%s", i > 0 ? ", " : "", option->choices[i].word);
}

static void complain_start(struct lv_text *out, struct piece key)
{
    lv_text_puts(out, "lockval: option ");
    put_quoted(out, key);
    lv_text_puts(out, ": ");
}

static void complain(struct lv_text *out, struct piece key, const char *what)
{
    complain_start(out, key);
    lv_text_printf(out, "%s\n", what);
}

static void complain_of_value(struct lv_text *out, const struct option *option, struct piece value)
{
    complain_start(out, (struct piece){ option->name, strlen(option->name) });
    put_quoted(out, value);
    switch (option->type) {
    case OPTION_INT:
        lv_text_printf(out, " is not a number from %ld to %ld", option->min, option->max);
        break;
    case OPTION_TEXT:
        lv_text_printf(out, " is longer than %d bytes", LV_OPTION_PATH_MAX - 1);
        break;
    case OPTION_BITS:
        lv_text_puts(out, " is not a list (with commas) of ");
        put_choices(out, option);
        break;
    case OPTION_BOOL:
    case OPTION_ENUM:
        lv_text_puts(out, " is not one of ");
        put_choices(out, option);
        break;
    }
    lv_text_putc(out, '\n');
}

/* ---- values ---- */

static bool piece_is(struct piece piece, const char *word)
{
    return strlen(word) == piece.len && memcmp(word, piece.at, piece.len) == 0;
}

static bool parse_choice(const struct option *option, struct piece value, unsigned *ret_value)
{
    for (size_t i = 0; i < option->choice_count; i++) {
        if (piece_is(value, option->choices[i].word)) {
            *ret_value = option->choices[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_bits(const struct option *option, struct piece value, unsigned *ret_bits)
{
    unsigned bits = 0, bit;

    for (;;) {
        const char *comma = memchr(value.at, ',', value.len);
        struct piece word = { value.at, comma ? (size_t)(comma - value.at) : value.len };

        if (!parse_choice(option, word, &bit))
            return false;
        bits |= bit;
        if (!comma)
            break;
        value.at += word.len + 1;
        value.len -= word.len + 1;
    }
    *ret_bits = bits;
    return true;
}

static bool parse_int(const struct option *option, struct piece value, int *ret_value)
{
    long number = 0;

    if (value.len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || number > option->max)
            return false;
        number = number * 10 + (value.at[i] - '0');
    }
    if (number < option->min || number > option->max)
        return false;
    *ret_value = (int)number;
    return true;
}

/* Returns false, and changes nothing, when @value is not a value of @option. */
static bool set_option(struct lv_options *options, const struct option *option, struct piece value)
{
    char *field = (char *)options + option->offset;
    unsigned word;
    int number;
    bool flag;

    switch (option->type) {
    case OPTION_INT:
        if (!parse_int(option, value, &number))
            return false;
        memcpy(field, &number, sizeof(number));
        return true;
    case OPTION_BOOL:
        if (!parse_choice(option, value, &word))
            return false;
        flag = word != 0;
        memcpy(field, &flag, sizeof(flag));
        return true;
    case OPTION_TEXT:
        if (value.len >= LV_OPTION_PATH_MAX)
            return false;
        memcpy(field, value.at, value.len);
        field[value.len] = '\0';
        return true;
    case OPTION_ENUM:
        if (!parse_choice(option, value, &word))
            return false;
        memcpy(field, &word, sizeof(word));
        return true;
    case OPTION_BITS:
        if (!parse_bits(option, value, &word))
            return false;
        memcpy(field, &word, sizeof(word));
        return true;
    }
    return false;
}

/* ---- the text ---- */

static void apply(struct lv_options *options, struct piece key, struct piece value, struct lv_text *complaints)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(option_table); i++) {
        if (!piece_is(key, option_table[i].name))
            continue;
        if (!set_option(options, &option_table[i], value))
            complain_of_value(complaints, &option_table[i], value);
        return;
    }
    complain(complaints, key, "no such option (help=1 lists them)");
}

/* How many bytes of @p come before a colon (or @stop) or its end. */
static size_t span(const char *p, char stop)
{
    size_t n = 0;

    while (p[n] && p[n] != ':' && p[n] != stop)
        n++;
    return n;
}

/* Apply the item at @p. Returns where the next one starts: behind a colon, or at the end. */
static const char *parse_item(struct lv_options *options, const char *p, struct lv_text *complaints)
{
    size_t key_len = span(p, '=');
    struct piece key = { p, key_len };
    struct piece value;
    char quote;

    p += key_len;
    if (*p != '=') {
        if (key_len > 0)
            complain(complaints, key, "no value (key=value is wanted)");
        return *p ? p + 1 : p;
    }
    p++;
    quote = *p;
    if (quote == '\'' || quote == '"') {
        const char *close = strchr(p + 1, quote);

        if (!close) {
            complain(complaints, key, "the quote is not closed");
            return p + strlen(p);
        }
        value = (struct piece){ p + 1, (size_t)(close - p - 1) };
        p = close + 1;
        if (*p != ':' && *p != '\0') {
            complain(complaints, key, "text follows the closing quote");
            p += span(p, ':');
            return *p ? p + 1 : p;
        }
    } else {
        value = (struct piece){ p, span(p, ':') };
        p += value.len;
    }
    apply(options, key, value, complaints);
    return *p ? p + 1 : p;
}

void lv_options_parse(struct lv_options *options, const char *text, struct lv_text *complaints)
{
    while (text && *text)
        text = parse_item(options, text, complaints);
}

/* ---- help ---- */

static void put_value(struct lv_text *out, const struct option *option, const struct lv_options *options)
{
    const char *field = (const char *)options + option->offset;
    const char *separator = "";
    unsigned word;
    int number;
    bool flag;

    switch (option->type) {
    case OPTION_INT:
        memcpy(&number, field, sizeof(number));
        lv_text_printf(out, "%d", number);
        break;
    case OPTION_BOOL:
        memcpy(&flag, field, sizeof(flag));
        lv_text_puts(out, flag ? "1" : "0");
        break;
    case OPTION_TEXT:
        lv_text_puts(out, field[0] ? field : "''");
        break;
    case OPTION_ENUM:
        memcpy(&word, field, sizeof(word));
        for (size_t i = 0; i < option->choice_count; i++) {
            if (option->choices[i].value == word)
                lv_text_puts(out, option->choices[i].word);
        }
        break;
    case OPTION_BITS:
        memcpy(&word, field, sizeof(word));
        if (word == 0)
            lv_text_puts(out, "none");
        /* Single bits only: "all" is made of them. */
        for (size_t i = 0; i < option->choice_count; i++) {
            unsigned bit = option->choices[i].value;

            if (bit == 0 || !(word & bit))
                continue;
            lv_text_printf(out, "%s%s", separator, option->choices[i].word);
            separator = ",";
            word &= ~bit;
        }
        break;
    }
}

/* Which values there are, but for texts, where there is nothing to say. */
static void put_range(struct lv_text *out, const struct option *option)
{
    if (option->type == OPTION_INT)
        lv_text_printf(out, "%ld to %ld", option->min, option->max);
    else if (option->type == OPTION_BOOL)
        lv_text_puts(out, "0 or 1");
    else
        put_choices(out, option);
}

void lv_options_help(const struct lv_options *options, struct lv_text *out)
{
    struct lv_options defaults;

    lv_options_default(&defaults);
    lv_text_puts(out, "lockval: options, as LOCKVAL_OPTIONS=\"key=value:key=value\"\n");
    for (size_t i = 0; i < LV_ARRAY_SIZE(option_table); i++) {
        const struct option *option = &option_table[i];

        lv_text_printf(out, "  %-16s %s\n%19s(", option->name, option->meaning, "");
        if (option->type != OPTION_TEXT) {
            put_range(out, option);
            lv_text_puts(out, "; ");
        }
        lv_text_puts(out, "default ");
        put_value(out, option, &defaults);
        lv_text_puts(out, "; now ");
        put_value(out, option, options);
        lv_text_puts(out, ")\n");
    }
}

uint32_t lv_options_count(void)
{
    return (uint32_t)LV_ARRAY_SIZE(option_table);
}

const char *lv_options_show(const struct lv_options *options, uint32_t i, struct lv_text *out)
{
    const struct option *option = &option_table[i];

    if (option->type == OPTION_TEXT)
        lv_text_puts(out, (const char *)options + option->offset);
    else
        put_value(out, option, options);
    return option->name;
}

const char *lv_options_meaning(uint32_t i)
{
    return option_table[i].meaning;
}

void lv_options_range(uint32_t i, struct lv_text *out)
{
    put_range(out, &option_table[i]);
}

const char *lv_options_word(uint32_t i, uint32_t n)
{
    return n < option_table[i].choice_count ? option_table[i].choices[n].word : NULL;
}

void lv_options_expand(const char *path, int pid, const char *program, struct lv_text *out)
{
    for (const char *p = path; *p; p++) {
        if (p[0] != '%') {
            lv_text_putc(out, p[0]);
            continue;
        }
        switch (p[1]) {
        case 'p':
            lv_text_printf(out, "%d", pid);
            break;
        case 'e':
            lv_text_puts(out, program);
            break;
        case '%':
            lv_text_putc(out, '%');
            break;
        default:
            /* Not ours: it stays as it is. */
            lv_text_putc(out, '%');
            continue;
        }
        p++;
    }
}
