/* SPDX-License-Identifier: MIT */
/* A program that closes stderr, or every descriptor, and opens others: the report has nowhere to go, the status tells,
 * and nothing gets into the program's files. */
/* status: 66 */
/* case: stderr */
/* case: all */
#include "program.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    int file[8];
    struct stat about;

    (void)argc;
    puts("done");
    fflush(stdout);
    if (is_case(argv, "stderr")) {
        MUST(close(2) == 0);
        make_finding();
        return 0;
    }
    make_no_finding();
    for (int i = 3; i < 64; i++)
        close(i);
    for (int i = 0; i < 8; i++) {
        char name[] = "file.0";

        name[5] = (char)('0' + i);
        file[i] = open(name, O_CREAT | O_RDWR, 0600);
        MUST(file[i] == 3 + i);
    }
    MUST(close(2) == 0);
    make_finding();
    for (int i = 0; i < 8; i++)
        if (fstat(file[i], &about) != 0 || about.st_size != 0)
            return 1;
    return 0;
}
