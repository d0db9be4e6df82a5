/* SPDX-License-Identifier: MIT */
/* The names are those that the systems document. Keeps nothing. */

#include "run/commit.h"

#include <stdlib.h>
#include <string.h>

#include "sys/options.h"

const char *run_commit(void)
{
    static const char *const names[] = {
        "GITHUB_SHA",          /* GitHub Actions, Gitea, Forgejo */
        "CI_COMMIT_SHA",       /* GitLab CI, Woodpecker */
        "GIT_COMMIT",          /* Jenkins */
        "BUILDKITE_COMMIT",    /* Buildkite */
        "BUILD_SOURCEVERSION", /* Azure Pipelines */
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && *value != '\0' && strlen(value) < LV_OPTION_PATH_MAX && strpbrk(value, "'\"") == NULL)
            return value;
    }
    return NULL;
}
