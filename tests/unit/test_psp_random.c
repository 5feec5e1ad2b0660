/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random commands on random pages. Whatever the hypervisor asks: a command that is refused changes
 * neither the firmware nor the RMP, and two firmwares with one history stay equal.
 */
#include <string.h>

#include "rmp/insn.h"
#include "tests/unit/psp_fixture.h"

enum { STEPS = 20000, PAGES_USED = 24 };

/* Mostly a page of the first few, now and then something odd. */
static uint64_t random_spa(void)
{
    static const uint64_t odd[] = {1,
                                   0x1008,
                                   MACHINE_PAGES * PAGE_BYTES,
                                   (MACHINE_PAGES - 1) * PAGE_BYTES,
                                   UINT64_MAX,
                                   ~PAGE_MASK,
                                   LARGE_SPA,
                                   UINT64_C(1) << 51};

    if (g_test_rand_int_range(0, 12) == 0)
        return odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))];
    return (uint64_t)g_test_rand_int_range(1, PAGES_USED) * PAGE_BYTES;
}

static uint64_t random_gctx(const struct machine *m)
{
    const struct psp_gctx *gctx = &m->psp.gctx[g_test_rand_int_range(0, PSP_GCTX_MAX)];

    return gctx->used && g_test_rand_int_range(0, 8) ? gctx->spa : random_spa();
}

/* One command with its operands, so that two machines can be given the same. */
struct step {
    int command;
    uint64_t gctx, a, b;
    uint32_t small[4];
    uint8_t page[4096];
};

static void step_make(const struct machine *m, struct step *step)
{
    step->command = g_test_rand_int_range(0, 14);
    step->gctx = random_gctx(m);
    step->a = random_spa();
    step->b = random_spa();
    for (unsigned i = 0; i < 4; i++)
        step->small[i] = (uint32_t)g_test_rand_int();
    page_fill(step->page, step->small[0]);
    if (step->small[1] % 2)
        memset(step->page, 0, sizeof step->page);
}

static void hypervisor_update(struct machine *m, const struct step *step)
{
    const struct rmp_caller host = {.asid = ASID_HV};
    const uint32_t kind = step->small[0] % 4;
    const struct rmp_operand operand = {
        .gpa = kind < 2 ? 0 : (uint64_t)(step->small[1] % 64) * PAGE_BYTES,
        .assigned = kind != 0,
        .immutable = kind == 1 || (kind != 0 && step->small[2] % 4 != 0),
        .size = step->a == LARGE_SPA && step->small[2] % 2,
        .asid = kind < 2 ? 0 : 1 + step->small[3] % 4,
    };

    rmp_update(&m->rmp, &host, step->a, &operand);
}

/* A sealed message if the context is running, else whatever the page holds. */
static enum psp_status request(struct machine *m, const struct step *step)
{
    struct guest_msg msg = {.vmpck = step->small[1] % 4,
                            .type = step->small[2] % 0x14,
                            .size = 16 * (1 + step->small[3] % 12)};
    const struct psp_gctx *gctx = psp_gctx_find(&m->psp, GCTX_SPA);
    static const uint16_t right_size[] = {[3] = 0x20, [5] = 0x60, [0x11] = 0x80};
    uint8_t page[4096];

    if (msg.type < G_N_ELEMENTS(right_size) && right_size[msg.type] && step->small[3] % 4)
        msg.size = right_size[msg.type];

    memcpy(page, step->page, sizeof page);
    if (gctx && step->small[0] % 8) {
        msg.seqno = gctx->msg_count[msg.vmpck] + (step->small[0] % 5 ? 1 : step->small[0] % 3);
        memcpy(msg.payload, step->page, msg.size);
        message_seal(m, &msg, page);
    }
    memory_write(&m->memory, REQ_SPA, ASID_HV, page, sizeof page);
    return psp_guest_request(&m->psp, &m->bus, gctx ? GCTX_SPA : step->gctx, REQ_SPA,
                             step->small[3] % 3 ? RESP_SPA : step->b, NULL);
}

/* A page that waits for this guest's LAUNCH_UPDATE, or the step's own. */
static uint64_t waiting_page(const struct machine *m, const struct step *step)
{
    const struct psp_gctx *gctx = psp_gctx_find(&m->psp, step->gctx);

    for (uint64_t spa = 0; gctx && step->small[0] % 4 && spa < PAGES_USED * PAGE_BYTES;
         spa += PAGE_BYTES) {
        if (rmp_state_of(&m->rmp, spa) == RMP_STATE_PRE_GUEST &&
            rmp_slot_at(&m->rmp, spa)->asid == gctx->asid)
            return spa;
    }
    return step->a;
}

static enum psp_status launch_update(struct machine *m, const struct step *step)
{
    const struct psp_launch_update update = {
        .gctx_spa = step->gctx,
        .dst_spa = waiting_page(m, step),
        .page_size = step->small[0] % 9 == 0 ? PAGE_2M : PAGE_4K,
        .page_type = step->small[1] % 8,
        .imi = step->small[2] % 4 == 0,
        .perms = {step->small[3] & 0x1f, step->small[3] >> 8 & 0x1f, step->small[3] >> 16 & 0x3f},
    };

    return psp_launch_update(&m->psp, &m->bus, &update);
}

static enum psp_status step_run(struct machine *m, const struct step *step)
{
    const struct psp_launch_start start = {.gctx_spa = step->gctx,
                                           .policy = step->small[0] % 4 ? PSP_POLICY_DEFAULT
                                                                        : (uint64_t)step->small[1],
                                           .imi_en = step->small[2] % 4 == 0,
                                           .ma_en = step->small[3] % 8 == 0,
                                           .ma_gctx_spa = step->a};
    const struct psp_launch_finish finish = {
        .gctx_spa = step->gctx,
        .id_block =
            step->small[0] % 2 ? (const struct psp_id_block *)(const void *)step->page : NULL};
    struct psp_guest_status status;

    switch (step->command) {
    case 0: return psp_gctx_create(&m->psp, &m->bus, step->a);
    case 1: return psp_launch_start(&m->psp, &m->bus, &start);
    case 2: return psp_activate(&m->psp, &m->bus, step->gctx, step->small[0] % 20);
    case 3:
        return step->small[3] % 4 ? PSP_INVALID_COMMAND
                                  : psp_launch_finish(&m->psp, &m->bus, &finish);
    case 4: return psp_guest_status(&m->psp, &m->bus, step->gctx, &status);
    case 5: return psp_page_reclaim(&m->psp, &m->bus, step->a, step->small[0] % 3);
    case 6:
        if (step->small[0] % 4 || step->gctx == GCTX_SPA) /* one guest always runs */
            return PSP_INVALID_COMMAND;
        return psp_decommission(&m->psp, &m->bus, step->gctx);
    case 7: return step->small[0] % 4 ? PSP_INVALID_COMMAND : psp_df_flush(&m->psp);
    case 8:
    case 9: return launch_update(m, step);
    case 10: return request(m, step);
    default: hypervisor_update(m, step); return PSP_SUCCESS;
    }
}

static void test_commands(void)
{
    struct machine *a = machine_running(1), *b = machine_running(1);
    const size_t entries_bytes = MACHINE_PAGES * sizeof a->rmp.entries[0];
    struct rmp_entry *before = g_malloc(entries_bytes);
    struct psp *psp = g_new(struct psp, 1);
    struct step *step = g_new(struct step, 1);
    unsigned done[14] = {0}, refused[14] = {0};

    for (unsigned i = 0; i < STEPS; i++) {
        enum psp_status status;
        step_make(a, step);
        memcpy(before, a->rmp.entries, entries_bytes);
        *psp = a->psp;
        status = step_run(a, step);
        g_assert_cmpint(step_run(b, step), ==, status);
        if (status != PSP_SUCCESS) {
            refused[step->command]++;
            g_assert_cmpmem(&a->psp, sizeof *psp, psp, sizeof *psp);
            g_assert_cmpmem(a->rmp.entries, entries_bytes, before, entries_bytes);
        } else {
            done[step->command]++;
        }
        g_assert_cmpmem(&a->psp, sizeof a->psp, &b->psp, sizeof b->psp);
        g_assert_cmpmem(a->rmp.entries, entries_bytes, b->rmp.entries, entries_bytes);
    }
    g_assert_cmpmem(a->memory.dram, a->memory.bytes, b->memory.dram, b->memory.bytes);
    for (unsigned i = 0; i <= 10; i++) { /* what never succeeds was not tested */
        g_test_message("command %u: %u done, %u refused or left out", i, done[i], refused[i]);
        g_assert_cmpuint(done[i], >, 0);
    }
    g_free(before);
    g_free(psp);
    g_free(step);
    machine_free(a);
    machine_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/psp/random/refused-changes-nothing", test_commands);
    return g_test_run();
}
