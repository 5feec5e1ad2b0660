/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rmp/ without anything else: a page is assigned, validated, written and read back, with no library
 * but Nettle in the link.
 */
#include <stdio.h>
#include <string.h>

#include "rmp/memory.h"
#include "rmp/npt.h"
#include "rmp/tlb.h"

enum { PAGES = 4, TABLES = 8, SLOTS_LOG2 = 4, ASID = 1 };

static _Alignas(4096) uint8_t dram[PAGES * 4096];
static uint64_t scrub[PAGES][MEMORY_SCRUB_WORDS];
static struct memory_page pages[PAGES];
static struct rmp_entry entries[PAGES];
static struct npt_table pool[TABLES];
static struct tlb_entry slots[1 << SLOTS_LOG2];

static int fail(const char *what)
{
    printf("test_rmp_link: %s\n", what);
    return 1;
}

int main(void)
{
    struct rmp rmp = {.entries = entries, .covered_pages = PAGES};
    struct memory memory = {.dram = dram, .pages = pages, .scrub = scrub, .bytes = sizeof(dram)};
    const struct rmp_config config = RMP_CONFIG_DEFAULT;
    const struct rmp_caller host = {.asid = ASID_HV};
    const struct rmp_caller guest = {.asid = ASID, .snp_active = true};
    const struct rmp_operand operand = {.gpa = 0x9000, .assigned = 1, .asid = ASID};
    const struct rmp_access write = {.type = RMP_ACCESS_WRITE};
    const uint8_t key[MEMORY_KEY_BYTES] = {1, 2, 3};
    struct npt npt;
    struct tlb tlb;

    rmp_init(&rmp);
    memory_init(&memory);
    memory_key_set(&memory, ASID, key);
    npt_init(&npt, pool, TABLES);
    tlb_init(&tlb, slots, SLOTS_LOG2);
    if (rmp_update(&rmp, &host, 0x2000, &operand).eax != RMP_RC_SUCCESS ||
        npt_map(&npt, 0x9000, 0x2000, PAGE_4K, NPT_RWX) != NPT_OK) {
        return fail("the page could not be given to the guest");
    }
    const struct npt_walk walk = npt_walk(&npt, 0x9123, &write, false, true);
    const struct rmp_xlat xlat = {
        .gva = 0x5123, .gpa = 0x9123, .spa = walk.spa, .npt_writable = true, .c = true,
    };
    if (rmp_access_check(&rmp, &config, &guest, &xlat, &write).kind != RMP_OUT_VC ||
        rmp_pvalidate(&rmp, &config, &guest, &xlat, 0, 1).eax != RMP_RC_SUCCESS ||
        rmp_access_check(&rmp, &config, &guest, &xlat, &write).kind != RMP_OUT_DONE) {
        return fail("the page could not be validated");
    }
    const struct tlb_entry entry = {.gvn = 5, .spa = 0x2000, .valid = 1};
    tlb_insert(&tlb, &entry);
    char text[8] = "plain";
    memory_write(&memory, tlb_lookup(&tlb, 0x5123)->spa + 0x123, ASID, text, sizeof(text));
    memory_peek(&memory, 0x2123, ASID_HV, text, sizeof(text));
    if (memcmp(text, "plain", 6) == 0) {
        return fail("the hypervisor sees plaintext");
    }
    memory_read(&memory, 0x2123, ASID, text, sizeof(text));
    return strcmp(text, "plain") == 0 ? 0 : fail("the guest lost its data");
}
