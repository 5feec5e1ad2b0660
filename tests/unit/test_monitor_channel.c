/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor's firmware channel under a hypervisor that drops, repeats, delays and changes
 * messages. Whatever it does: no sequence number ever seals two different messages; after anything
 * ambiguous VMPCK0 is wiped and no message follows; nothing ends but the channel.
 */
#include <glib.h>
#include <string.h>

#include "cpu/symbols.h"
#include "emu/honest.h"
#include "emu/machine_internal.h"

enum {
    MEMORY_BYTES = 32 << 20,
    MESSAGE_SEQUENCE_AT = 0x20,
    MESSAGE_PAYLOAD_AT = 0x60,
    GHCB_VALID_AT = 0x3f0,
    GHCB_INFO_1_AT = 0x398,
    GHCB_INFO_2_AT = 0x3a0,
    EXT_REQUEST = 0x80000012,
    MESSAGES_MAX = 64,
    LIE_AT = 1, /* the message that is lied about, counted from 0 */
};

#define VMM_BUSY        (UINT64_C(2) << 32)
#define VMM_INVALID_LEN (UINT64_C(1) << 32)

struct channel_run {
    const struct lie *lie;
    unsigned exits;    /* guest requests of VMPL 0 */
    unsigned told;     /* lies */
    unsigned messages; /* different ones */
    uint8_t sent[MESSAGES_MAX][PAGE_BYTES];
    uint8_t answer[PAGE_BYTES]; /* of an honest exchange, kept */
};

struct lie {
    const char *name;
    /* True: the exit was dealt with. */
    bool (*tell)(struct machine *machine, const struct hv_exit *exit, struct channel_run *run);
    bool dead; /* the channel must be closed afterwards */
};

static void page_read(struct machine *machine, uint64_t gpa, uint8_t page[PAGE_BYTES])
{
    g_assert_cmpint(hv_read(machine, honest_spa_of(machine, gpa), page, PAGE_BYTES), ==, HV_OK);
}

static void page_write(struct machine *machine, uint64_t gpa, const uint8_t page[PAGE_BYTES])
{
    g_assert_cmpint(hv_write(machine, honest_spa_of(machine, gpa), page, PAGE_BYTES), ==, HV_OK);
}

static void answer_set(struct machine *machine, const struct hv_exit *exit, uint64_t info_1,
                       uint64_t info_2)
{
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_1_AT, &info_1, 8), ==, HV_OK);
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_INFO_2_AT, &info_2, 8), ==, HV_OK);
}

/* Keeps each message, and holds it against all before: one sequence number, one message. */
static void message_note(struct machine *machine, const struct hv_exit *exit,
                         struct channel_run *run)
{
    uint8_t page[PAGE_BYTES];
    page_read(machine, exit->nae_info1, page);
    for (unsigned i = 0; i < run->messages; i++) {
        if (memcmp(page, run->sent[i], PAGE_BYTES) == 0)
            return;
        if (memcmp(page + MESSAGE_SEQUENCE_AT, run->sent[i] + MESSAGE_SEQUENCE_AT, 8) == 0)
            g_error("one sequence number, two messages");
    }
    g_assert_cmpuint(run->messages, <, MESSAGES_MAX);
    memcpy(run->sent[run->messages++], page, PAGE_BYTES);
}

static void step(void *user, struct machine *machine, uint32_t cpu, const struct hv_exit *exit)
{
    struct channel_run *run = user;
    bool request = exit != NULL && exit->kind == HV_EXIT_GUEST_REQUEST && exit->vmpl == 0;
    if (request) {
        message_note(machine, exit, run);
        run->exits++;
        if (run->messages > LIE_AT && run->lie->tell(machine, exit, run)) {
            run->told++;
            if (honest_next_vmsa(machine, cpu) != 0)
                hv_vmrun(machine, cpu, honest_next_vmsa(machine, cpu));
            return;
        }
        honest_handle(machine, exit);
        page_read(machine, exit->nae_info2, run->answer);
        if (machine_end_reason(machine) == RUN_END_NONE && honest_next_vmsa(machine, cpu) != 0)
            hv_vmrun(machine, cpu, honest_next_vmsa(machine, cpu));
        return;
    }
    machine_step_honest(machine, cpu, exit);
}

static bool tell_silent(struct machine *machine, const struct hv_exit *exit,
                        struct channel_run *run)
{
    (void)run;
    answer_set(machine, exit, 0, 0);
    return true;
}

static bool tell_replay(struct machine *machine, const struct hv_exit *exit,
                        struct channel_run *run)
{
    page_write(machine, exit->nae_info2, run->answer);
    answer_set(machine, exit, 0, 0);
    return true;
}

/* The answer of before, made to look like the next one: the number is not authenticated by itself,
 * but it is the IV. */
static bool tell_renumbered(struct machine *machine, const struct hv_exit *exit,
                            struct channel_run *run)
{
    uint64_t sequence;
    memcpy(&sequence, run->answer + MESSAGE_SEQUENCE_AT, 8);
    sequence += 2;
    memcpy(run->answer + MESSAGE_SEQUENCE_AT, &sequence, 8);
    return tell_replay(machine, exit, run);
}

/* The request itself as the answer. */
static bool tell_reflect(struct machine *machine, const struct hv_exit *exit,
                         struct channel_run *run)
{
    page_read(machine, exit->nae_info1, run->answer);
    return tell_replay(machine, exit, run);
}

static bool answer_changed(struct machine *machine, const struct hv_exit *exit, unsigned at)
{
    uint8_t page[PAGE_BYTES];
    honest_handle(machine, exit);
    page_read(machine, exit->nae_info2, page);
    page[at] ^= 1;
    page_write(machine, exit->nae_info2, page);
    return true;
}

static bool tell_payload(struct machine *machine, const struct hv_exit *exit,
                         struct channel_run *run)
{
    (void)run;
    return answer_changed(machine, exit, MESSAGE_PAYLOAD_AT + 4);
}

static bool tell_tag(struct machine *machine, const struct hv_exit *exit, struct channel_run *run)
{
    (void)run;
    return answer_changed(machine, exit, 15);
}

static bool tell_type(struct machine *machine, const struct hv_exit *exit, struct channel_run *run)
{
    (void)run;
    return answer_changed(machine, exit, 0x34);
}

static bool tell_size(struct machine *machine, const struct hv_exit *exit, struct channel_run *run)
{
    (void)run;
    return answer_changed(machine, exit, 0x37); /* 256 bytes more or less */
}

/* The firmware refuses it, and its error comes back. */
static bool tell_request_changed(struct machine *machine, const struct hv_exit *exit,
                                 struct channel_run *run)
{
    uint8_t page[PAGE_BYTES];
    (void)run;
    page_read(machine, exit->nae_info1, page);
    page[MESSAGE_PAYLOAD_AT] ^= 0x80;
    page_write(machine, exit->nae_info1, page);
    honest_handle(machine, exit);
    return true;
}

static bool tell_busy_for_ever(struct machine *machine, const struct hv_exit *exit,
                               struct channel_run *run)
{
    (void)run;
    answer_set(machine, exit, 0, VMM_BUSY);
    return true;
}

static bool tell_busy_a_while(struct machine *machine, const struct hv_exit *exit,
                              struct channel_run *run)
{
    if (run->told >= 20)
        return false;
    answer_set(machine, exit, 0, VMM_BUSY);
    return true;
}

/* "Busy", although the firmware has counted the message: the same bytes come again, and the
 * firmware refuses them. */
static bool tell_busy_but_done(struct machine *machine, const struct hv_exit *exit,
                               struct channel_run *run)
{
    if (run->told > 0)
        return false;
    honest_handle(machine, exit);
    answer_set(machine, exit, 0, VMM_BUSY);
    return true;
}

/* Attack A92: the answer is there, but not marked. */
static bool tell_unmarked(struct machine *machine, const struct hv_exit *exit,
                          struct channel_run *run)
{
    const uint64_t nothing[2] = {0, 0};
    (void)run;
    honest_handle(machine, exit);
    g_assert_cmpint(hv_write(machine, exit->ghcb_spa + GHCB_VALID_AT, nothing, sizeof(nothing)), ==,
                    HV_OK);
    return true;
}

static bool tell_exception(struct machine *machine, const struct hv_exit *exit,
                           struct channel_run *run)
{
    (void)run;
    answer_set(machine, exit, 1, 0x80000d0d);
    return true;
}

/* What follows is about the extended request only: without certificates the guest must still get
 * its report. */
static bool tell_extended_refused(struct machine *machine, const struct hv_exit *exit,
                                  struct channel_run *run)
{
    (void)run;
    if (exit->nae != EXT_REQUEST)
        return false;
    answer_set(machine, exit, 2, 5);
    return true;
}

static bool tell_extended_too_long(struct machine *machine, const struct hv_exit *exit,
                                   struct channel_run *run)
{
    (void)run;
    if (exit->nae != EXT_REQUEST)
        return false;
    answer_set(machine, exit, 0, VMM_INVALID_LEN);
    return true;
}

static bool certs_changed(struct machine *machine, const struct hv_exit *exit, uint32_t offset,
                          uint32_t bytes)
{
    uint8_t page[PAGE_BYTES];
    if (exit->nae != EXT_REQUEST)
        return false;
    honest_handle(machine, exit);
    page_read(machine, exit->nae_rax, page);
    memcpy(page + 16, &offset, sizeof(offset));
    memcpy(page + 20, &bytes, sizeof(bytes));
    page_write(machine, exit->nae_rax, page);
    return true;
}

/* Attack A95. */
static bool tell_certs_beyond(struct machine *machine, const struct hv_exit *exit,
                              struct channel_run *run)
{
    (void)run;
    return certs_changed(machine, exit, 0x3ff0, 0x20);
}

static bool tell_certs_overflow(struct machine *machine, const struct hv_exit *exit,
                                struct channel_run *run)
{
    (void)run;
    return certs_changed(machine, exit, 0x100, 0xffffff80);
}

static bool tell_extended_but_done(struct machine *machine, const struct hv_exit *exit,
                                   struct channel_run *run)
{
    (void)run;
    if (exit->nae != EXT_REQUEST)
        return false;
    honest_handle(machine, exit);
    answer_set(machine, exit, 2, 5);
    return true;
}

static const struct lie lies[] = {
    {"silent", tell_silent, true},
    {"replay", tell_replay, true},
    {"renumbered", tell_renumbered, true},
    {"reflect", tell_reflect, true},
    {"payload-changed", tell_payload, true},
    {"tag-changed", tell_tag, true},
    {"type-changed", tell_type, true},
    {"size-changed", tell_size, true},
    {"request-changed", tell_request_changed, true},
    {"busy-for-ever", tell_busy_for_ever, true},
    {"busy-a-while", tell_busy_a_while, false},
    {"busy-but-done", tell_busy_but_done, true},
    {"unmarked", tell_unmarked, true},
    {"exception", tell_exception, true},
    {"extended-but-done", tell_extended_but_done, true},
};

/* In a report's place; the certificates are what the guest misses. */
static const struct lie lies_about_certs[] = {
    {"extended-refused", tell_extended_refused, false},
    {"extended-too-long", tell_extended_too_long, false},
    {"certs-beyond", tell_certs_beyond, false},
    {"certs-overflow", tell_certs_overflow, false},
};

static struct machine *machine_started(void)
{
    GError *error = NULL;
    g_autofree char *monitor_path =
        g_test_build_filename(G_TEST_BUILT, "monitor", "default.elf", NULL);
    g_autofree char *guest_path =
        g_test_build_filename(G_TEST_BUILT, "monitor", "guest", "services.elf", NULL);
    struct machine_config config = machine_config_default();
    config.monitor_path = monitor_path;
    config.guest_path = guest_path;
    config.memory_bytes = MEMORY_BYTES;
    config.cpus = 2;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    machine_launch(machine, &error);
    g_assert_no_error(error);
    return machine;
}

static bool vmpck0_is_wiped(struct machine *machine)
{
    static const uint8_t zero[32];
    struct symbol_info info;
    uint8_t key[32];
    g_assert_true(symbols_find(machine_symbols(machine, false), "vmpck0", &info));
    memory_peek(&machine->memory, honest_spa_of(machine, info.address), hv_asid(machine), key,
                sizeof(key));
    return memcmp(key, zero, sizeof(zero)) == 0;
}

static struct machine *run_lie(const struct lie *lie, struct channel_run *run)
{
    struct machine *machine = machine_started();
    const struct hv_program program = {.user = run, .step = step};
    run->lie = lie;
    machine_program_set(machine, &program);
    enum run_end_reason reason = machine_run(machine, NULL);
    g_assert_cmpstr(run_end_reason_name(reason), ==, "terminated");
    g_assert_cmpuint(run->told, >, 0);
    if (strstr(machine_console(machine), "services: ok LockKernel twice") == NULL)
        g_error("%s", machine_console(machine));
    return machine;
}

static void test_lie(gconstpointer data)
{
    const struct lie *lie = data;
    struct channel_run *run = g_new0(struct channel_run, 1);
    struct machine *machine = run_lie(lie, run);
    g_assert_cmpint(vmpck0_is_wiped(machine), ==, lie->dead);
    if (lie->dead) {
        /* The guest's checks failed, nothing else did, and nothing was sent any more. */
        g_assert_cmphex(machine_end_detail(machine) >> 8, ==, 1);
        g_assert_nonnull(strstr(machine_console(machine), "key wiped"));
        g_assert_cmpuint(run->messages, <=, LIE_AT + 2);
    } else {
        g_assert_cmphex(machine_end_detail(machine), ==, 0);
    }
    machine_free(machine);
    g_free(run);
}

static void test_certs(gconstpointer data)
{
    struct channel_run *run = g_new0(struct channel_run, 1);
    struct machine *machine = run_lie(data, run);
    const char *console = machine_console(machine);
    g_assert_false(vmpck0_is_wiped(machine));
    g_assert_nonnull(strstr(console, "services: ok SERVICES binds nonce and manifest"));
    g_assert_nonnull(strstr(console, "services: FAILED SERVICES gives certificates"));
    g_assert_nonnull(strstr(console, "services: ok SINGLE_SERVICE says"));
    machine_free(machine);
    g_free(run);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autofree char *name = g_strconcat("/monitor/channel/", lies[i].name, NULL);
        g_test_add_data_func(name, &lies[i], test_lie);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lies_about_certs); i++) {
        g_autofree char *name = g_strconcat("/monitor/channel/", lies_about_certs[i].name, NULL);
        g_test_add_data_func(name, &lies_about_certs[i], test_certs);
    }
    return g_test_run();
}
