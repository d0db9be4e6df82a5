/* SPDX-License-Identifier: MIT */
/*
 * lockval run: the parent of the program, which learns from its record what was found, and tells it. With --exec, or where no
 * record can be read back, the library tells it itself, as it does without the command.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/preload.h"
#include "common/progress.h"
#include "common/target.h"
#include "common/terminal.h"
#include "formats/baseline.h"
#include "record/reader.h"
#include "run/back.h"
#include "run/commit.h"
#include "run/place.h"
#include "run/program.h"
#include "run/tell.h"
#include "store/db.h"
#include "sys/options.h"

enum {
    PAUSE_MS = 50 /* between two looks at a record that is being written */
};

struct request {
    char *options;             /* of the library; null: none */
    const char *db;            /* the store that the run is added to; null: none */
    const char *baseline_path; /* null: none */
    bool exec, keep, quiet, verbose;
    enum cli_when colours;
};

/* What the library will be told, by all who tell it. */
struct settled {
    struct lv_options options;
    bool has_record, has_log, has_commit; /* the user said so */
};

/* The run of one program. */
struct run {
    const struct request *request;
    struct settled settled;
    struct run_how how;
    enum cli_target target;
    struct run_program program;
    char *record;              /* that the command made; null: the user's, or none */
    struct run_back *back;     /* null: the library prints */
    struct baseline *baseline; /* findings that are known; null: none */
    struct baseline_score score;
    struct run_tell tell;
};

/* ---- arguments ---- */

/* Is it an option of the command itself? *ret_status: 0, or CLI_USAGE. */
static bool take_own(struct request *request, const char *argument, int *ret_status)
{
    static const char colour[] = "--color=", baseline[] = "--baseline=", db[] = "--db=";
    const struct {
        const char *name;
        bool *flag;
    } flags[] = { { "--exec", &request->exec }, { "--keep", &request->keep },       { "--quiet", &request->quiet },
                  { "-q", &request->quiet },    { "--verbose", &request->verbose }, { "-v", &request->verbose } };

    *ret_status = 0;
    for (size_t i = 0; i < LV_ARRAY_SIZE(flags); i++) {
        if (strcmp(argument, flags[i].name) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    if (strncmp(argument, baseline, sizeof(baseline) - 1) == 0) {
        request->baseline_path = argument + sizeof(baseline) - 1;
        return true;
    }
    if (strncmp(argument, db, sizeof(db) - 1) == 0) {
        request->db = argument + sizeof(db) - 1;
        return true;
    }
    if (strncmp(argument, colour, sizeof(colour) - 1) != 0)
        return false;
    if (!cli_when_of(argument + sizeof(colour) - 1, &request->colours))
        *ret_status = cli_usage_error(&cli_run, "--color takes auto, always or never");
    return true;
}

/* Returns where the program's name is, or 0 with *ret_status. */
static int take_arguments(struct request *request, int argc, char **argv, int *ret_status)
{
    int at = 1;

    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (!take_own(request, argv[at], ret_status))
            *ret_status = cli_options_take(&request->options, "run", argv[at]);
        if (*ret_status != 0)
            return 0;
    }
    if (at == argc) {
        *ret_status = cli_usage_error(&cli_run, "the program is missing");
        return 0;
    }
    return at;
}

/* What no user says, so that it shows whether he said something. */
static const char unsaid[] = "\001";

static struct settled settle(const char *options)
{
    char complaints[4096], *all = cli_options_value(getenv("LOCKVAL_OPTIONS"), options != NULL ? options : "");
    struct settled settled = { .has_record = false };
    struct lv_text text;

    lv_text_init(&text, complaints, sizeof(complaints)); /* the library will say them */
    lv_options_default(&settled.options);
    memcpy(settled.options.record, unsaid, sizeof(unsaid));
    memcpy(settled.options.log, unsaid, sizeof(unsaid));
    memcpy(settled.options.commit, unsaid, sizeof(unsaid));
    lv_options_parse(&settled.options, all, &text);
    settled.has_record = strcmp(settled.options.record, unsaid) != 0;
    settled.has_log = strcmp(settled.options.log, unsaid) != 0;
    settled.has_commit = strcmp(settled.options.commit, unsaid) != 0;
    free(all);
    return settled;
}

/* ---- the program ---- */

/* Say what keeps the library out of the program. It is run all the same: what it starts may be watched. */
static enum cli_target look(const char *program)
{
    char *path;
    enum cli_target found = cli_target_look(program, &path);

    switch (found) {
    case CLI_TARGET_STATIC:
        cli_complain("%s is linked statically: it runs, and is not watched", path);
        break;
    case CLI_TARGET_PRIVILEGED:
        cli_complain("%s runs with more rights than its caller's, so nothing can be preloaded: it is not watched",
                     path);
        break;
    case CLI_TARGET_FOREIGN:
        cli_complain("%s is of another architecture than the library: it is not watched", path);
        break;
    case CLI_TARGET_FINE:
        break;
    }
    free(path);
    return found;
}

static int cannot_run(const char *name, int error)
{
    if (error > 0)
        cli_complain("cannot run %s: %s", name, strerror(error));
    return error == ENOENT ? CLI_NOT_FOUND : CLI_CANNOT_RUN;
}

/* The options that were given, and what the environment says of the run, where nobody else did. Null: none. */
static char *given_options(const struct run *run)
{
    char *options = run->request->options != NULL ? cli_strdup(run->request->options) : NULL;
    const char *commit = run->settled.has_commit ? NULL : run_commit();

    if (commit != NULL)
        (void)cli_options_add(&options, "commit", commit);
    return options;
}

/* As execvp(), which gives what the kernel does not know to the shell, but only texts. */
static int become(const struct run *run)
{
    char *options = given_options(run);
    bool set = cli_preload_environment(run->how.library, options);
    int error;

    free(options);
    if (!set)
        return CLI_CANNOT_RUN;
    (void)execv(run->how.path, run->how.argv);
    error = errno;
    if (error == ENOEXEC && run->how.shell) {
        (void)execvp(run->how.name, run->how.argv);
        error = errno;
    }
    return cannot_run(run->how.name, error);
}

/* ---- the record ---- */

/* Percent signs mean something in the option. */
static char *escape(const char *path)
{
    char *text = cli_alloc(2 * strlen(path) + 1, 1), *to = text;

    for (; *path != '\0'; path++) {
        if (*path == '%')
            *to++ = '%';
        *to++ = *path;
    }
    return text;
}

/* Which run it is, unlike any other on this machine. */
static char *new_id(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return cli_printf("%d-%llx", (int)getpid(),
                      (unsigned long long)now.tv_sec * 1000000000 + (unsigned long long)now.tv_nsec);
}

static void fall_back(const char *why)
{
    cli_complain("no record can be made, so the library prints what it finds, without lines: %s", why);
}

/* The user's own record, which others may write into, too. */
static void use_given(struct run *run, const char *id)
{
    const char *given = run->settled.options.record;

    if (*given == '\0' || strcmp(given, "none") == 0)
        return;
    run->back = run_back_open(given, false, run->settled.has_log ? NULL : id);
    if (run->back == NULL) {
        cli_complain("%s is no file that can be read back, so the library prints what it finds, without lines", given);
    } else if (!run_back_make(run->back)) {
        cli_complain("%s: %s: the library prints what it finds, without lines", given, strerror(errno));
        run_back_close(run->back);
        run->back = NULL;
    }
}

static void make_own(struct run *run, char **options)
{
    char *why = NULL, *pattern;

    run->record = run_place_make(run->how.name, run->program.pid, &why);
    if (run->record == NULL) {
        fall_back(why);
        free(why);
        return;
    }
    pattern = escape(run->record);
    if (strlen(pattern) < LV_OPTION_PATH_MAX && cli_options_add(options, "record", pattern)) {
        run->back = run_back_open(pattern, true, NULL);
    } else {
        fall_back("the path of its folder is too long, or of strange characters");
        (void)unlink(run->record);
        free(run->record);
        run->record = NULL;
    }
    free(pattern);
}

/* Where what is found goes, and the options that say so. */
static char *prepare(struct run *run)
{
    char *options = given_options(run), *id = new_id();

    if (run->settled.has_record)
        use_given(run, id);
    else
        make_own(run, &options);
    /* Whoever asks for the library's reports gets them from it. */
    if (run->back != NULL && !run->settled.has_log)
        (void)cli_options_add(&options, "told_by", id);
    /* Whether a finding is known, and so counts, is seen when the program has ended. */
    if (run->back != NULL && run->baseline != NULL)
        (void)cli_options_add(&options, "exitcode", "0");
    free(id);
    return options != NULL ? options : cli_strdup("");
}

/* ---- while it runs, and afterwards ---- */

/* What is in the record by now. */
static struct rec_set *read_back(struct run *run)
{
    struct rec_set *set = run_back_read(run->back);
    size_t count;
    struct rec_finding **findings;

    if (run->baseline == NULL)
        return set;
    findings = rec_sorted_findings(set, &count);
    run->score = baseline_apply(run->baseline, findings, count, set->books->pool);
    free(findings);
    return set;
}

static void tell_now(struct run *run, bool deadlocks)
{
    struct rec_set *set = read_back(run);

    run_tell_now(&run->tell, set, deadlocks);
    rec_close(set);
}

/* Are there more threads that are stuck than @known? */
static void look_for_deadlocks(struct run *run, size_t *known)
{
    const struct run_seen seen = run_back_look(run->back);

    if (seen.deadlocks > *known)
        tell_now(run, true);
    *known = seen.deadlocks;
}

/* A program that ends soon is not watched meanwhile: whatever there is, is told at once. */
static void follow(struct run *run)
{
    bool watched = run->back == NULL, pause = !watched;
    size_t deadlocks = 0;
    int fd = -1;

    for (;;) {
        switch (run_program_wait(&run->program, pause ? -1 : fd, pause ? PAUSE_MS : -1)) {
        case RUN_ENDED:
            return;
        case RUN_TIMEOUT:
            pause = false;
            if (watched)
                break;
            fd = run_back_watch(run->back);
            watched = true;
            look_for_deadlocks(run, &deadlocks);
            break;
        case RUN_READABLE:
            look_for_deadlocks(run, &deadlocks);
            pause = true;
            break;
        case RUN_INTERRUPTED:
            if (run->back != NULL && run_back_look(run->back).findings != 0)
                tell_now(run, false);
            break;
        }
    }
}

/* Has a process a finding that counts? */
static bool counts(const struct rec_set *set)
{
    for (size_t i = 0; i < set->process_count; i++)
        for (size_t j = 0; j < set->processes[i]->finding_count; j++)
            if (set->processes[i]->findings[j]->counts)
                return true;
    return false;
}

static void put_statistics(const struct rec_set *set)
{
    for (size_t i = 0; i < set->process_count; i++) {
        const struct rec_process *process = set->processes[i];

        if (process->has_meta)
            (void)fprintf(stderr, "  %s[%lld]: %zu classes, %zu edges, %zu threads, %zu findings%s\n", process->program,
                          (long long)process->pid, process->class_count, process->edge_count, process->thread_count,
                          process->finding_count, process->end == NULL ? ", no end" : "");
    }
}

/* Can the store be used? It is made if it is not there, and left alone while the program runs. */
static bool try_store(const char *path)
{
    struct db *db = db_open(path, DB_PATIENCE_MS);

    db_close(db);
    return db != NULL;
}

/* Add what the processes of the run wrote. Returns false after a complaint. */
static bool add_to_store(const struct run *run)
{
    static const struct db_labels none = { 0 };
    struct db *db = db_open(run->request->db, DB_PATIENCE_MS);
    struct db_added added = { 0 };
    struct rec_set *set;
    bool good;

    if (db == NULL)
        return false;
    set = run_back_read(run->back);
    good = db_add(db, set, &none, &added);
    rec_close(set);
    db_close(db);
    return good;
}

/* Tell what is in the record. Returns whether a finding counts. */
static bool tell(struct run *run)
{
    const struct run_seen seen = run_back_look(run->back);
    const struct lv_options *options = &run->settled.options;
    bool keep = run->record == NULL || run->request->keep || options->lock_stat, counted = false;
    char *names = run_back_names(run->back);
    bool stored = run->request->db == NULL || add_to_store(run);

    keep |= !stored;
    if (seen.findings != 0 || run->request->verbose) {
        struct rec_set *set = read_back(run);

        keep |= run_tell_count(set) != 0;
        run_tell_all(&run->tell, set, keep ? names : NULL);
        if (run->request->verbose)
            put_statistics(set);
        counted = counts(set);
        rec_close(set);
        if (run->baseline != NULL)
            baseline_say_known(run->baseline, run->score, stderr);
    }
    if (seen.processes == 0 && run->target == CLI_TARGET_FINE && !WIFSIGNALED(run->program.status))
        cli_complain("nothing was recorded: no process of %s loaded the library, or none could write", run->how.name);
    else if (options->lock_stat && run->record != NULL)
        cli_complain("the statistics of locks are in the record: %s", names);
    if (!stored)
        cli_complain("the run is not in the store; its record stays, for lockval db add: %s", names);
    if (!keep)
        run_back_delete(run->back);
    run_back_delete_empty(run->back);
    free(names);
    return counted;
}

static int stay(struct run *run)
{
    bool counted = false;
    char *options;
    int error, status;

    if (!run_program_begin(&run->program, &run->how))
        return CLI_CANNOT_RUN;
    options = prepare(run);
    error = run_program_go(&run->program, options);
    free(options);
    if (error != 0) {
        if (run->back != NULL)
            run_back_delete_empty(run->back);
        if (run->record != NULL)
            (void)unlink(run->record);
        return cannot_run(run->how.name, error);
    }
    follow(run);
    run_program_leave();
    if (run->back != NULL)
        counted = tell(run);
    else if (run->request->db != NULL)
        cli_complain("no record can be read back, so nothing of the run is in %s", run->request->db);
    status = run_program_end(&run->program);
    return counted && (status == 0 || run->baseline != NULL) ? run->settled.options.exitcode : status;
}

static int run_one(const struct request *request, char **argv)
{
    struct run run = { .request = request, .settled = settle(request->options) };
    char *library = cli_library_path(), *path;
    int status;

    if (library == NULL)
        return CLI_CANNOT_RUN;
    if (request->db != NULL && !try_store(request->db)) {
        free(library);
        return CLI_CANNOT_RUN;
    }
    if (request->baseline_path != NULL && (run.baseline = baseline_read(request->baseline_path, false)) == NULL) {
        free(library);
        return CLI_CANNOT_RUN;
    }
    path = cli_target_find(argv[0]);
    if (path == NULL) {
        baseline_close(run.baseline);
        free(library);
        return cannot_run(argv[0], ENOENT);
    }
    run.target = look(path);
    run.how = (struct run_how){ path, argv[0], argv, run.target != CLI_TARGET_FOREIGN, library };
    run.tell.style.colours = cli_colours(request->colours, STDERR_FILENO);
    run.tell.style.notes = run.tell.style.frames = request->verbose;
    run.tell.quiet = request->quiet;
    run.tell.printed = run.settled.has_log && strcmp(run.settled.options.log, "stderr") == 0;
    if (request->quiet)
        cli_progress_quiet();
    status = request->exec ? become(&run) : stay(&run);
    run_tell_close(&run.tell);
    run_back_close(run.back);
    baseline_close(run.baseline);
    free(run.record);
    free(path);
    free(library);
    return status;
}

static int run(int argc, char **argv)
{
    struct request request = { .colours = CLI_AUTO };
    int status = 0, at = take_arguments(&request, argc, argv, &status);

    if (at != 0 && request.exec && (request.baseline_path != NULL || request.db != NULL)) {
        status = cli_usage_error(&cli_run, "%s needs a command that stays, and --exec has none",
                                 request.db != NULL ? "--db" : "--baseline");
        at = 0;
    }
    if (at != 0)
        status = run_one(&request, argv + at);
    free(request.options);
    return status;
}

const struct cli_command cli_run = {
    .name = "run",
    .arguments = "[OPTION ...] [--KEY=VALUE ...] [--] PROGRAM [ARGUMENT ...]",
    .summary = "run a program under the library, and say what it found",
    .help =
        "Runs the program with the library preloaded, and prints what was found in it, and in what it started, when "
        "it\n"
        "has ended: reports on stderr, with files and lines. Threads that are stuck are reported at once. What is in\n"
        "LD_PRELOAD and LOCKVAL_OPTIONS stays; options given here come behind, so they hold. A program that the "
        "library\n"
        "cannot be loaded into (linked statically, set-uid, of another architecture) is named, and runs.\n\n"
        "  -q, --quiet           a line for each finding, no reports\n"
        "  -v, --verbose         notes in full (findings that are guarded), every frame, and what was seen\n"
        "      --color=WHEN      auto (on a terminal, if NO_COLOR is not set), always, never\n"
        "      --db=STORE        add the run to a store when it ends (lockval help db); made if it is not there\n"
        "      --keep            keep the record, though nothing was found\n"
        "      --baseline=FILE   findings that this file has do not count (lockval help baseline)\n"
        "      --exec            become the program: the library prints its own reports as they are made\n\n"
        "The program is a child, with the command's input, output, terminal and process group; signals are passed on, "
        "and\n"
        "the command ends as the program ended. The exit status is 66 after a finding of the program that counts, and "
        "if it\n"
        "would have been 0, after one of any process of the run that had ended by then; 127 if there is no such "
        "program, 126 if it cannot be "
        "run, 2 if\n"
        "an option is not known.\n\n"
        "Without --record the record is in $XDG_RUNTIME_DIR/lockval, or lockval-UID in $TMPDIR or /tmp, and goes if "
        "nothing\n"
        "was found. With --log the library prints its own reports there, too.\n\n",
    .more_help = cli_options_print,
    .run = run,
};
