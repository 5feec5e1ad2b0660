/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams for the invariants of guest memory, injection and messages to the firmware. */
#include "rmp/insn.h"
#include "tests/unit/rule_expect.h"
#include "tests/unit/stream_platform.h"

static void test_move_of_guest(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_page(s, 2, 8);
    s_move(s, 7, 1); /* the first one only needs a binding */
    expect(s, "vm-integrity", 0);
    s_validate(s, 1, false);
    s_page(s, 3, 7);
    s_move(s, 7, 3); /* validated anew: consent */
    s_move(s, 8, 2); /* another page's history does not matter */
    expect(s, "vm-integrity", 0);
    done(s, "vm-integrity", s_move(s, 7, 3)); /* not bound since */

    s = stream_new(); /* back to a page that had been valid there all the time */
    s_page(s, 1, 7);
    s_page(s, 2, 7);
    s_move(s, 7, 2);
    done(s, "vm-integrity", s_move(s, 7, 1));

    s = stream_new(); /* valid, but elsewhere */
    s_page(s, 1, 8);
    done(s, "vm-integrity", s_move(s, 7, 1));

    s = stream_new(); /* was valid there since, and is no more */
    s_page(s, 1, 7);
    s_move(s, 7, 1);
    s_page(s, 2, 7);
    s_validate(s, 2, false);
    done(s, "vm-integrity", s_move(s, 7, 2));

    s = stream_new(); /* within a 2 MiB page */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_move(s, 512 + 77, 1024 + 77);
    expect(s, "vm-integrity", 0);
    s_validate(s, 1024, false);
    s_validate(s, 1024, true);
    s_move(s, 512 + 77, 1024 + 77);
    expect(s, "vm-integrity", 0);
    done(s, "vm-integrity", s_move(s, 512 + 78, 1024 + 79));

    s = stream_new(); /* launch counts */
    s_launch(s, 1, 7, true, 0);
    s_move(s, 7, 1);
    done(s, "vm-integrity", 0);
}

static void test_write_of_hypervisor(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_assign(s, 2, 8, PAGE_4K);
    s_page(s, 4, 9);
    s_unassign(s, 4);
    s_hv_write(s, 2 << PAGE_SHIFT, 2 * PAGE_BYTES); /* up to the next page, and not valid */
    s_hv_write(s, 4 << PAGE_SHIFT, 8);
    s_hv_write(s, 1 << PAGE_SHIFT, 8);
    stream_last(s)->hv_access.refused = 1;
    s_hv_write(s, 1 << PAGE_SHIFT, 0);
    s_hv_read(s, 1, false);
    expect(s, "vm-integrity", 0);
    done(s, "vm-integrity", s_hv_write(s, PAGE_BYTES - 1, 2)); /* one byte of it */

    s = stream_new();
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_hv_write(s, (1024 << PAGE_SHIFT) - 16, 16);
    expect(s, "vm-integrity", 0);
    done(s, "vm-integrity", s_hv_write(s, (1024 + 100) << PAGE_SHIFT, 1));
}

static void test_hv_confidentiality(void)
{
    struct stream *s = stream_new();

    s_hv_read(s, 1, false); /* ciphertext */
    s_hv_read(s, 1, true);
    stream_last(s)->hv_access.refused = 1;
    s_hv_write(s, 0, 8);
    stream_last(s)->hv_access.plain = 1;
    expect(s, "hv-confidentiality", 0);
    done(s, "hv-confidentiality", s_hv_read(s, 1, true));
}

static void test_translation(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_validate(s, 1, false);
    s_page(s, 2, 7);
    s_move(s, 7, 2);
    expect(s, "translation", 0);
    s_move(s, 7, 1); /* of a lower VMPL */
    stream_last(s)->vmpl = 1;
    expect(s, "translation", 0);
    done(s, "translation", s_move(s, 7, 2)); /* what was rescinded before the last one is used up */

    s = stream_new(); /* rescinded before, by one that did it for another page or not at all */
    s_page(s, 1, 7);
    s_page(s, 2, 8);
    s_validate(s, 2, false);
    s_validate(s, 2, true);
    s_validate(s, 1, true);
    s_assign(s, 3, 7, PAGE_4K);
    s_validate(s, 3, false); /* CF=1 */
    s_validate(s, 1, false);
    stream_last(s)->vmpl = 1;
    s_validate(s, 1, true);
    s_validate(s, 1, false);
    stream_last(s)->rmp.rc = RMP_RC_FAIL_SIZEMISMATCH;
    done(s, "translation", s_move(s, 7, 1));

    s = stream_new(); /* all of the 2 MiB around it, and not of the next */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_validate(s, 1024, false);
    s_move(s, 512 + 511, 3);
    expect(s, "translation", 0);
    done(s, "translation", s_move(s, 1024, 3));
}

static void test_one_to_one(void)
{
    struct stream *s = stream_new();

    s_page(s, 1, 7);
    s_alias(s, 1, ALIAS_TWO_ADDRESSES, 1, 1); /* nothing of VMPL0's in it */
    s_store(s, 1);
    s_alias(s, 1, ALIAS_UNENCRYPTED, 1, 1);
    s_alias(s, 2, ALIAS_TWO_ADDRESSES, 1, 1);
    expect(s, "one-to-one", 0);
    s_alias(s, 1, ALIAS_TWO_ADDRESSES, 1, 1);
    expect(s, "one-to-one", s->events->len);
    stream_free(s);

    s = stream_new(); /* its launch page; one that is open to others is not private */
    s_launch(s, 1, 7, true, 0);
    s_launch(s, 2, 8, false, RMP_PERM_R);
    s_alias(s, 2, ALIAS_TWO_ADDRESSES, 1, 1);
    expect(s, "one-to-one", 0);
    done(s, "one-to-one", s_alias(s, 1, ALIAS_TWO_ADDRESSES, 1, 1));

    s = stream_new(); /* granted; then a rebinding makes it old, and nobody's own */
    s_launch(s, 1, 7, true, 0);
    s_adjust(s, 1, 1, RMP_PERM_R, false);
    s_alias(s, 1, ALIAS_TWO_ADDRESSES, 1, 1);
    s_page(s, 2, 9);
    s_store(s, 2);
    s_page(s, 2, 10);
    s_alias(s, 2, ALIAS_TWO_ADDRESSES, 1, 1);
    done(s, "one-to-one", 0);

    s = stream_new(); /* one page of a 2 MiB entry */
    s_assign(s, 1024, 512, PAGE_2M);
    s_validate(s, 1024, true);
    s_store(s, 1024 + 9);
    s_alias(s, 1024 + 8, ALIAS_TWO_ADDRESSES, 1, 1);
    expect(s, "one-to-one", 0);
    done(s, "one-to-one", s_alias(s, 1024 + 9, ALIAS_TWO_ADDRESSES, 1, 1));
}

static void test_injection(void)
{
    enum { VALID = 1u << 31, EXCEPTION = 3 << 8, RESTRICTED = 8, ALTERNATE = 16 };
    struct stream *s = stream_new();

    s_inject(s, VALID | 0x20, 1);
    s_inject(s, VALID | EXCEPTION | 28, 1 | RESTRICTED);
    s_inject(s, VALID | 0x20, RESTRICTED);
    stream_last(s)->inject.result = 1; /* refused */
    expect(s, "injection", 0);
    done(s, "injection", s_inject(s, VALID | 28, RESTRICTED)); /* an interrupt of that vector */
    s = stream_new();
    done(s, "injection", s_inject(s, VALID | EXCEPTION | 29, RESTRICTED));
    s = stream_new();
    done(s, "injection", s_inject(s, VALID | EXCEPTION | 28, RESTRICTED | ALTERNATE));
}

static void test_psp_sequence(void)
{
    struct stream *s = stream_new();

    s_psp(s, 1, 0, 1, 0x11);
    s_psp(s, 0, 0, 1, 0x11); /* the same message, as the firmware had it */
    s_psp(s, 0, 0, 1, 0x11); /* and replayed */
    s_psp(s, 1, 0, 3, 0x22);
    s_psp(s, 1, 1, 1, 0x33); /* another key */
    s_psp(s, 1, 1, 1, 0x34); /* which VMPL 1 may hold */
    s_psp(s, 0, 0, 1, 0);    /* garbage */
    s_psp(s, 0, 0, 1, 0x44);
    stream_last(s)->psp.command = 0x95;
    expect(s, "psp-sequence", 0);
    done(s, "psp-sequence", s_psp(s, 1, 0, 1, 0x44));

    s = stream_new(); /* half of the hash is enough */
    s_psp(s, 1, 0, UINT64_C(1) << 63, 0x11);
    s_psp(s, 1, 0, UINT64_C(1) << 63, 0x11);
    stream_last(s)->psp.plaintext_hash[15] = 0x12;
    done(s, "psp-sequence", s->events->len);
}

static void test_psp_answer(void)
{
    struct stream *s = stream_new();

    s_psp(s, 1, 0, 1, 1);
    s_psp(s, 1, 0, 1, 1); /* once more, nothing has come back */
    s_psp(s, 0, 0, 1, 1);
    s_psp(s, 1, 0, 3, 1);
    s_psp(s, 0, 0, 3, 1);
    stream_last(s)->psp.status = 0x16; /* refused: the number stays */
    s_psp(s, 1, 0, 3, 1);
    s_psp(s, 1, 1, 9, 1); /* under a key that VMPL 1 may hold */
    s_psp(s, 1, 0, 9, 0); /* anybody's: not authentic */
    s_psp(s, 1, 0, 9, 1); /* a lower VMPL hands it over */
    stream_last(s)->vmpl = 1;
    expect(s, "psp-answer", 0);
    done(s, "psp-answer", s_psp(s, 1, 0, 5, 1));

    s = stream_new();
    s_psp(s, 0, 1, 9, 1); /* another key's */
    done(s, "psp-answer", s_psp(s, 1, 0, 2, 1));

    s = stream_new(); /* numbers have no sign */
    s_psp(s, 0, 0, INT64_MAX - 1, 1);
    s_psp(s, 1, 0, (uint64_t)INT64_MAX + 1, 1);
    s_psp(s, 0, 0, (uint64_t)INT64_MAX + 1, 1);
    s_psp(s, 1, 0, 12, 1);
    s_psp(s, 1, 0, (uint64_t)INT64_MAX + 3, 1);
    expect(s, "psp-answer", 0);
    done(s, "psp-answer", s_psp(s, 1, 0, (uint64_t)INT64_MAX + 4, 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rules/vm-integrity/move", test_move_of_guest);
    g_test_add_func("/rules/vm-integrity/write", test_write_of_hypervisor);
    g_test_add_func("/rules/hv-confidentiality", test_hv_confidentiality);
    g_test_add_func("/rules/translation", test_translation);
    g_test_add_func("/rules/one-to-one", test_one_to_one);
    g_test_add_func("/rules/injection", test_injection);
    g_test_add_func("/rules/psp-sequence", test_psp_sequence);
    g_test_add_func("/rules/psp-answer", test_psp_answer);
    return g_test_run();
}
