/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/background.h"

#include <string.h>

#include "emu/error.h"
#include "emu/script.h"

static const struct {
    const char *name;
    enum background_kind kind;
} kinds_known[] = {
    {"park-at-fault", BACKGROUND_PARK_AT_FAULT},
    {"response-fuzz", BACKGROUND_RESPONSE_FUZZ},
};

/* SplitMix64, apart from the schedule's and the script's numbers. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t background_draw(struct background *background, uint32_t limit)
{
    return (uint32_t)((random_next(&background->random) >> 32) * limit >> 32);
}

bool background_chance(struct background *background, uint32_t odds)
{
    return background_draw(background, odds) == 0;
}

static void inner_step(struct background *background, struct machine *machine, uint32_t cpu,
                       const struct hv_exit *exit)
{
    if (background->inner.step != NULL)
        background->inner.step(background->inner.user, machine, cpu, exit);
    else
        machine_step_honest(machine, cpu, exit);
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct background *background = user;
    bool parks = background->kinds & BACKGROUND_PARK_AT_FAULT;
    if (parks && !park_before_step(background, machine, cpu, &exit))
        return;
    inner_step(background, machine, cpu, exit);
    if (parks)
        park_after_step(background, machine, cpu);
    if (background->kinds & BACKGROUND_RESPONSE_FUZZ && exit != NULL)
        fuzz_after_step(background, machine, exit);
}

static uint32_t inner_kinds(const struct background *background)
{
    if (background->inner.visible == NULL)
        return 0;
    return background->inner.visible_kinds ? background->inner.visible_kinds : VISIBLE_ALL;
}

static void visible(void *user, struct machine *machine, uint32_t cpu,
                    const struct vcpu_exit *operation)
{
    struct background *background = user;
    if (inner_kinds(background) & (uint32_t)operation->visible)
        background->inner.visible(background->inner.user, machine, cpu, operation);
    if (machine_end_reason(machine) == RUN_END_NONE)
        park_visible(background, machine, cpu, operation);
}

static bool idle(void *user, struct machine *machine)
{
    struct background *background = user;
    if (park_idle(background, machine))
        return true;
    return background->inner.idle != NULL &&
           background->inner.idle(background->inner.user, machine);
}

void background_start(struct background *background, struct machine *machine, uint32_t kinds,
                      uint64_t seed)
{
    enum { PARK_VISIBLE = VISIBLE_PVALIDATE | VISIBLE_RMPADJUST | VISIBLE_RMPQUERY |
                          VISIBLE_SHARED_READ | VISIBLE_SHARED_WRITE | VISIBLE_VMGEXIT };
    *background = (struct background){
        .kinds = kinds,
        .inner = *machine_program(machine),
        .random = seed ^ UINT64_C(0x6261636b67726f75),
    };
    struct hv_program program = {.user = background, .step = step, .idle = idle};
    program.visible_kinds = inner_kinds(background);
    if (kinds & BACKGROUND_PARK_AT_FAULT)
        program.visible_kinds |= PARK_VISIBLE;
    if (program.visible_kinds != 0)
        program.visible = visible;
    park_start(background);
    fuzz_start(background);
    machine_program_set(machine, &program);
}

bool background_parse(const char *list, uint32_t *kinds, GError **error)
{
    const char *names[G_N_ELEMENTS(kinds_known) + 1] = {NULL};
    char **words = g_strsplit(list, ",", -1);
    bool fine = words[0] != NULL;
    *kinds = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds_known); i++)
        names[i] = kinds_known[i].name;
    for (char **word = words; fine && *word != NULL; word++) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(kinds_known) && strcmp(*word, kinds_known[i].name) != 0)
            i++;
        fine = i < G_N_ELEMENTS(kinds_known);
        if (fine)
            *kinds |= (uint32_t)kinds_known[i].kind;
        if (fine)
            continue;
        const char *nearest = script_nearest(*word, names);
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "no background '%s'%s%s%s (there are park-at-fault and response-fuzz)", *word,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "",
                    nearest ? "'?" : "");
    }
    if (words[0] == NULL)
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "the background has no name (there are park-at-fault and response-fuzz)");
    g_strfreev(words);
    return fine;
}

char *background_names(uint32_t kinds)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds_known); i++)
        if (kinds & (uint32_t)kinds_known[i].kind)
            g_string_append_printf(text, "%s%s", text->len ? "," : "", kinds_known[i].name);
    return g_string_free(text, FALSE);
}
