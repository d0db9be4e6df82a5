/* SPDX-License-Identifier: MIT */
/*
 * The file is written under another name, which nobody else has, and renamed. To rename onto what is no file would take that away from
 * everybody: root may do so with a device.
 */

#define _GNU_SOURCE
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"

/* A new file beside @path, with the rights of any new file. Null with errno. */
static FILE *open_part(const char *path, char **ret_part)
{
    char *part = cli_printf("%s.XXXXXX", path);
    mode_t mask = umask(0);
    int fd, error;
    FILE *file;

    (void)umask(mask);
    fd = mkostemp(part, O_CLOEXEC);
    file = fd >= 0 && fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
    if (file != NULL) {
        *ret_part = part;
        return file;
    }
    error = errno;
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(part);
    }
    free(part);
    errno = error;
    return NULL;
}

bool cli_output_begin(struct cli_output *output, const char *path)
{
    struct stat there;

    *output = (struct cli_output){ .file = stdout };
    if (path == NULL || strcmp(path, "-") == 0)
        return true;
    output->path = path;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        output->file = fopen(path, "we");
    else
        output->file = open_part(path, &output->part);
    if (output->file != NULL)
        return true;
    cli_complain("cannot write %s: %s", path, strerror(errno));
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
    if (fclose(output->file) != 0 || failed ||
        (good && output->part != NULL && rename(output->part, output->path) != 0)) {
        cli_complain("cannot write %s: %s", output->path, strerror(errno));
        good = false;
    }
    if (!good && output->part != NULL)
        (void)remove(output->part);
    free(output->part);
    return good;
}
