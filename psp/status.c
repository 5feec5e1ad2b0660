/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp/status.h"

const char *psp_status_name(uint32_t status)
{
    switch (status) {
    case PSP_SUCCESS: return "SUCCESS";
    case PSP_INVALID_PLATFORM_STATE: return "INVALID_PLATFORM_STATE";
    case PSP_INVALID_GUEST_STATE: return "INVALID_GUEST_STATE";
    case PSP_INVALID_CONFIG: return "INVALID_CONFIG";
    case PSP_POLICY_FAILURE: return "POLICY_FAILURE";
    case PSP_INACTIVE: return "INACTIVE";
    case PSP_INVALID_ADDRESS: return "INVALID_ADDRESS";
    case PSP_BAD_SIGNATURE: return "BAD_SIGNATURE";
    case PSP_BAD_MEASUREMENT: return "BAD_MEASUREMENT";
    case PSP_ASID_OWNED: return "ASID_OWNED";
    case PSP_INVALID_ASID: return "INVALID_ASID";
    case PSP_DFFLUSH_REQUIRED: return "DFFLUSH_REQUIRED";
    case PSP_INVALID_GUEST: return "INVALID_GUEST";
    case PSP_INVALID_COMMAND: return "INVALID_COMMAND";
    case PSP_ACTIVE: return "ACTIVE";
    case PSP_UNSUPPORTED: return "UNSUPPORTED";
    case PSP_INVALID_PARAM: return "INVALID_PARAM";
    case PSP_RESOURCE_LIMIT: return "RESOURCE_LIMIT";
    case PSP_INVALID_PAGE_SIZE: return "INVALID_PAGE_SIZE";
    case PSP_INVALID_PAGE_STATE: return "INVALID_PAGE_STATE";
    case PSP_INVALID_MDATA_ENTRY: return "INVALID_MDATA_ENTRY";
    case PSP_INVALID_PAGE_OWNER: return "INVALID_PAGE_OWNER";
    case PSP_AEAD_OFLOW: return "AEAD_OFLOW";
    case PSP_INVALID_KEY: return "INVALID_KEY";
    default: return "unknown";
    }
}

const char *psp_command_name(uint32_t command)
{
    switch (command) {
    case PSP_CMD_INIT: return "INIT";
    case PSP_CMD_PLATFORM_STATUS: return "PLATFORM_STATUS";
    case PSP_CMD_DF_FLUSH: return "DF_FLUSH";
    case PSP_CMD_DECOMMISSION: return "DECOMMISSION";
    case PSP_CMD_ACTIVATE: return "ACTIVATE";
    case PSP_CMD_GUEST_STATUS: return "GUEST_STATUS";
    case PSP_CMD_GCTX_CREATE: return "GCTX_CREATE";
    case PSP_CMD_GUEST_REQUEST: return "GUEST_REQUEST";
    case PSP_CMD_LAUNCH_START: return "LAUNCH_START";
    case PSP_CMD_LAUNCH_UPDATE: return "LAUNCH_UPDATE";
    case PSP_CMD_LAUNCH_FINISH: return "LAUNCH_FINISH";
    case PSP_CMD_DBG_DECRYPT: return "DBG_DECRYPT";
    case PSP_CMD_PAGE_RECLAIM: return "PAGE_RECLAIM";
    default: return "unknown";
    }
}
