/* SPDX-License-Identifier: MIT */
/*
 * Writes the manual page lockval-options(7) to stdout, from the table that makes the options: options.def. Runs when the
 * project is built.
 */

#include <stdio.h>

#include "sys/options.h"

enum {
    TEXT_MAX = 2048
};

/* As text of a page: characters that mean something to roff lose that. One line of input for each word at the margin, so that
 * none gets long. */
static void put(const char *text)
{
    unsigned column = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (column == 0 && (*p == '.' || *p == '\''))
            (void)fputs("\\&", stdout);
        if (*p == ' ' && column > 60) {
            (void)putchar('\n');
            column = 0;
            continue;
        }
        if (*p == '\\')
            (void)fputs("\\e", stdout);
        else if (*p == '-')
            (void)fputs("\\-", stdout);
        else
            (void)putchar(*p);
        column++;
    }
    (void)putchar('\n');
}

static void put_option(const struct lv_options *defaults, uint32_t i)
{
    char range_text[TEXT_MAX], default_text[TEXT_MAX];
    struct lv_text range, value;
    const char *name;

    lv_text_init(&range, range_text, sizeof(range_text));
    lv_options_range(i, &range);
    lv_text_init(&value, default_text, sizeof(default_text));
    name = lv_options_show(defaults, i, &value);
    (void)printf(".TP\n.BI %s= VALUE\n", name);
    put(lv_options_meaning(i));
    (void)printf(".br\n");
    if (range.len != 0) {
        (void)printf("Values: ");
        put(range_text);
        (void)printf(".br\n");
    }
    (void)printf("Default: ");
    put(value.len != 0 ? default_text : "none");
}

static const char head[] =
    ".SH NAME\n"
    "lockval\\-options \\- options of the lock validator\n"
    ".SH SYNOPSIS\n"
    ".B LOCKVAL_OPTIONS=\\(dq\\fIkey\\fB=\\fIvalue\\fB:\\fIkey\\fB=\\fIvalue\\fB\\(dq\n"
    ".PP\n"
    ".B lockval run \\-\\-\\fIkey\\fB=\\fIvalue\\fR ...\n"
    ".I program\n"
    ".SH DESCRIPTION\n"
    "The library\n"
    ".B liblockval.so\n"
    "reads its options from the environment variable\n"
    ".B LOCKVAL_OPTIONS\n"
    "when a program starts under it.\n"
    ".BR lockval (1)\n"
    "takes each of them as a flag.\n"
    ".PP\n"
    "What stands later holds.\n"
    "An unknown key or a bad value is named on stderr, once, and otherwise ignored; it never stops a program.\n"
    "A value may be quoted with\n"
    ".B \\(aq\n"
    "or\n"
    ".B \\(dq\n"
    "to hold a colon.\n"
    ".SH OPTIONS\n";

static const char tail[] = ".SH EXAMPLES\n"
                           "Reports of the processes of a build, each in a file of its own, and no other exit status:\n"
                           ".PP\n"
                           ".EX\n"
                           "export LOCKVAL_OPTIONS=log=/tmp/locks.%e.%p:exitcode=0\n"
                           ".EE\n"
                           ".PP\n"
                           "End at once when threads are stuck:\n"
                           ".PP\n"
                           ".EX\n"
                           "lockval run \\-\\-on_deadlock=exit \\-\\- ./program\n"
                           ".EE\n"
                           ".SH SEE ALSO\n"
                           ".BR lockval (1),\n"
                           ".BR lockval\\-verdicts (7),\n"
                           ".BR lockval\\-record (5),\n"
                           ".BR lockval\\-suppressions (5),\n"
                           ".BR lockval.h (3)\n";

int main(void)
{
    struct lv_options defaults;

    lv_options_default(&defaults);
    (void)printf(".\\\" SPDX-License-Identifier: MIT\n.TH LOCKVAL\\-OPTIONS 7 %s \"lockval %s\" \"Miscellaneous\"\n%s",
                 MAN_DATE, LOCKVAL_VERSION_TEXT, head);
    for (uint32_t i = 0; i < lv_options_count(); i++)
        put_option(&defaults, i);
    (void)fputs(tail, stdout);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
