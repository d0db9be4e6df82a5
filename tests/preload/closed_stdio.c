/* SPDX-License-Identifier: MIT */
/* A program that was started with descriptors 0, 1 and 2 closed, and opens files of its own, which then get these
 * numbers: no report gets into them. The status tells. */
/* case: no-finding */
/* case: no-finding-stats */
/* options: stats=1 */
/* case: finding-before */
/* status: 66 */
/* case: finding-after */
/* status: 66 */
/* case: finding-in-log */
/* options: log=report */
/* status: 66 */
/* file: report: ^WARNING: possible circular */
#include "program.h"

#include <fcntl.h>
#include <sys/stat.h>

static int file[3];

/* A file that was closed, written to and opened again would show it by its size. */
static void check_files(void)
{
    for (int i = 0; i < 3; i++) {
        struct stat about;

        if (fstat(file[i], &about) != 0 || about.st_size != 0)
            _exit(80 + i);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        char self[] = "/proc/self/exe", mark[] = "closed";
        char *again[] = { self, argv[1], mark, NULL };

        for (int i = 0; i < 3; i++)
            MUST(close(i) == 0);
        execv(self, again);
        _exit(70);
    }
    if (strncmp(argv[1], "no-finding", 10) == 0)
        make_no_finding();
    if (is_case(argv, "finding-before"))
        make_finding();
    for (int i = 0; i < 3; i++) {
        char name[] = "file.0";

        name[5] = (char)('0' + i);
        file[i] = open(name, O_CREAT | O_RDWR, 0600);
        if (file[i] != i)
            _exit(71);
    }
    if (strncmp(argv[1], "finding-after", 13) == 0 || is_case(argv, "finding-in-log"))
        make_finding();
    check_files();
    MUST(atexit(check_files) == 0);
    return 0;
}
