/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte labels: whose the contents of a page are, whatever happens to it. */
#include <glib.h>
#include <string.h>

#include "rmp/memory.h"

enum { RIG_PAGES = 4, ASID = 1, PAGE = 0x1000, PERM_RW = RMP_PERM_R | RMP_PERM_W };

struct rig {
    uint8_t dram[RIG_PAGES * 4096], plane[RIG_PAGES][4096], copy[RIG_PAGES][4096];
    struct memory_page pages[RIG_PAGES];
    struct label_page labels[RIG_PAGES];
    uint64_t scrub[RIG_PAGES][MEMORY_SCRUB_WORDS];
    struct memory memory;
};

static struct rig *rig_new(void)
{
    struct rig *rig = g_new0(struct rig, 1);
    rig->memory = (struct memory){
        .dram = rig->dram,
        .pages = rig->pages,
        .scrub = rig->scrub,
        .labels = {.page = rig->labels, .plane = rig->plane, .copy = rig->copy},
        .bytes = sizeof(rig->dram),
    };
    memory_init(&rig->memory);
    return rig;
}

/* The launch puts 4096 bytes of value into PAGE. */
static void launch(struct rig *rig, uint8_t value, uint8_t label)
{
    uint8_t page[4096];
    memset(page, value, sizeof(page));
    memory_write(&rig->memory, PAGE, ASID, page, sizeof(page));
    labels_set(&rig->memory, PAGE, label);
}

/* As cpu/ does it: told once, then the bytes change. */
static void store(struct rig *rig, uint64_t offset, const void *bytes, size_t len)
{
    memory_view_set(&rig->memory, PAGE, ASID);
    if (!rig->pages[1].watched)
        labels_store_begin(&rig->memory, PAGE, ASID);
    memcpy(rig->dram + PAGE + offset, bytes, len);
    if (rig->pages[1].tracked)
        memory_scrub_note(&rig->memory, PAGE + offset, len);
}

static void rebind(struct rig *rig)
{
    memory_scrub_end(&rig->memory, PAGE);
    labels_rebind(&rig->memory, PAGE);
}

static struct label_counts count(struct rig *rig)
{
    struct label_counts counts = labels_count(&rig->memory, PAGE, ASID);
    g_assert_cmpuint(labels_count_monitor(&rig->memory, PAGE, ASID), ==, counts.monitor);
    return counts;
}

static void test_launch_counts(void)
{
    struct rig *rig = rig_new();
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    launch(rig, 7, LABEL_LAUNCH | LABEL_TRUSTED);
    g_assert_cmpuint(count(rig).monitor, ==, 4096);
    g_assert_cmpuint(count(rig).trusted, ==, 4096);
    launch(rig, 0, LABEL_LAUNCH | LABEL_TRUSTED); /* zeros are nobody's */
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    launch(rig, 7, LABEL_OTHER | LABEL_GUEST);
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    g_assert_cmpuint(count(rig).guest, ==, 4096);
    g_free(rig);
}

/* What VMPL0 stores is its own in this binding; what it does not touch stays what it was. */
static void test_store_is_own(void)
{
    struct rig *rig = rig_new();
    launch(rig, 7, LABEL_LAUNCH | LABEL_TRUSTED);
    store(rig, 100, "abc", 3);
    g_assert_cmpuint(count(rig).monitor, ==, 4093);
    store(rig, 200, "defg", 4); /* not told again */
    g_assert_cmpuint(count(rig).monitor, ==, 4089);
    g_assert_cmpuint(count(rig).trusted, ==, 4096);
    store(rig, 300, "\x07", 1); /* the value that is there already changes nothing */
    g_assert_cmpuint(count(rig).monitor, ==, 4089);
    g_free(rig);
}

static void test_rebinding_makes_old(void)
{
    struct rig *rig = rig_new();
    const uint8_t key[32] = {[0 ... 31] = 0xaa};
    launch(rig, 0, LABEL_OTHER);
    store(rig, 64, key, sizeof(key));
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    rebind(rig);
    g_assert_cmpuint(count(rig).monitor, ==, sizeof(key));
    g_assert_cmpuint(count(rig).hypervisor, ==, sizeof(key)); /* who knows what it is bound to */
    rebind(rig);
    g_assert_cmpuint(count(rig).monitor, ==, sizeof(key));
    g_free(rig);
}

/* From PVALIDATE on every store is known, also one of the value that was there. */
static void test_scrub_ends_old(void)
{
    struct rig *rig = rig_new();
    uint8_t page[4096];
    memset(page, 9, sizeof(page));
    launch(rig, 9, LABEL_LAUNCH | LABEL_TRUSTED);
    rebind(rig);
    memory_scrub_begin(&rig->memory, PAGE);
    store(rig, 0, page, 4000);
    g_assert_cmpuint(count(rig).monitor, ==, 96);
    g_assert_cmpuint(count(rig).trusted, ==, 4000);
    store(rig, 4000, page, 96);
    g_assert_cmpuint(rig->pages[1].tracked, ==, 0);
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    g_assert_cmpuint(count(rig).trusted, ==, 4096);
    g_free(rig);
}

static void test_grant_gives_away(void)
{
    struct rig *rig = rig_new();
    launch(rig, 0, LABEL_OTHER);
    store(rig, 8, "own", 3);
    g_assert_false(labels_permit(&rig->memory, PAGE, ASID, PERM_RW));
    rebind(rig);
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    g_free(rig);
}

/* What VMPL0 stores to a page while others may reach it is not private to it. */
static void test_granted_page_keeps_no_secret(void)
{
    struct rig *rig = rig_new();
    launch(rig, 5, LABEL_OTHER | LABEL_GUEST);
    labels_permit(&rig->memory, PAGE, ASID, PERM_RW);
    store(rig, 8, "open", 4);
    rebind(rig);
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    g_free(rig);
}

/* After the permissions are gone it is; and the caller hears that it has to tell stores again. */
static void test_revoked_page_keeps_secrets(void)
{
    struct rig *rig = rig_new();
    launch(rig, 5, LABEL_OTHER | LABEL_GUEST);
    labels_permit(&rig->memory, PAGE, ASID, PERM_RW);
    store(rig, 8, "open", 4);
    g_assert_true(labels_permit(&rig->memory, PAGE, ASID, 0));
    g_assert_cmpuint(rig->pages[1].watched, ==, 0);
    g_assert_false(labels_permit(&rig->memory, PAGE, ASID, 0));
    store(rig, 16, "closed", 6);
    g_assert_cmpuint(count(rig).trusted, ==, 6);
    g_assert_cmpuint(count(rig).guest, ==, 4090);
    rebind(rig);
    g_assert_cmpuint(count(rig).monitor, ==, 6);
    g_free(rig);
}

/* A grant that gives away what it must not does not make it harmless. */
static void test_breach_stays(void)
{
    struct rig *rig = rig_new();
    launch(rig, 7, LABEL_LAUNCH | LABEL_TRUSTED);
    labels_permit(&rig->memory, PAGE, ASID, PERM_RW);
    g_assert_cmpuint(count(rig).monitor, ==, 4096);
    g_assert_cmpuint(count(rig).guest, ==, 4096);
    g_free(rig);
}

/* The hypervisor's write destroys the 16-byte blocks it touches, and no others. */
static void test_host_write(void)
{
    struct rig *rig = rig_new();
    launch(rig, 7, LABEL_LAUNCH | LABEL_TRUSTED);
    rebind(rig);
    labels_host_write(&rig->memory, PAGE + 30, 3);
    uint8_t labels[4096];
    labels_save(&rig->memory, PAGE, labels);
    for (uint32_t i = 0; i < 4096; i++)
        g_assert_cmpuint(labels[i] & LABEL_SECRECY, ==,
                         i >= 16 && i < 48 ? LABEL_OTHER : LABEL_OLD);
    labels_host_write(&rig->memory, 0, 3 * 4096);
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    g_free(rig);
}

/* So does a guest's store through C=0. */
static void test_shared_store(void)
{
    struct rig *rig = rig_new();
    launch(rig, 7, LABEL_LAUNCH | LABEL_TRUSTED);
    rebind(rig);
    memory_view_set(&rig->memory, PAGE, ASID_HV);
    labels_store_begin(&rig->memory, PAGE, ASID_HV);
    rig->dram[PAGE + 33] ^= 0xff;
    uint8_t labels[4096];
    labels_save(&rig->memory, PAGE, labels);
    for (uint32_t i = 0; i < 4096; i++)
        g_assert_cmpuint(labels[i] & LABEL_SECRECY, ==,
                         i >= 32 && i < 48 ? LABEL_OTHER : LABEL_OLD);
    g_free(rig);
}

/* Scrubbed, and then the old bytes are back. */
static void test_bytes_come_back(void)
{
    struct rig *rig = rig_new();
    static const uint8_t zero[4096];
    uint8_t labels[4096], key[32];
    memset(key, 3, sizeof(key));
    launch(rig, 0, LABEL_OTHER);
    store(rig, 0x40, key, sizeof(key));
    labels_save(&rig->memory, PAGE, labels);
    rebind(rig);
    memory_scrub_begin(&rig->memory, PAGE);
    store(rig, 0, zero, sizeof(zero));
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    memcpy(rig->dram + PAGE + 0x40, key, sizeof(key));
    labels_return(&rig->memory, PAGE + 0x40, labels + 0x40, 0x40);
    g_assert_cmpuint(count(rig).monitor, ==, sizeof(key));
    g_assert_cmpuint(count(rig).hypervisor, ==, sizeof(key));
    g_free(rig);
}

/* A memory without labels does what it did. */
static void test_without_labels(void)
{
    struct rig *rig = rig_new();
    rig->memory.labels = (struct labels){0};
    launch(rig, 7, LABEL_LAUNCH);
    store(rig, 0, "x", 1);
    rebind(rig);
    g_assert_false(labels_permit(&rig->memory, PAGE, ASID, PERM_RW));
    g_assert_cmpuint(count(rig).monitor, ==, 0);
    g_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmp/labels/launch-counts", test_launch_counts);
    g_test_add_func("/rmp/labels/store-is-own", test_store_is_own);
    g_test_add_func("/rmp/labels/rebinding-makes-old", test_rebinding_makes_old);
    g_test_add_func("/rmp/labels/scrub-ends-old", test_scrub_ends_old);
    g_test_add_func("/rmp/labels/grant-gives-away", test_grant_gives_away);
    g_test_add_func("/rmp/labels/granted-page-keeps-no-secret", test_granted_page_keeps_no_secret);
    g_test_add_func("/rmp/labels/revoked-page-keeps-secrets", test_revoked_page_keeps_secrets);
    g_test_add_func("/rmp/labels/breach-stays", test_breach_stays);
    g_test_add_func("/rmp/labels/host-write", test_host_write);
    g_test_add_func("/rmp/labels/shared-store", test_shared_store);
    g_test_add_func("/rmp/labels/bytes-come-back", test_bytes_come_back);
    g_test_add_func("/rmp/labels/without-labels", test_without_labels);
    return g_test_run();
}
