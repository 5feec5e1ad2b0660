/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest messages (SEV-SNP ABI 56860, chapter "Guest messages"): the layouts that a guest and the
 * firmware share, and what the emulator is told about the last one.
 */
#ifndef PROVA_PSP_MESSAGE_H
#define PROVA_PSP_MESSAGE_H

#include "psp/cpuid.h"
#include "psp/report.h"
#include "psp/status.h"

enum psp_msg_type {
    PSP_MSG_CPUID_REQ = 0x01,
    PSP_MSG_CPUID_RSP = 0x02,
    PSP_MSG_KEY_REQ = 0x03,
    PSP_MSG_KEY_RSP = 0x04,
    PSP_MSG_REPORT_REQ = 0x05,
    PSP_MSG_REPORT_RSP = 0x06,
    PSP_MSG_EXPORT_REQ = 0x07,
    PSP_MSG_IMPORT_REQ = 0x09,
    PSP_MSG_ABSORB_REQ = 0x0b,
    PSP_MSG_VMRK_REQ = 0x0d,
    PSP_MSG_ABSORB_NOMA_REQ = 0x0f,
    PSP_MSG_TSC_INFO_REQ = 0x11,
    PSP_MSG_TSC_INFO_RSP = 0x12,
};

enum {
    PSP_MSG_ALGO_AES_256_GCM = 1,
    PSP_MSG_HEADER_VERSION = 1,
    PSP_MSG_VERSION = 1,
    PSP_MSG_HEADER_BYTES = 0x60,
    PSP_MSG_AAD_OFFSET = 0x30, /* additional authenticated data: 0x30..0x5f */
    PSP_MSG_AAD_BYTES = 0x30,
    PSP_MSG_TAG_BYTES = 16,
    PSP_MSG_PAYLOAD_MAX = 4096 - PSP_MSG_HEADER_BYTES,
};

struct psp_msg_header {
    uint8_t authtag[32]; /* 16 used */
    uint64_t msg_seqno;
    uint64_t reserved1;
    uint8_t algo;
    uint8_t hdr_version;
    uint16_t hdr_size;
    uint8_t msg_type;
    uint8_t msg_version;
    uint16_t msg_size;
    uint32_t reserved2;
    uint8_t msg_vmpck;
    uint8_t reserved3[35];
};
_Static_assert(sizeof(struct psp_msg_header) == PSP_MSG_HEADER_BYTES, "ABI message header");

struct psp_report_req {
    uint8_t report_data[64];
    uint32_t vmpl;
    uint32_t key_sel; /* bits 1:0: 0 VLEK if loaded else VCEK, 1 VCEK, 2 VLEK */
    uint8_t reserved[24];
};
_Static_assert(sizeof(struct psp_report_req) == 0x60, "ABI MSG_REPORT_REQ");

struct psp_report_rsp {
    uint32_t status;
    uint32_t report_size;
    uint8_t reserved[24];
    struct psp_report report;
};
_Static_assert(sizeof(struct psp_report_rsp) == 0x4c0, "ABI MSG_REPORT_RSP");

/* Bits of psp_key_req.guest_field_select. */
enum psp_key_field {
    PSP_KEY_POLICY = 1 << 0,
    PSP_KEY_IMAGE_ID = 1 << 1,
    PSP_KEY_FAMILY_ID = 1 << 2,
    PSP_KEY_MEASUREMENT = 1 << 3,
    PSP_KEY_GUEST_SVN = 1 << 4,
    PSP_KEY_TCB = 1 << 5,
    PSP_KEY_FIELDS = 0x3f,
};

struct psp_key_req {
    uint32_t key_select; /* bit 0 ROOT_KEY_SELECT: 0 VCEK, 1 VMRK; bits 2:1 KEY_SEL as above */
    uint32_t reserved;
    uint64_t guest_field_select;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb_version;
};
_Static_assert(sizeof(struct psp_key_req) == 0x20, "ABI MSG_KEY_REQ");

struct psp_key_rsp {
    uint32_t status;
    uint8_t reserved[28];
    uint8_t derived_key[32];
};
_Static_assert(sizeof(struct psp_key_rsp) == 0x40, "ABI MSG_KEY_RSP");

/* What the derived key is computed over (docs/psp.md says which points are the model's choice). */
struct psp_key_context {
    uint32_t flags; /* bit 0 root key, bits 2:1 which key digest: 0 none, 1 ID key, 2 author key */
    uint32_t reserved;
    uint64_t guest_field_select;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb_version;
    uint64_t policy;
    uint8_t image_id[16];
    uint8_t family_id[16];
    uint8_t measurement[32]; /* the first 32 of 48 */
    uint8_t host_data[32];
    uint8_t key_digest[32]; /* the first 32 of 48 */
};
_Static_assert(sizeof(struct psp_key_context) == 0xa8, "derived key context");

/* Followed by count functions in request and answer; count is at 0 there, status at 0 here. */
struct psp_cpuid_req_head {
    uint32_t count;
    uint32_t reserved1;
    uint64_t reserved2;
};
_Static_assert(sizeof(struct psp_cpuid_req_head) == 16, "ABI MSG_CPUID_REQ");

struct psp_cpuid_rsp_head {
    uint32_t status;
    uint32_t count;
    uint64_t reserved;
};
_Static_assert(sizeof(struct psp_cpuid_rsp_head) == 16, "ABI MSG_CPUID_RSP");

struct psp_tsc_info_req {
    uint8_t reserved[128];
};

struct psp_tsc_info_rsp {
    uint32_t status;
    uint32_t reserved1;
    uint64_t tsc_scale;
    uint64_t tsc_offset;
    uint32_t tsc_factor;
    uint8_t reserved2[100];
};
_Static_assert(sizeof(struct psp_tsc_info_rsp) == 128, "ABI MSG_TSC_INFO_RSP");

/*
 * One SNP_GUEST_REQUEST as the firmware saw it, for events and for the invariant psp-sequence.
 * Fields are filled as far as processing came; everything else is zero.
 */
struct psp_guest_message {
    bool header_ok; /* type, vmpck, seqno, request_bytes are those of a well-formed header */
    bool authentic; /* the tag was good: plaintext is valid */
    bool answered;  /* a response was written */
    uint8_t msg_type;
    uint8_t vmpck;
    uint64_t seqno;
    uint32_t request_bytes; /* header and ciphertext: what lies in the request page */
    uint32_t response_bytes;
    uint32_t payload_status; /* enum psp_status in the answer's payload */
    /* Hash this to tell plaintexts apart: additional authenticated data, then the payload. */
    uint32_t plaintext_bytes;
    uint8_t plaintext[PSP_MSG_AAD_BYTES + PSP_MSG_PAYLOAD_MAX];
    bool key_derived; /* derived_key was handed to the guest, for key_vmpl */
    uint8_t key_vmpl;
    uint8_t derived_key[32];
};

#endif
