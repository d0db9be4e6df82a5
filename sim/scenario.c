/* SPDX-License-Identifier: MIT */
/*
 * scenario.c: the part of mm_sim and hotplug_sim that is about being a program. Owns no data.
 *
 * A command line is either right or refused: an option that the chosen scenario would ignore is an
 * error too, so that nobody believes to have tested something with it.
 */
#include "scenario.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <urcu/urcu-memb.h>

#include "kernel/kthread.h"
#include "kernel/percpu.h"

#define EXIT_USAGE 2

enum option_number {
    OPTION_HELP,
    OPTION_LIST,
    OPTION_CPUS,
    OPTION_SECONDS,
    OPTION_SEED,
    OPTION_PAGES,
    OPTION_ORDER,
    OPTION_FREEZER,
    OPTION_HOTPLUG,
    OPTION_FOREVER
};

/* One row an option. @takes is 0 for those that every scenario takes. */
static const struct {
    const char *name;
    const char *value; /* its name in the help; null when it takes none */
    unsigned takes;
    const char *help;
} option_table[] = {
    [OPTION_HELP] = { "help", NULL, 0, "print this and exit" },
    [OPTION_LIST] = { "list", NULL, 0, "print each scenario, what lockval says of it, and what runs; then exit" },
    [OPTION_CPUS] = { "cpus", "N", 0, "simulate N CPUs, at most 64 (default 4)" },
    [OPTION_SECONDS] = { "seconds", "N", SIM_TAKES_SECONDS, "run for N seconds (default 5)" },
    [OPTION_SEED] = { "seed", "N", SIM_TAKES_SEED, "start the random numbers at N (default 1)" },
    [OPTION_PAGES] = { "pages", "N", SIM_TAKES_PAGES, "give the machine N pages, 64 or more (default 4096)" },
    [OPTION_ORDER] = { "order", "P", SIM_TAKES_ORDER,
                       "run the three call chains in the order P, such as 312, or only some, such as 2" },
    [OPTION_FREEZER] = { "freezer", NULL, SIM_TAKES_WRITERS,
                         "somebody freezes devtmpfs meanwhile, so that it can hang" },
    [OPTION_HOTPLUG] = { "hotplug", NULL, SIM_TAKES_WRITERS,
                         "somebody brings up a CPU meanwhile, which it takes, too" },
    [OPTION_FOREVER] = { "forever", NULL, SIM_TAKES_FOREVER, "stay hung, without lockval, too" },
};

#define NR_OPTIONS (sizeof(option_table) / sizeof(option_table[0]))

/* ---- help ------------------------------------------------------------------------------------ */

/* Returns: the bits of all that any scenario of @program takes. */
static unsigned all_takes(const struct sim_program *program)
{
    unsigned takes = 0;

    for (size_t i = 0; i < program->nr_scenarios; i++)
        takes |= program->scenarios[i].takes;
    return takes;
}

static void print_list(const struct sim_program *program)
{
    for (size_t i = 0; i < program->nr_scenarios; i++) {
        const struct scenario *scenario = &program->scenarios[i];

        printf("%-15s %-17s %s\n", scenario->name, scenario->expected, scenario->runs);
    }
}

static void print_help(const struct sim_program *program)
{
    unsigned takes = all_takes(program);

    printf("usage: %s [OPTION]... [SCENARIO]\n\n%s\n\noptions:\n", program->name, program->purpose);
    for (size_t i = 0; i < NR_OPTIONS; i++) {
        char left[32];

        if (option_table[i].takes && !(option_table[i].takes & takes))
            continue;
        snprintf(left, sizeof(left), "--%s %s", option_table[i].name,
                 option_table[i].value ? option_table[i].value : "");
        printf("  %-14s %s\n", left, option_table[i].help);
    }
    printf("\nscenarios, the first is the default; beside each what lockval says of it:\n");
    print_list(program);
    printf("\nexit status: 0 the scenario went as it should, 1 it did not, 2 the command line is wrong;\n"
           "under lockval its own status (66) when there are findings\n");
}

/* ---- parsing --------------------------------------------------------------------------------- */

/* Returns: whether @text is a decimal number from @low to @high. */
static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number)
{
    unsigned long long number;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno || *end || number < low || number > high)
        return false;
    *ret_number = number;
    return true;
}

/* Returns: whether @text has one or more of the digits 1, 2 and 3, each once. */
static bool is_order_of_chains(const char *text)
{
    for (const char *chain = text; *chain != '\0'; chain++)
        if (*chain < '1' || *chain > '3' || strchr(chain + 1, *chain) != NULL)
            return false;
    return *text != '\0';
}

/* Returns: false after a message when @text is not a value of the option. */
static bool parse_value(const struct sim_program *program, size_t option, const char *text, struct sim_options *options)
{
    uint64_t low = 0, high = UINT64_MAX, number = 0;

    switch (option) {
    case OPTION_ORDER:
        if (!is_order_of_chains(text)) {
            fprintf(stderr, "%s: --order %s: not some of 1, 2 and 3, each once\n", program->name, text);
            return false;
        }
        memcpy(options->order, text, strlen(text) + 1);
        return true;
    case OPTION_FREEZER:
        options->freezer = true;
        return true;
    case OPTION_HOTPLUG:
        options->hotplug = true;
        return true;
    case OPTION_FOREVER:
        options->forever = true;
        return true;
    case OPTION_CPUS:
        low = 1;
        high = NR_CPUS;
        break;
    case OPTION_SECONDS:
        low = 1;
        high = 86400;
        break;
    case OPTION_PAGES:
        low = 64;
        high = 1048576;
        break;
    default:
        break;
    }
    if (!parse_number(text, low, high, &number)) {
        fprintf(stderr, "%s: --%s %s: not a number from %llu to %llu\n", program->name, option_table[option].name, text,
                (unsigned long long)low, (unsigned long long)high);
        return false;
    }
    if (option == OPTION_CPUS)
        options->cpus = (unsigned)number;
    else if (option == OPTION_SECONDS)
        options->seconds = (unsigned)number;
    else if (option == OPTION_PAGES)
        options->pages = (unsigned)number;
    else
        options->seed = number;
    return true;
}

static const struct scenario *find_scenario(const struct sim_program *program, const char *name)
{
    for (size_t i = 0; i < program->nr_scenarios; i++)
        if (strcmp(program->scenarios[i].name, name) == 0)
            return &program->scenarios[i];
    fprintf(stderr, "%s: no scenario is called %s (see --list)\n", program->name, name);
    return NULL;
}

/* Do scenario and options go together? @given has bit i set for each option i on the command
 * line. */
static bool fits(const struct sim_program *program, const struct scenario *scenario, unsigned given,
                 const struct sim_options *options)
{
    for (size_t i = 0; i < NR_OPTIONS; i++) {
        if ((given >> i & 1) && option_table[i].takes && !(option_table[i].takes & scenario->takes)) {
            fprintf(stderr, "%s: the scenario %s takes no --%s\n", program->name, scenario->name, option_table[i].name);
            return false;
        }
    }
    if (options->cpus < scenario->min_cpus) {
        fprintf(stderr, "%s: --cpus %u: the scenario %s needs %u or more\n", program->name, options->cpus,
                scenario->name, scenario->min_cpus);
        return false;
    }
    return true;
}

/* What the command line asks for. */
struct command {
    const struct scenario *scenario;
    struct sim_options options;
};

/* Returns: -1 to run @ret_command, or the exit status when there is nothing to run. */
static int parse(int argc, char **argv, const struct sim_program *program, struct command *ret_command)
{
    struct option long_options[NR_OPTIONS + 1] = { 0 };
    struct command command = {
        .scenario = &program->scenarios[0],
        .options = { .cpus = 4, .seconds = 5, .seed = 1, .pages = 4096 },
    };
    unsigned given = 0;
    int option;

    for (size_t i = 0; i < NR_OPTIONS; i++) {
        long_options[i].name = option_table[i].name;
        long_options[i].has_arg = option_table[i].value ? required_argument : no_argument;
        long_options[i].val = (int)i;
    }
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == '?' || option == ':') {
            fprintf(stderr, "%s: %s: %s (see --help)\n", program->name, argv[optind - 1],
                    option == ':' ? "a value is missing" : "not an option, or not with a value");
            return EXIT_USAGE;
        }
        if (option == OPTION_HELP || option == OPTION_LIST) {
            (option == OPTION_HELP ? print_help : print_list)(program);
            return 0;
        }
        if (!parse_value(program, (size_t)option, optarg, &command.options))
            return EXIT_USAGE;
        given |= 1u << option;
    }
    if (argc - optind > 1) {
        fprintf(stderr, "%s: %s: one scenario at a time\n", program->name, argv[optind + 1]);
        return EXIT_USAGE;
    }
    if (optind < argc)
        command.scenario = find_scenario(program, argv[optind]);
    if (!command.scenario || !fits(program, command.scenario, given, &command.options))
        return EXIT_USAGE;
    *ret_command = command;
    return -1;
}

int sim_main(int argc, char **argv, const struct sim_program *program)
{
    struct command command;
    int status = parse(argc, argv, program, &command);

    if (status >= 0)
        return status;
    urcu_memb_register_thread();
    status = command.scenario->run(&command.options);
    urcu_memb_unregister_thread();
    return status;
}

/* ---- threads that take turns ----------------------------------------------------------------- */

/* One for all tasks of a call of sim_run_in_turns(). */
struct turns {
    atomic_size_t now; /* the task whose turn it is; the number of tasks when all have run */
    size_t nr_tasks;   /* constant */
};

struct turn_taker {
    const struct sim_task *task;
    struct turns *turns;
    size_t turn;
};

/* Yields at first, since most turns are short; then sleeps between looks, so that a long turn is
 * not slowed down. */
static void wait_for_turn(struct turns *turns, size_t turn)
{
    const struct timespec nap = { 0, 100 * 1000 };

    for (unsigned looks = 0; atomic_load(&turns->now) != turn; looks++) {
        if (looks < 100)
            sched_yield();
        else
            nanosleep(&nap, NULL);
    }
}

static int take_turn(void *arg)
{
    struct turn_taker *taker = arg;
    int result;

    set_current_cpu(taker->task->cpu);
    wait_for_turn(taker->turns, taker->turn);
    result = taker->task->run(taker->task->arg);
    atomic_store(&taker->turns->now, taker->turn + 1);
    wait_for_turn(taker->turns, taker->turns->nr_tasks);
    return result;
}

int sim_run_in_turns(const struct sim_task *tasks, size_t nr_tasks)
{
    struct turn_taker *takers = sim_alloc(nr_tasks, sizeof(*takers));
    struct kthread **threads = sim_alloc(nr_tasks, sizeof(*threads));
    struct turns turns = { .nr_tasks = nr_tasks };
    int first = 0;

    atomic_init(&turns.now, SIZE_MAX);
    for (size_t i = 0; i < nr_tasks; i++) {
        takers[i] = (struct turn_taker){ .task = &tasks[i], .turns = &turns, .turn = i };
        threads[i] = kthread_run(take_turn, &takers[i], "%s", tasks[i].name);
    }
    atomic_store(&turns.now, 0);
    for (size_t i = 0; i < nr_tasks; i++) {
        int result = kthread_join(threads[i]);

        if (!first)
            first = result;
    }
    free(threads);
    free(takers);
    return first;
}

/* ---- threads that begin one after another ----------------------------------------------------- */

struct late_starter {
    const struct sim_late_task *late;
    const struct late_starter *before; /* null: the first */
    unsigned limit_us;
    atomic_ullong began_ns; /* 0: not yet */
    atomic_bool ended;
};

enum {
    NAP_US = 200
};

/* Has it ended, or is it held up? */
static bool is_past(const struct late_starter *starter, bool must_end, unsigned limit_us)
{
    unsigned long long began_ns = atomic_load(&starter->began_ns);

    return atomic_load(&starter->ended) || (!must_end && began_ns && sim_clock_ns() - began_ns > limit_us * 1000ULL);
}

/* A plain atomic and naps: what one task waits for is nothing that orders their locks. */
static int start_late(void *arg)
{
    struct late_starter *starter = arg;
    const struct timespec nap = { 0, NAP_US * 1000L };
    int result;

    set_current_cpu(starter->late->task.cpu);
    while (starter->before && !is_past(starter->before, starter->late->must_wait, starter->limit_us))
        (void)nanosleep(&nap, NULL);
    atomic_store(&starter->began_ns, sim_clock_ns());
    result = starter->late->task.run(starter->late->task.arg);
    atomic_store(&starter->ended, true);
    return result;
}

int sim_run_one_by_one(const struct sim_late_task *tasks, size_t nr_tasks, unsigned limit_us)
{
    struct late_starter *starters = sim_alloc(nr_tasks, sizeof(*starters));
    struct kthread **threads = sim_alloc(nr_tasks, sizeof(*threads));
    int first = 0;

    for (size_t i = 0; i < nr_tasks; i++) {
        starters[i].late = &tasks[i];
        starters[i].before = i ? &starters[i - 1] : NULL;
        starters[i].limit_us = limit_us;
        threads[i] = kthread_run(start_late, &starters[i], "%s", tasks[i].task.name);
    }
    for (size_t i = 0; i < nr_tasks; i++) {
        int result = kthread_join(threads[i]);

        if (!first)
            first = result;
    }
    free(threads);
    free(starters);
    return first;
}

/* ---- random numbers -------------------------------------------------------------------------- */

void sim_rng_init(struct sim_rng *rng, uint64_t seed, uint64_t stream)
{
    /* Spread the bits, so that neighbouring seeds and streams start far apart; the state must not
     * be 0. */
    uint64_t mixed = seed * UINT64_C(0x9e3779b97f4a7c15) + (stream + 1) * UINT64_C(0xd1342543de82ef95);

    mixed ^= mixed >> 32;
    rng->state = mixed ? mixed : 1;
    for (int i = 0; i < 8; i++)
        sim_rng_next(rng);
}

uint64_t sim_rng_next(struct sim_rng *rng)
{
    rng->state ^= rng->state >> 12;
    rng->state ^= rng->state << 25;
    rng->state ^= rng->state >> 27;
    return rng->state * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned sim_rng_below(struct sim_rng *rng, unsigned bound)
{
    return (unsigned)((sim_rng_next(rng) >> 32) * bound >> 32);
}

/* ---- torture --------------------------------------------------------------------------------- */

void sim_sleep_seconds(unsigned seconds)
{
    struct timespec left = { (time_t)seconds, 0 };

    while (nanosleep(&left, &left) && errno == EINTR)
        ;
}

uint64_t sim_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
