/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The insides of a script, shared by the files emu/script*.c. None of them knows the machine's
 * insides: the machine is reached by its public headers only (a test looks at the includes).
 */
#ifndef PROVA_EMU_SCRIPT_INTERNAL_H
#define PROVA_EMU_SCRIPT_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "emu/error.h"
#include "emu/honest.h"
#include "emu/script.h"

/* Why no more Lua code may run. Once set it stays, and no pcall() can swallow it. */
enum script_stop {
    SCRIPT_STOP_NONE,
    SCRIPT_STOP_INSNS,
    SCRIPT_STOP_MEMORY,
    SCRIPT_STOP_INTERRUPTED,
    SCRIPT_STOP_ENDED, /* the script ended the run itself, or a limit of the machine did */
};

enum {
    SCRIPT_HOOK_INSNS = 1000,   /* the count hook's period, and the price of a resume */
    SCRIPT_BYTES_PER_INSN = 16, /* work on memory is paid in instructions */
    SCRIPT_TRIGGERS_MAX = 1024,
    SCRIPT_REFUSALS_MAX = 64, /* VMRUNs refused in a row on one processor */
};

/* Why vcpu:park() comes back. */
enum script_park { PARK_STAYS, PARK_RESUMED, PARK_EXITS, PARK_ALONE };

/* The hypervisor's program on one processor: a coroutine. */
struct script_cpu {
    lua_State *co;     /* anchored in the registry; NULL before the first step */
    bool waiting;      /* in vcpu:run() */
    bool parked;       /* in vcpu:park() */
    enum script_park park_end;
    uint64_t park_exits; /* of other processors that still have to come; 0: any number */
    bool honest;       /* hypervisor() has returned or there is none */
    uint64_t vmsa_spa; /* what vcpu:run{vmsa=} asks for, 0: what the honest hypervisor would run */
    uint32_t refusals; /* VMRUNs refused in a row */
    uint64_t exit_serial; /* of the exit at hand: earlier ones cannot be answered any more */
    bool exit_answered;
    struct hv_exit exit;
};

/* at{...}(function): what to wait for. The fields that do not apply say "any". */
struct script_trigger {
    uint8_t event;    /* place in the table of events, script_at.c */
    uint32_t visible; /* enum vcpu_visible; 0: an exit */
    int cpu;          /* -1: any */
    int exit_kind;    /* enum hv_exit_kind; -1: any */
    uint64_t nth;     /* 0: every time */
    uint64_t gpa;     /* page; UINT64_MAX: any */
    uint64_t spa;     /* page; UINT64_MAX: any */
    uint64_t rip;     /* instruction */
    bool guest;       /* instruction: of VMPL 1 to 3 */
    uint8_t insn;     /* behind an RMP instruction: enum rmp_insn; 0: any that changed an entry */
    bool ghcb;        /* shared: the page is the GHCB that the processor's VMPL has registered */
    uint32_t low, high; /* shared: bytes of the page, high excluded; 0: first access of a slice */
    uint64_t seen;
    int function; /* registry reference; LUA_NOREF: none asked for yet */
};

struct script {
    lua_State *lua;
    lua_State *chunk; /* the thread of the file's top level */
    bool scenario_given;
    struct scenario scenario;
    char *text; /* the source, for finding lines */
    struct machine *machine;
    script_log_fn *log;
    void *log_user;

    struct script_limits limits;
    uint64_t insns_used;
    size_t memory_used;
    bool memory_refused; /* the last request was refused once: the next refusal is final */
    enum script_stop stop;
    const volatile int *interrupted;
    uint64_t limit_events;
    uint64_t debug_spa; /* where the firmware puts plaintext, 0: no page yet */

    uint64_t random_state;
    struct script_cpu cpu[MACHINE_CPUS_MAX];
    struct script_trigger *triggers;
    uint32_t triggers_count;
    uint32_t visible_kinds;    /* that some trigger waits for */
    bool exits_wanted;         /* by some trigger */
    bool ghcbs_watched;        /* by some trigger */
    uint32_t triggers_unbound; /* at{...} that got no function yet */
    int unbound_line;          /* of the first of them */
};

struct script *script_of(lua_State *lua);

/* script_guard.c: limits, and the functions that could swallow their errors. */
void *guard_alloc(void *user, void *block, size_t old_bytes, size_t new_bytes);
void guard_install(lua_State *lua);
/* Pays for work that the count hook does not see; raises the limit error. */
void script_charge(lua_State *lua, uint64_t insns);
/* Raises the error that ends all Lua code of the script. */
int script_stop_raise(lua_State *lua, enum script_stop stop);
/* pcall, xpcall and the coroutine library. */
void guard_open(lua_State *lua);
/* Field `name` of the table at the top becomes a closure of wrapper over it and its name. */
void script_library_wrap(lua_State *lua, const char *name, lua_CFunction wrapper);
/* In such a closure: calls the library's function with all arguments; its errors name the line. */
int script_library_call(lua_State *lua);

/* script_base.c: the sandbox. */
int script_sandbox_open(lua_State *lua);         /* lua_CFunction; builds all globals */
void script_tostring(lua_State *lua, int index); /* pushes a string without addresses */
uint64_t script_random(struct script *script);

/* script_order.c: next() and pairs() in a fixed order. */
void order_open(lua_State *lua);

/* script_text.c: string and table functions that could run long or show addresses. */
void text_open(lua_State *lua);

/* script_config.c, script_expect.c: scenario{...}. */
void config_open(lua_State *lua);
void expect_read(lua_State *lua, int index, struct scenario *scenario);
void expects_clear(struct scenario *scenario);
void scenario_clear(struct scenario *scenario);
/* Raises: path:line of the field: message. */
int script_field_error(lua_State *lua, const char *field, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* script_launch.c: the fields of scenario{...} that are lies of the launch. */
void launch_read_map(lua_State *lua, struct scenario *scenario, const char *field);
void launch_read_apic_ids(lua_State *lua, struct scenario *scenario, const char *field);
void launch_read_cpuid(lua_State *lua, struct scenario *scenario, const char *field);
void launch_read_launch(lua_State *lua, struct scenario *scenario, const char *field);
/* script_hw.c: hardware_bugs, and the table hw if there are any. */
void hw_read_bugs(lua_State *lua, struct scenario *scenario, const char *field);
void hw_open(lua_State *lua, uint32_t bugs);
/* A string or an array of strings at the index -> NULL-terminated copy; raises if it is neither. */
char **script_strings(lua_State *lua, int index, const char *field);

/* What RMPREAD says of an entry, as a table. */
void script_rmp_push(lua_State *lua, const struct rmp_operand *entry);
/* script_hv.c, script_exit.c, script_program.c, script_trigger.c: the machine's side. */
void hv_open(lua_State *lua);
void interrupt_open(lua_State *lua); /* script_interrupt.c: into the table at the top */
void console_open(lua_State *lua);   /* script_console.c: likewise */
void exit_open(lua_State *lua);
void answer_open(lua_State *lua); /* script_answer.c: into the table at the top */
void ghcb_open(lua_State *lua);   /* script_ghcb.c: likewise */
/* Offset of a field that a GHCB object has; raises if there is none of the name at the index. */
uint32_t script_ghcb_offset(lua_State *lua, int index);
/* The GHCB object of a page of shared memory. */
void script_ghcb_push(lua_State *lua, uint64_t spa);
void program_open(lua_State *lua);
void at_open(lua_State *lua); /* script_at.c */
const char *trigger_event_name(uint8_t event);
/* Ends the run because of what the thread died of; pops nothing. */
void script_thread_failed(struct script *script, lua_State *thread, int status);
/* Calls a C function with one pointer; an error ends the run. */
bool script_protected_do(struct script *script, lua_CFunction function, void *argument);
/* A hv_program's visible(). */
void trigger_visible(void *user, struct machine *machine, uint32_t index,
                     const struct vcpu_exit *operation);
/* Where the guest has its GHCBs is learnt from its exits. */
void trigger_ghcbs_learn(struct script *script, const struct hv_exit *exit);
/* Calls the triggers that wait for this exit; false: the run has ended. */
bool trigger_exit(struct script *script, const struct hv_exit *exit);
void script_exit_push(lua_State *lua, const struct hv_exit *exit, uint64_t serial);
#define EXIT_SERIAL_TRIGGER UINT64_MAX /* of the object that a trigger gets: not to be answered */
/* The page that an exit is about; false: none. */
bool script_exit_gpa(const struct hv_exit *exit, uint64_t *gpa);
/* The place of the name at the index in names (ends with NULL), or an error. */
int script_name_find(lua_State *lua, int index, const char *what, const char *const *names);
void script_type_make(lua_State *lua, const char *name, const luaL_Reg *functions);
/* The struct behind an exit object that can still be answered; raises otherwise. */
struct script_cpu *script_exit_answer(lua_State *lua, int index);

/* script_args.c */
struct machine *script_machine(lua_State *lua); /* raises if there is none */
uint32_t script_arg_cpu(lua_State *lua, int index);
uint64_t script_arg_address(lua_State *lua, int index, const char *what);
enum page_size script_arg_size(lua_State *lua, int index);
/* Every key of the table is one of names (ends with NULL), or an error that names the nearest. */
void script_fields_check(lua_State *lua, int index, const char *what, const char *const *names);
void script_program_set(struct script *script);

/* script.c: the error at the top of a thread that died -> one line of text; g_free() it. */
char *script_error_text(struct script *script, lua_State *lua, int status);

#endif
