/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/typist.h"

#include <string.h>

#include "emu/honest_internal.h"
#include "emu/machine_internal.h"

void machine_typist_set(struct machine *machine, const struct typist_source *source,
                        const char *after)
{
    machine->typist.source = *source;
    machine->typist.after = g_strdup(after);
}

bool typist_is_live(const struct machine *machine)
{
    return machine->typist.source.live && !machine->typist.ended;
}

bool console_search(const struct machine *machine, const char *text, size_t *searched_bytes)
{
    const GString *console = machine->console;
    size_t length = strlen(text);
    if (console->len == *searched_bytes)
        return false;
    /* It may have begun in what was searched before. */
    size_t from = *searched_bytes >= length ? *searched_bytes - length + 1 : 0;
    *searched_bytes = console->len;
    return strstr(console->str + from, text) != NULL;
}

static bool is_started(struct machine *machine)
{
    struct typist *typist = &machine->typist;
    if (!typist->started)
        typist->started =
            typist->after ? console_search(machine, typist->after, &typist->searched_bytes)
                          : uart_listens(&machine->uart);
    return typist->started;
}

static void turn_count(struct machine *machine)
{
    struct typist *typist = &machine->typist;
    uint64_t events = trace_count(machine->trace);
    if (events != typist->seen_events)
        typist->turns = 0;
    typist->seen_events = events;
    if (typist->turns < UINT32_MAX)
        typist->turns++;
}

/* Whose clock says what time it is: while nobody runs, the one that is furthest. */
static uint32_t clock_owner(const struct machine *machine, bool idle)
{
    uint32_t latest = 0;
    for (uint32_t cpu = 1; cpu < machine->cpus; cpu++)
        if (machine->processor[cpu].clock.cycles > machine->processor[latest].clock.cycles)
            latest = cpu;
    return idle ? latest : machine->last_cpu;
}

static void end_emit(struct machine *machine)
{
    struct event event = {.console = {.port = UART_PORT, .input = machine->typist.turns}};
    machine->typist.ended = true;
    machine_emit(machine, EVENT_CONSOLE, ACTOR_RUN, &event);
}

bool typist_work(struct machine *machine, uint64_t idle_cycles)
{
    struct typist *typist = &machine->typist;
    if (typist->source.take == NULL || typist->ended)
        return false;
    turn_count(machine);
    bool started = is_started(machine) && typist->turns != UINT32_MAX;
    uint32_t owner = clock_owner(machine, idle_cycles != 0);
    uint64_t *clock_cycles = &machine->processor[owner].clock.cycles;
    const struct typist_turn turn = {
        .seq = typist->seen_events + 1,
        .nth = typist->turns,
        .room = started ? (uint32_t)MIN(uart_room(&machine->uart), EVENT_TEXT_BYTES) : 0,
        .time = *clock_cycles,
        .idle_cycles = started ? idle_cycles : 0,
    };
    struct typist_answer answer = {0};
    typist->source.take(typist->source.user, &turn, &answer);
    size_t length = MIN(answer.length, turn.room);
    if (!started || (length == 0 && !answer.ends))
        return false;
    machine->acting_cpu = (int32_t)owner;
    *clock_cycles += MIN(answer.passed_cycles, turn.idle_cycles);
    if (length > 0)
        device_type(machine, ACTOR_RUN, typist->turns, answer.bytes, length);
    else
        end_emit(machine);
    return true;
}

static void text_take(void *user, const struct typist_turn *turn, struct typist_answer *answer)
{
    struct typist_text *text = user;
    answer->length = (uint32_t)MIN(turn->room, text->length - text->typed);
    memcpy(answer->bytes, text->bytes + text->typed, answer->length);
    text->typed += answer->length;
    answer->ends = text->typed == text->length;
}

struct typist_source typist_text_source(struct typist_text *text)
{
    return (struct typist_source){.user = text, .take = text_take};
}
