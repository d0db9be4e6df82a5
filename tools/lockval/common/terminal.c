/* SPDX-License-Identifier: MIT */
/* NO_COLOR as on no-color.org: set and not empty. A terminal without a name, or a dumb one, knows no escape sequences; all
 * others know these few. */

#include "common/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_when_of(const char *word, enum cli_when *ret_when)
{
    static const char *const words[] = { [CLI_AUTO] = "auto", [CLI_ALWAYS] = "always", [CLI_NEVER] = "never" };

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *ret_when = (enum cli_when)i;
            return true;
        }
    }
    return false;
}

bool cli_terminal_is_one(int fd)
{
    const char *name = getenv("TERM");

    return name != NULL && *name != '\0' && strcmp(name, "dumb") != 0 && isatty(fd) == 1;
}

bool cli_colours(enum cli_when when, int fd)
{
    const char *no = getenv("NO_COLOR");

    if (when != CLI_AUTO)
        return when == CLI_ALWAYS;
    return (no == NULL || *no == '\0') && cli_terminal_is_one(fd);
}

unsigned cli_terminal_width(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

const char *cli_colour_begin(bool on, enum cli_colour colour)
{
    static const char *const sequences[] = {
        [CLI_PLAIN] = "",          [CLI_BOLD] = "\033[1m",      [CLI_FAINT] = "\033[2m",
        [CLI_RED] = "\033[1;31m",  [CLI_YELLOW] = "\033[1;33m", [CLI_MAGENTA] = "\033[1;35m",
        [CLI_CYAN] = "\033[1;36m", [CLI_GREEN] = "\033[32m"
    };

    return on ? sequences[colour] : "";
}

const char *cli_colour_end(bool on, enum cli_colour colour)
{
    return on && colour != CLI_PLAIN ? "\033[0m" : "";
}
