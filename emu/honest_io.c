/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOIO and MMIO, 56421 section 4.1. What no device answers floats high and swallows what is
 * written. EXITINFO1 of IOIO (APM 2 15.10.2):
 *
 *   31:16  9:7     6   5   4   3   2      0
 *  | port |address|32 |16 | 8 |REP|string|IN|   EXITINFO2 of string I/O: number of units
 */
#include <string.h>

#include "emu/honest_page.h"

enum { IOIO_IN = 1 << 0, IOIO_STRING = 1 << 2 };

/* One unit of 1, 2 or 4 bytes: devices have ports of one byte. */
static uint32_t port_read(struct honest_request *request, uint16_t port, unsigned bytes)
{
    uint8_t value;
    if (bytes == 1 && device_port_read(request->machine, request->exit->cpu, port, &value))
        return value;
    return bytes == 1 ? 0xff : bytes == 2 ? 0xffff : 0xffffffff;
}

static void port_write(struct honest_request *request, uint16_t port, unsigned bytes,
                       uint32_t value)
{
    if (bytes == 1)
        device_port_write(request->machine, request->exit->cpu, port, (uint8_t)value);
}

/* The place in this GHCB's shared buffer that SW_SCRATCH names; NULL, with an error, if it has no
 * room for that many units of so many bytes. */
static uint8_t *scratch(struct honest_request *request, uint64_t units, unsigned bytes)
{
    const struct hv_exit *exit = request->exit;
    uint64_t room = sizeof(request->ghcb.shared);
    if (!request_needs(request, GHCB_AT(sw_scratch)))
        return NULL;
    uint64_t offset = exit->nae_scratch - (exit->ghcb_gpa + GHCB_AT(shared));
    if (offset > room || units > (room - offset) / bytes) {
        request_fail(request, GHCB_ERROR_BAD_SCRATCH);
        return NULL;
    }
    return request->ghcb.shared + offset;
}

static void string_io(struct honest_request *request, uint16_t port, unsigned bytes, bool in)
{
    uint64_t units = request->exit->nae_info2;
    uint8_t *at = scratch(request, units, bytes);
    for (uint64_t unit = 0; at != NULL && unit < units; unit++, at += bytes) {
        uint32_t value = 0;
        if (in) {
            value = port_read(request, port, bytes);
            memcpy(at, &value, bytes);
        } else {
            memcpy(&value, at, bytes);
            port_write(request, port, bytes, value);
        }
    }
}

/* An access to what is no memory: SW_EXITINFO1 is the address, 2 the bytes. A device's registers
 * have 32 bits; what an access has beyond that reads 0. */
void request_mmio(struct honest_request *request, bool write)
{
    const struct hv_exit *exit = request->exit;
    uint64_t gpa = exit->nae_info1, bytes = exit->nae_info2;
    if (bytes == 0 || bytes > sizeof(uint64_t) || !device_mmio_has(request->machine, gpa, bytes)) {
        request_fail(request, GHCB_ERROR_INVALID_INPUT);
        return;
    }
    uint8_t *at = scratch(request, 1, (unsigned)bytes);
    uint64_t value = 0;
    if (at == NULL)
        return;
    if (write) {
        memcpy(&value, at, bytes);
        device_mmio_write(request->machine, exit->vmpl, gpa, (uint32_t)value);
    } else {
        value = device_mmio_read(request->machine, gpa);
        memcpy(at, &value, bytes);
    }
}

void request_ioio(struct honest_request *request)
{
    uint64_t info = request->exit->nae_info1;
    uint16_t port = (uint16_t)(info >> 16);
    unsigned bytes = info >> 4 & 7;
    bool in = info & IOIO_IN;
    if (bytes != 1 && bytes != 2 && bytes != 4)
        request_fail(request, GHCB_ERROR_INVALID_INPUT);
    else if (info & IOIO_STRING)
        string_io(request, port, bytes, in);
    else if (in)
        request_give_rax(request, port_read(request, port, bytes));
    else if (request_needs(request, GHCB_AT(rax)))
        port_write(request, port, bytes, (uint32_t)request->ghcb.rax);
}
