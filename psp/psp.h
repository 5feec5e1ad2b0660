/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SEV-SNP firmware (PSP) as a pure model of its mailbox commands (SEV-SNP ABI 56860).
 *
 * struct psp is plain bytes: copying it saves and restores the firmware. Random numbers come from a
 * generator inside it, so the same configuration gives the same keys, reports and signatures on
 * every host. Commands work on the RMP and on memory directly; a command that fails changes neither
 * them nor the firmware, except where its comment says so. The caller emits the events and drops
 * cached translations of the pages a command touched.
 *
 * Order of checks of every command: platform state, addresses, guest context, guest state, then as
 * the command says.
 */
#ifndef PROVA_PSP_PSP_H
#define PROVA_PSP_PSP_H

#include "psp/launch.h"
#include "psp/message.h"
#include "psp/random.h"
#include "rmp/memory.h"

enum { PSP_GCTX_MAX = 4, PSP_DERIVED_MAX = 32, PSP_SECRET_NAME_BYTES = 32 };

/* TCB_VERSION: one security version per byte (Milan and Genoa). */
enum psp_tcb_shift {
    PSP_TCB_BOOTLOADER = 0,
    PSP_TCB_TEE = 8,
    PSP_TCB_SNP = 48,
    PSP_TCB_MICROCODE = 56,
};

struct psp_config {
    uint64_t seed;        /* of the random numbers of this run */
    uint64_t chip_seed;   /* of the chip: identity, VCEK, certificates */
    uint64_t current_tcb; /* TCB_VERSIONs; each part: reported <= committed <= current */
    uint64_t committed_tcb;
    uint64_t reported_tcb;      /* the VCEK is that of this version */
    uint64_t platform_info;     /* enum psp_platform_bit */
    struct psp_version version; /* of the firmware; the highest ABI a policy may ask for */
    uint32_t fms;               /* CPUID Fn0000_0001 EAX of the processor */
    uint32_t tsc_factor;        /* of secrets page and MSG_TSC_INFO */
    uint64_t tsc_scale;         /* 8.32 fixed point, 1 << 32 is 1.0 */
    uint64_t tsc_offset;
    struct psp_cpuid_table cpuid;
};

/* Milan-like values, everything from one seed; the CPUID table is empty (every leaf must be 0). */
void psp_config_default(struct psp_config *config, uint64_t seed);

enum psp_platform_state { PSP_PLATFORM_UNINIT, PSP_PLATFORM_INIT };
enum psp_guest_state { PSP_GUEST_INIT, PSP_GUEST_LAUNCH, PSP_GUEST_RUNNING };

/* A key that MSG_KEY_RSP handed out. */
struct psp_derived {
    uint8_t key[32];
    uint8_t vmpl;  /* the VMPL field of the request */
    uint8_t vmpck; /* the channel it went out by */
};

/* The guest context. The page at spa holds only an opaque image. */
struct psp_gctx {
    bool used;
    bool imi_en;
    bool id_block_en;
    bool author_key_en;
    uint64_t spa;
    enum psp_guest_state state;
    uint32_t asid; /* 0: not active */
    uint64_t policy;
    uint64_t launch_tcb;
    uint64_t ma_gctx_spa; /* 0: no migration agent */
    uint8_t gosvw[16];
    uint8_t vek[MEMORY_KEY_BYTES];
    uint8_t oek[32];
    uint8_t vmpck[VMPL_COUNT][32];
    uint8_t vmrk[32];
    uint8_t report_id[32];
    uint8_t report_id_ma[32];
    uint64_t msg_count[VMPL_COUNT];
    struct measure ld;  /* launch digest */
    struct measure imd; /* digest of the initial migration image */
    uint8_t host_data[32];
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t guest_svn;
    uint8_t id_key_digest[PSP_DIGEST_BYTES];
    uint8_t author_key_digest[PSP_DIGEST_BYTES];
    uint32_t derived_count;   /* of derived[]; equal keys are kept once */
    uint32_t derived_dropped; /* handed out when derived[] was full */
    struct psp_derived derived[PSP_DERIVED_MAX];
};

struct psp {
    struct psp_config config;
    enum psp_platform_state state;
    struct psp_random random;
    uint8_t chip_id[64];
    uint8_t key_root[32]; /* chip-bound root of derived keys (ROOT_KEY_SELECT = 0) */
    struct psp_key_pair vcek;
    uint32_t asids_to_flush; /* bit n: ASID n was used, and no DF_FLUSH since */
    struct psp_gctx gctx[PSP_GCTX_MAX];
};

/* What the firmware reaches: the RMP and system memory of the machine. */
struct psp_bus {
    struct rmp *rmp;
    struct memory *memory;
};

/* Power-on: the chip's identity and keys exist, the platform is UNINIT. */
void psp_init(struct psp *psp, const struct psp_config *config);

/* SNP_INIT (0x81). UNINIT -> INIT. */
enum psp_status psp_platform_init(struct psp *psp);

struct psp_platform_status {
    uint8_t api_major, api_minor, state, build;
    uint32_t guest_count;
    uint64_t current_tcb, reported_tcb;
};
enum psp_status psp_platform_status(const struct psp *psp, struct psp_platform_status *out);

/* SNP_DF_FLUSH (0x84): ASIDs of decommissioned guests may be activated again. */
enum psp_status psp_df_flush(struct psp *psp);

/* SNP_GCTX_CREATE (0x93). The page: 4 KiB, Firmware -> Context. */
enum psp_status psp_gctx_create(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa);

/* SNP_LAUNCH_START (0xa0). INIT -> LAUNCH; keys and report id are drawn. */
enum psp_status psp_launch_start(struct psp *psp, const struct psp_bus *bus,
                                 const struct psp_launch_start *params);

/* SNP_ACTIVATE (0x91). LAUNCH or RUNNING; installs the guest's key for the ASID. */
enum psp_status psp_activate(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                             uint32_t asid);

/*
 * SNP_LAUNCH_UPDATE (0xa1). Measures, encrypts in place, Pre-Guest -> Guest-Valid. A CPUID page
 * that is refused (INVALID_PARAM) is corrected in place, for the hypervisor to try again.
 */
enum psp_status psp_launch_update(struct psp *psp, const struct psp_bus *bus,
                                  const struct psp_launch_update *params);

/* SNP_LAUNCH_FINISH (0xa2). LAUNCH -> RUNNING. */
enum psp_status psp_launch_finish(struct psp *psp, const struct psp_bus *bus,
                                  const struct psp_launch_finish *params);

struct psp_guest_status {
    uint64_t policy;
    uint32_t asid;
    uint8_t state; /* enum psp_guest_state */
};
/* SNP_GUEST_STATUS (0x92). */
enum psp_status psp_guest_status(const struct psp *psp, const struct psp_bus *bus,
                                 uint64_t gctx_spa, struct psp_guest_status *out);

/*
 * SNP_GUEST_REQUEST (0x94). The response page must be in Firmware state. If the result is not
 * SUCCESS nothing was written and no sequence number was used. message may be NULL.
 */
enum psp_status psp_guest_request(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                                  uint64_t req_spa, uint64_t resp_spa,
                                  struct psp_guest_message *message);

/*
 * An observer's look at a request page, as psp_guest_request() would open it; nothing is counted or
 * answered. SUCCESS: the message is authentic, whatever its sequence number.
 */
enum psp_status psp_message_open(const struct psp_gctx *gctx, const uint8_t page[PAGE_BYTES],
                                 struct psp_guest_message *message);

/*
 * SNP_DBG_DECRYPT (0xb0): the plaintext of the guest's 4 KiB page at src_spa goes to dst_spa, which
 * must be in Firmware state. Only if the guest policy has the DEBUG bit.
 */
enum psp_status psp_dbg_decrypt(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa,
                                uint64_t src_spa, uint64_t dst_spa);

/* SNP_PAGE_RECLAIM (0xc7). */
enum psp_status psp_page_reclaim(struct psp *psp, const struct psp_bus *bus, uint64_t spa,
                                 enum page_size size);

/*
 * SNP_DECOMMISSION (0x90). Context -> Firmware; the guest's pages stay assigned to the ASID and its
 * plaintext is gone: every page still held in the ASID's view goes back to raw DRAM bytes.
 */
enum psp_status psp_decommission(struct psp *psp, const struct psp_bus *bus, uint64_t gctx_spa);

/* The context whose page is at spa, or NULL. */
const struct psp_gctx *psp_gctx_find(const struct psp *psp, uint64_t gctx_spa);

/* The secrets of a guest, for the invariant secret-containment: VMPCK0..3, then derived keys. */
struct psp_secret {
    char name[PSP_SECRET_NAME_BYTES]; /* "VMPCK0", "derived-key-3" */
    uint8_t bytes[32];
    uint8_t vmpl; /* VMPLs 0..vmpl may hold it */
};
uint32_t psp_secret_count(const struct psp_gctx *gctx);
/* False if index is out of range. Secrets exist from LAUNCH_START on. */
bool psp_secret_get(const struct psp_gctx *gctx, uint32_t index, struct psp_secret *out);

#endif
