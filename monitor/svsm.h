/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls from the guest: SVSM calling convention (58019 section 5) and result codes, the Core
 * protocol, and the monitor's own protocol (docs/monitor.md). Shared with the guests.
 */
#ifndef MONITOR_SVSM_H
#define MONITOR_SVSM_H

#include <stddef.h>
#include <stdint.h>

/* RAX after a call, in its low 32 bits. */
enum svsm_result {
    SVSM_SUCCESS = 0,
    SVSM_INCOMPLETE = (int)0x80000000,
    SVSM_UNSUPPORTED_PROTOCOL = (int)0x80000001,
    SVSM_UNSUPPORTED_CALL = (int)0x80000002,
    SVSM_INVALID_ADDRESS = (int)0x80000003,
    SVSM_INVALID_FORMAT = (int)0x80000004,
    SVSM_INVALID_PARAMETER = (int)0x80000005,
    SVSM_INVALID_REQUEST = (int)0x80000006,
    SVSM_BUSY = (int)0x80000007,
    SVSM_IN_USE = (int)0x80001003,        /* DELETE_VCPU: it serves a call at the moment */
    SVSM_SIZE_MISMATCH = (int)0x80001006, /* PVALIDATE: the RMP holds pages of the other size */
    SVSM_NO_CHANGE = (int)0x80001010,     /* the page is already in the state asked for */
    SVSM_TAG = (int)0x80001200,           /* Decrypt: not what Encrypt gave */
    SVSM_FIRMWARE = (int)0x80001100,      /* the firmware channel gives no report any more */
};

#define SVSM_PROTOCOL_CORE        UINT32_C(0)
#define SVSM_PROTOCOL_ATTESTATION UINT32_C(1)
#define SVSM_PROTOCOL_VERISMO     UINT32_C(0x56534d00) /* "VSM", 0 */
enum { SVSM_PROTOCOL_VERSION = 1 };

enum svsm_core_call {
    SVSM_CORE_REMAP_CA = 0,
    SVSM_CORE_PVALIDATE = 1,
    SVSM_CORE_CREATE_VCPU = 2,
    SVSM_CORE_DELETE_VCPU = 3,
    SVSM_CORE_QUERY_PROTOCOL = 6,
    SVSM_CORE_CONFIGURE_VTOM = 7,
};

/* The numbers of the released VeriSMo. */
enum svsm_verismo_call {
    SVSM_VERISMO_SWITCH = 0,
    SVSM_VERISMO_SET_PAGE_PRIVATE = 1,
    SVSM_VERISMO_SET_PAGE_SHARED = 2,
    SVSM_VERISMO_EXTEND_PCR = 4,
    SVSM_VERISMO_LOCK_KERNEL = 5,
    SVSM_VERISMO_ATTEST = 6,
    SVSM_VERISMO_DERIVE_KEY = 7,
    SVSM_VERISMO_ENCRYPT = 8,
    SVSM_VERISMO_DECRYPT = 9,
    SVSM_VERISMO_WAKE_UP_AP = 10,
};

enum {
    SVSM_PAGES_MAX = 4095, /* SetPageShared, SetPagePrivate: pages of one call */
    SVSM_PCR_BYTES = 64,
    SVSM_REPORT_DATA_BYTES = 64,
    SVSM_ARGUMENT_OFFSET = 8, /* of data in the calling area */
};

/* Calling area, 58019 section 2: one page of guest memory per vCPU. */
struct svsm_calling_area {
    uint8_t call_pending;
    uint8_t memory_available;
    uint8_t no_eoi_required;
    uint8_t reserved_03[5];
    uint8_t argument[4096 - 8];
};
_Static_assert(offsetof(struct svsm_calling_area, argument) == SVSM_ARGUMENT_OFFSET, "argument");
_Static_assert(sizeof(struct svsm_calling_area) == 4096, "a page");

/* Operand of SVSM_CORE_PVALIDATE, 58019 section 6.2. */
struct svsm_pvalidate_header {
    uint16_t entries;
    uint16_t next;
    uint32_t reserved;
};
_Static_assert(sizeof(struct svsm_pvalidate_header) == 8, "8 bytes");

enum svsm_pvalidate_entry_bits {
    SVSM_PVALIDATE_SIZE_MASK = 3,
    SVSM_PVALIDATE_VALIDATE = 1 << 2,
    SVSM_PVALIDATE_IGNORE_CARRY = 1 << 3,
    SVSM_PVALIDATE_RESERVED = 0xff0,
};

#endif
