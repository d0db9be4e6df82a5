/* SPDX-License-Identifier: MIT */
/*
 * What the symbols of the command say of places of one file: a line "FUNCTION FILE:LINE" for each function, innermost first, behind
 * a line with the offset. Offsets are read from stdin; "c" before one: it is a return address.
 *
 * Usage: look PATH BUILD_ID [--debug FOLDERS] [--source FOLDER] [--range START] [--then PATH:BUILD_ID]
 *
 * --range: the file's first address. --then: another file is asked behind it, for nothing.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/frames.h"

int main(int argc, char **argv)
{
    struct rec_module module = { .id = 1, .known = true, .name = "module" };
    const char *folders[2] = { NULL, NULL };
    struct sym_options options = { .source_dirs = folders };
    struct sym_session *session;
    char *then = NULL;
    char line[64];

    if (argc < 3)
        return 2;
    module.path = argv[1];
    module.build_id = argv[2];
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--debug") == 0)
            options.debug_path = argv[i + 1];
        else if (strcmp(argv[i], "--source") == 0)
            folders[0] = argv[i + 1];
        else if (strcmp(argv[i], "--range") == 0)
            module.end = (module.start = strtoull(argv[i + 1], NULL, 16)) + 0x100000;
        else
            then = argv[i + 1];
    }
    session = sym_open(&options);
    if (sym_problem(session, &module) != NULL)
        (void)printf("problem: %s\n", sym_problem(session, &module));
    while (fgets(line, sizeof(line), stdin) != NULL) {
        bool is_call = line[0] == 'c';
        uint64_t offset = strtoull(line + is_call, NULL, 16);
        const struct sym_frames *frames = sym_look(session, &module, offset, is_call ? SYM_CALL : SYM_EXACT);

        (void)printf("0x%llx\n", (unsigned long long)offset);
        for (size_t i = 0; i < frames->count; i++) {
            const struct sym_frame *frame = &frames->frames[i];
            const char *source = sym_source(session, &module, frame->file, frame->line);

            (void)printf("%s\t%s\t%d\t%d\t%s\t%s\n", frame->function, frame->file, frame->line, frame->inlined,
                         frame->symbol, source != NULL ? source : "");
        }
    }
    if (then != NULL && strchr(then, ':') != NULL) {
        struct rec_module second = { .id = 2, .known = true, .name = "second", .path = then };
        char *colon = strchr(then, ':');

        *colon = '\0';
        second.build_id = colon + 1;
        (void)sym_look(session, &second, 0x1000, SYM_EXACT);
    }
    sym_close(session);
    return 0;
}
