/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the firmware's mailbox interface (SEV-SNP ABI 56860, chapter 4 status codes, chapter 8
 * commands). psp_status is what a command leaves in the mailbox, and what the status field of a
 * guest message's answer holds.
 */
#ifndef PROVA_PSP_STATUS_H
#define PROVA_PSP_STATUS_H

#include <stdint.h>

enum psp_status {
    PSP_SUCCESS = 0x00,
    PSP_INVALID_PLATFORM_STATE = 0x01,
    PSP_INVALID_GUEST_STATE = 0x02,
    PSP_INVALID_CONFIG = 0x03,
    PSP_POLICY_FAILURE = 0x07,
    PSP_INACTIVE = 0x08,
    PSP_INVALID_ADDRESS = 0x09,
    PSP_BAD_SIGNATURE = 0x0a,
    PSP_BAD_MEASUREMENT = 0x0b,
    PSP_ASID_OWNED = 0x0c,
    PSP_INVALID_ASID = 0x0d,
    PSP_DFFLUSH_REQUIRED = 0x0f,
    PSP_INVALID_GUEST = 0x10,
    PSP_INVALID_COMMAND = 0x11,
    PSP_ACTIVE = 0x12,
    PSP_UNSUPPORTED = 0x15,
    PSP_INVALID_PARAM = 0x16,
    PSP_RESOURCE_LIMIT = 0x17,
    PSP_INVALID_PAGE_SIZE = 0x19,
    PSP_INVALID_PAGE_STATE = 0x1a,
    PSP_INVALID_MDATA_ENTRY = 0x1b,
    PSP_INVALID_PAGE_OWNER = 0x1c,
    PSP_AEAD_OFLOW = 0x1d,
    PSP_INVALID_KEY = 0x27,
};

/* Mailbox command numbers of the commands that are modelled. */
enum psp_command {
    PSP_CMD_INIT = 0x81,
    PSP_CMD_PLATFORM_STATUS = 0x83,
    PSP_CMD_DF_FLUSH = 0x84,
    PSP_CMD_DECOMMISSION = 0x90,
    PSP_CMD_ACTIVATE = 0x91,
    PSP_CMD_GUEST_STATUS = 0x92,
    PSP_CMD_GCTX_CREATE = 0x93,
    PSP_CMD_GUEST_REQUEST = 0x94,
    PSP_CMD_LAUNCH_START = 0xa0,
    PSP_CMD_LAUNCH_UPDATE = 0xa1,
    PSP_CMD_LAUNCH_FINISH = 0xa2,
    PSP_CMD_DBG_DECRYPT = 0xb0,
    PSP_CMD_PAGE_RECLAIM = 0xc7,
};

/* "INVALID_PARAM", "LAUNCH_UPDATE"; "unknown" for any other number. Never NULL. */
const char *psp_status_name(uint32_t status);
const char *psp_command_name(uint32_t command);

#endif
