/* SPDX-License-Identifier: MIT */
/* The file is written under another name, and renamed. */

#include "common/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"

bool cli_output_begin(struct cli_output *output, const char *path)
{
    *output = (struct cli_output){ .file = stdout };
    if (path == NULL || strcmp(path, "-") == 0)
        return true;
    output->path = path;
    output->part = cli_printf("%s.part", path);
    output->file = fopen(output->part, "we");
    if (output->file != NULL)
        return true;
    cli_complain("cannot write %s: %s", output->part, strerror(errno));
    free(output->part);
    return false;
}

bool cli_output_end(struct cli_output *output, bool good)
{
    bool failed = ferror(output->file) != 0;

    if (output->path == NULL) {
        if (fflush(stdout) == 0 && !failed)
            return good;
        cli_complain("cannot write the output: %s", strerror(errno));
        return false;
    }
    if (fclose(output->file) != 0 || failed || (good && rename(output->part, output->path) != 0)) {
        cli_complain("cannot write %s: %s", output->path, strerror(errno));
        good = false;
    }
    if (!good)
        (void)remove(output->part);
    free(output->part);
    return good;
}
