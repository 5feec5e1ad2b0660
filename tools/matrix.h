/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many runs: scenarios of the library against monitors, each pair in a process of its own, and what
 * they come to together.
 *
 *   matrix_plan()   which pairs, and by what each is judged     matrix_plan.c
 *   matrix_run()    a process for each job, a few at a time     matrix_pool.c, matrix_job.c
 *   matrix_...()    table, grid, CSV, JSON, TAP, JUnit          matrix_report.c, matrix_file.c
 *
 * The order of pairs, jobs and output is the plan's, whichever process is done first.
 */
#ifndef PROVA_TOOLS_MATRIX_H
#define PROVA_TOOLS_MATRIX_H

#include "tools/run_options.h"

/* By what a pair is judged. */
enum matrix_judge {
    MATRIX_BY_ENTRY, /* the scenario's entry for this monitor */
    MATRIX_BY_RULES, /* every invariant and rule holds; how it ends is free */
    MATRIX_SURVEY,   /* what comes is shown: a defect that the scenario says nothing about */
};

struct matrix_pair {
    char *scenario; /* name in the library, or path */
    char *path;
    char *monitor;      /* as it is given to a run: name or path */
    char *monitor_name; /* by which the entry is chosen */
    enum matrix_judge judge;
    bool violation_wanted; /* the entry names rules that must be broken */
    bool outside;          /* the correct monitor breaks rules there too: nobody is caught by it */
    bool attack;           /* of attacks/ or reserve/ */
    uint64_t seed;         /* of the first of its jobs */
};

enum { MATRIX_CODE_LOST = -1, MATRIX_TEXT_BYTES = 200, MATRIX_LIST_BYTES = 1024 };

/* What a job's process says when it is done: plain, written in one piece. */
struct matrix_result {
    int code;                   /* enum run_exit, or MATRIX_CODE_LOST: the process died */
    char decides[48];           /* rule, fault or end */
    char symbol[128];           /* where the deciding event happened; "" unknown */
    char text[MATRIX_TEXT_BYTES];     /* in words */
    char violated[MATRIX_LIST_BYTES]; /* rules that were broken, by event, with commas between */
    char ends[32];
    char hash[33];
    bool unexpected; /* a rule is broken that must hold */
    bool missed;     /* a rule holds that must be broken */
    uint64_t seq; /* deciding event, 0 if none */
    uint64_t insns, events, time_cycles;
};
_Static_assert(sizeof(struct matrix_result) <= 4096, "a pipe takes it in one piece");

struct matrix {
    struct run_options options; /* of every run; scenario and monitor are the pair's */
    char *image_dir;
    bool cross;      /* every monitor, and a defect that nobody catches is an error */
    bool seed_given; /* otherwise each scenario has its own */
    uint64_t seed;
    uint64_t seeds; /* jobs of each pair */
    uint32_t jobs_at_once;
    GArray *pairs;   /* struct matrix_pair */
    GArray *results; /* struct matrix_result, pair by pair, seed by seed */
    char **monitors; /* names that occur, "default" first; NULL-terminated */
};

/*
 * patterns: of scenario names, or files; NULL: attacks and reserve. monitors: NULL: those that each
 * scenario names, or with cross every built-in one. False: error.
 */
bool matrix_plan(struct matrix *matrix, char **patterns, char **monitors, GError **error);
void matrix_clear(struct matrix *matrix);

/* A monitor that was built without a defect. */
bool matrix_monitor_is_correct(const char *name);

/* One job in this process. */
void matrix_job_run(const struct matrix *matrix, size_t job, struct matrix_result *result);

typedef void matrix_pair_done_fn(void *user, const struct matrix *matrix, size_t pair);
/* All jobs; done is called for each pair, in their order. False: interrupted or error. */
bool matrix_run(struct matrix *matrix, matrix_pair_done_fn *done, void *user, GError **error);

size_t matrix_pairs(const struct matrix *matrix);
const struct matrix_pair *matrix_pair(const struct matrix *matrix, size_t pair);
const struct matrix_result *matrix_result(const struct matrix *matrix, size_t pair, uint64_t seed);
/* The result of the pair that counts: the first that is not as wanted, else the first. */
const struct matrix_result *matrix_pair_result(const struct matrix *matrix, size_t pair,
                                               uint64_t *nth);

struct matrix_word {
    const char *text;
    enum tool_colour colour;
    bool good;
};
struct matrix_word matrix_word(const struct matrix_pair *pair, const struct matrix_result *result);

/* What all come to, as the command's exit code. */
int matrix_code(const struct matrix *matrix);

/* tools/matrix_report.c */
/* One line; with the scenario above it. */
void matrix_pair_print(const struct matrix *matrix, size_t pair, bool heading);
void matrix_grid_print(const struct matrix *matrix);
void matrix_summary_print(const struct matrix *matrix);

/* tools/matrix_file.c. One record for each job. */
void matrix_csv(const struct matrix *matrix, GString *out);
void matrix_json(const struct matrix *matrix, GString *out);
void matrix_tap(const struct matrix *matrix, GString *out);
void matrix_junit(const struct matrix *matrix, GString *out);

#endif
