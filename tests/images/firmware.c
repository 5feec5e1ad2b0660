/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VMPL0 image for the tests of two events of the GHCB page: string I/O through the shared buffer,
 * and the guest request that comes with certificates, which it leaves at SHARED_GPA + 3 pages.
 */
#include "tests/images/bare.h"

enum {
    PORT_SERIAL = 0x3f8,
    PORT_LINE_STATUS = 0x3fd,
    PORT_NONE = 0x80,
    IO_IN = 1 << 0,
    IO_STRING = 1 << 2,
    IO_REP = 1 << 3,
    BUFFER_BYTES = 0xff0 - GHCB_BUFFER,
    ERROR_SCRATCH = 3,
    ERROR_MISSING = 4,
    ERROR_INPUT = 5,
};
#define NAE_IO          UINT64_C(0x7b)
#define NAE_EXT_REQUEST UINT64_C(0x80000012)
#define INVALID_LEN     (UINT64_C(1) << 32)

static uint8_t stack[PAGE] __attribute__((aligned(4096)));
static volatile uint8_t *const ghcb = (volatile uint8_t *)SHARED_GPA;

/* String I/O of units of 1, 2 or 4 bytes; returns the answer, the error in the upper half. */
static uint64_t string_io(uint16_t port, uint32_t bytes, uint32_t direction, uint64_t units,
                          uint64_t scratch)
{
    const uint64_t info1 = (uint64_t)port << 16 | bytes << 4 | IO_REP | IO_STRING | direction;
    ghcb_begin(ghcb, NAE_IO, info1, units);
    ghcb_put(ghcb, GHCB_SCRATCH, scratch);
    const uint64_t result = ghcb_call(ghcb);
    return result | ghcb_get(ghcb, GHCB_INFO2) << 32;
}

static uint64_t refused(uint64_t error)
{
    return 2 | error << 32;
}

static void check_string_io(void)
{
    static const char text[] = "string I/O\n";
    const uint64_t buffer = SHARED_GPA + GHCB_BUFFER, end = buffer + BUFFER_BYTES;
    for (uint32_t i = 0; i < sizeof(text); i++)
        ghcb[GHCB_BUFFER + i] = (uint8_t)text[i];
    must(string_io(PORT_SERIAL, 1, 0, sizeof(text) - 1, buffer) == 0, 10);
    ghcb[GHCB_BUFFER + BUFFER_BYTES - 1] = '!';
    must(string_io(PORT_SERIAL, 1, 0, 1, end - 1) == 0, 11);
    must(string_io(PORT_SERIAL, 1, 0, 2, end - 1) == refused(ERROR_SCRATCH), 12);
    must(string_io(PORT_SERIAL, 1, 0, 1, buffer - 1) == refused(ERROR_SCRATCH), 13);
    must(string_io(PORT_SERIAL, 1, 0, 0, end + 1) == refused(ERROR_SCRATCH), 14);
    must(string_io(PORT_SERIAL, 4, 0, (UINT64_C(1) << 62) + 1, buffer) == refused(ERROR_SCRATCH),
         15);
    must(string_io(PORT_SERIAL, 3, 0, 1, buffer) == refused(ERROR_INPUT), 16);
    ghcb_begin(ghcb, NAE_IO, PORT_SERIAL << 16 | 1 << 4 | IO_STRING, 1);
    must(ghcb_call(ghcb) == 2 && ghcb_get(ghcb, GHCB_INFO2) == ERROR_MISSING, 17);

    for (uint32_t i = 0; i < 16; i++)
        ghcb[GHCB_BUFFER + i] = 0;
    must(string_io(PORT_NONE, 2, IO_IN, 4, buffer) == 0, 18);
    must(ghcb_get(ghcb, GHCB_BUFFER) == UINT64_MAX, 19); /* nobody drives the port */
    must(ghcb_get(ghcb, GHCB_BUFFER + 8) == 0, 20);
    must(string_io(PORT_LINE_STATUS, 1, IO_IN, 2, buffer) == 0, 21);
    ghcb_begin(ghcb, NAE_IO, PORT_LINE_STATUS << 16 | 1 << 4 | IO_IN, 0);
    must(ghcb_call(ghcb) == 0, 22);
    must(ghcb[GHCB_BUFFER + 1] == (uint8_t)ghcb_get(ghcb, GHCB_RAX), 23);
}

/* SW_EXITINFO1 in the lower half, SW_EXITINFO2 in *info2. */
static uint32_t request(uint64_t data, uint64_t pages, uint64_t *info2)
{
    ghcb_begin(ghcb, NAE_EXT_REQUEST, SHARED_GPA + PAGE, SHARED_GPA + 2 * PAGE);
    ghcb_put(ghcb, GHCB_RAX, data);
    ghcb_put(ghcb, GHCB_RBX, pages);
    const uint32_t result = ghcb_call(ghcb);
    *info2 = ghcb_get(ghcb, GHCB_INFO2);
    return result;
}

static void check_certificates(void)
{
    const uint64_t data = SHARED_GPA + 3 * PAGE;
    uint64_t info2 = 0;
    must(request(data, 0, &info2) == 0 && info2 == INVALID_LEN, 30);
    const uint64_t pages = ghcb_get(ghcb, GHCB_RBX);
    must(pages >= 1 && pages <= 4, 31);
    must(*(volatile uint64_t *)data == 0, 32);
    must(request(data, pages - 1, &info2) == 0 && info2 == INVALID_LEN, 33);
    must(request((uint64_t)stack, pages, &info2) == 2 && info2 == ERROR_INPUT, 34);
    /* The request is no message: the firmware says so, the certificates are there all the same. */
    must(request(data, pages, &info2) == 0 && info2 != 0 && info2 >> 32 == 0, 35);
    must(*(volatile uint64_t *)data != 0, 36);
}

void image_main(const struct params *params)
{
    (void)params;
    shared_map();
    for (uint64_t page = 0; page < 8; page++)
        must(page_share(SHARED_GPA + page * PAGE), 2);
    must(ghcb_register(SHARED_GPA), 3);
    for (uint64_t offset = PAGE; offset < 8 * PAGE; offset += 8)
        *(volatile uint64_t *)(SHARED_GPA + offset) = 0;
    check_string_io();
    check_certificates();
    terminate(0);
}

BARE_ENTRY;
