/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions of the vCPU's own pages, by range and by list, and what else has a known result. */
#include "monitor/guest/fuzz.h"
#include "monitor/lib/string.h"
#include "monitor/snp.h"

enum { ENTRIES_MAX = 12, RETRIES_MAX = 64 };

struct entry {
    uint64_t raw;   /* as it goes into the list */
    uint64_t first; /* page of the map */
    uint32_t bad;   /* results, if it is no entry of own pages */
    bool large, validate, ignore_carry;
    bool memory; /* the guest's, so that LockKernel may hold it for a moment */
};

static uint64_t gpa_of(const struct fuzzer *fuzzer, uint64_t page)
{
    return fuzzer->map.base + page * PAGE_BYTES;
}

static uint32_t convert_number(bool to_shared)
{
    return to_shared ? SVSM_VERISMO_SET_PAGE_SHARED : SVSM_VERISMO_SET_PAGE_PRIVATE;
}

static uint64_t some_count(struct fuzzer *fuzzer, uint64_t room)
{
    uint64_t most = fuzz_once_in(&fuzzer->random, 64)  ? room
                    : fuzz_once_in(&fuzzer->random, 4) ? 16
                                                       : 1;
    return 1 + fuzz_below(&fuzzer->random, most < room ? most : room);
}

static void range_good(struct fuzzer *fuzzer)
{
    const bool to_shared = fuzz_once_in(&fuzzer->random, 2);
    const uint64_t first = fuzz_below(&fuzzer->random, MAP_PAGES);
    const uint64_t pages = some_count(fuzzer, MAP_PAGES - first);
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = convert_number(to_shared),
        .regs = {.rcx = gpa_of(fuzzer, first), .rdx = pages},
    };
    const uint32_t allowed = map_convert_results(&fuzzer->map, first, pages, to_shared);
    const uint32_t code = fuzz_issue(fuzzer, &request);
    fuzz_judge(fuzzer, &request, code, allowed | fuzz_sweep_results(fuzzer));
    if (code == SVSM_SUCCESS) {
        map_converted(&fuzzer->map, first, pages, to_shared);
        map_settle(&fuzzer->map, first, pages);
    }
}

/* Of the addresses that no call accepts only this one is the guest's memory. */
static bool is_own_area(const struct fuzzer *fuzzer, uint64_t gpa)
{
    return gpa == (uint64_t)fuzzer->guest->area;
}

static void range_bad(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    const bool bad_count = fuzz_once_in(random, 2);
    const uint64_t counts[] = {SVSM_PAGES_MAX + 1, UINT64_C(1) << 52, UINT64_MAX,
                               fuzz_random(random) | 1 << 13};
    struct fuzz_request request = {
        .protocol = SVSM_PROTOCOL_VERISMO,
        .number = convert_number(fuzz_once_in(random, 2)),
        .regs = {.rcx = bad_count ? gpa_of(fuzzer, 0) : fuzz_bad_gpa(fuzzer),
                 .rdx = bad_count ? counts[fuzz_below(random, 4)] : 1},
    };
    const bool area = !bad_count && is_own_area(fuzzer, request.regs.rcx);
    const uint32_t code = fuzz_issue(fuzzer, &request);
    fuzz_judge(fuzzer, &request, code,
               (bad_count ? CAN_PARAMETER : CAN_ADDRESS) | (area ? fuzz_sweep_results(fuzzer) : 0));
}

/* An entry of either kind of list: own pages mostly, of 2 MiB now and then. */
static struct entry entry_make(struct fuzzer *fuzzer, bool pvalidate)
{
    uint64_t *random = &fuzzer->random;
    struct entry entry = {
        .first = fuzz_below(random, MAP_PAGES),
        .large = fuzz_once_in(random, 32),
        .validate = pvalidate && fuzz_once_in(random, 2),
        .ignore_carry = pvalidate && fuzz_once_in(random, 4),
        .memory = true,
    };
    if (entry.large) {
        entry.first = 0;
    }
    entry.raw = gpa_of(fuzzer, entry.first) | entry.large |
                (entry.validate ? SVSM_PVALIDATE_VALIDATE : 0) |
                (entry.ignore_carry ? SVSM_PVALIDATE_IGNORE_CARRY : 0);
    if (fuzz_once_in(random, 16)) {
        const uint64_t gpa = fuzz_bad_gpa(fuzzer);
        entry.raw = gpa & ~(PAGE_BYTES - 1);
        entry.bad = CAN_ADDRESS;
        entry.memory = is_own_area(fuzzer, gpa);
        if (gpa % PAGE_BYTES != 0) { /* bits that are reserved in every list */
            entry.raw |= 0x10;
            entry.bad = CAN_PARAMETER | CAN_ADDRESS;
        }
    }
    return entry;
}

static uint32_t entry_results(const struct fuzzer *fuzzer, const struct entry *entry,
                              uint32_t number, bool pvalidate)
{
    if (entry->bad) {
        return entry->bad;
    }
    if (pvalidate) {
        return map_pvalidate_results(&fuzzer->map, entry->first, entry->large, entry->validate,
                                     entry->ignore_carry);
    }
    return map_convert_results(&fuzzer->map, entry->first, entry->large ? MAP_PAGES : 1,
                               number == SVSM_VERISMO_SET_PAGE_SHARED);
}

static void entry_done(struct fuzzer *fuzzer, const struct entry *entry, uint32_t number,
                       bool pvalidate)
{
    if (pvalidate) {
        map_pvalidated(&fuzzer->map, entry->first, entry->large, entry->validate);
    } else {
        map_converted(&fuzzer->map, entry->first, entry->large ? MAP_PAGES : 1,
                      number == SVSM_VERISMO_SET_PAGE_SHARED);
    }
}

/* The page of the list, which the call holds unless it is the calling area. */
static uint64_t list_page(const struct fuzz_request *request)
{
    const bool core = request->protocol == SVSM_PROTOCOL_CORE;
    return (core ? request->sent.rcx : request->sent.r8) & ~(PAGE_BYTES - 1);
}

/* Entries before `next` were done, in order; the one at `next` is what the code is about, or the
 * page of the list. A page that comes twice is still held when the list of a batch comes to it
 * again. */
static void list_account(struct fuzzer *fuzzer, const struct fuzz_request *request, uint32_t code,
                         const struct entry *entries, unsigned from, unsigned next, bool pvalidate)
{
    for (unsigned i = from; i < next; i++) {
        uint32_t results = entry_results(fuzzer, &entries[i], request->number, pvalidate);
        fuzz_judge(fuzzer, request, SVSM_SUCCESS, results);
        if (results & CAN_SUCCEED) {
            entry_done(fuzzer, &entries[i], request->number, pvalidate);
        }
    }
    if (code == SVSM_SUCCESS || code == (uint32_t)SVSM_INCOMPLETE) {
        return;
    }
    uint32_t results = entry_results(fuzzer, &entries[next], request->number, pvalidate);
    for (unsigned i = from; !pvalidate && i < next; i++) {
        bool overlap =
            entries[i].first == entries[next].first || entries[i].large || entries[next].large;
        results |= overlap ? CAN_BUSY : 0;
    }
    const bool list_held = next == from && !is_own_area(fuzzer, list_page(request));
    results |= entries[next].memory || list_held ? fuzz_sweep_results(fuzzer) : 0;
    fuzz_judge(fuzzer, request, code, results & ~(uint32_t)CAN_SUCCEED);
    map_pvalidate_failed(&fuzzer->map, entries[next].first, pvalidate && entries[next].large);
}

/* Makes the call until the list is done or refused. head: two words of `width` bytes, entries and
 * next, as both lists begin. */
static void list_run(struct fuzzer *fuzzer, struct fuzz_request *request, uint8_t *list,
                     unsigned width, const struct entry *entries, unsigned count, bool pvalidate)
{
    unsigned next = 0;
    uint32_t code = (uint32_t)SVSM_INCOMPLETE;
    memset(list, 0, 8);
    memcpy(list, &count, width);
    for (unsigned i = 0; i < count; i++) {
        memcpy(list + 8 + i * sizeof entries[i].raw, &entries[i].raw, sizeof entries[i].raw);
    }
    const struct guest_call regs = request->regs;
    for (unsigned i = 0; i < RETRIES_MAX && code == (uint32_t)SVSM_INCOMPLETE; i++) {
        unsigned after = 0;
        request->regs = regs;
        code = fuzz_issue(fuzzer, request);
        memcpy(&after, list + width, width);
        bool sane = after >= next && after <= count && (code == SVSM_SUCCESS) == (after == count);
        if (!sane) {
            fuzz_judge(fuzzer, request, code, 0);
            return;
        }
        list_account(fuzzer, request, code, entries, next, after, pvalidate);
        for (unsigned k = 0; k < count; k++) {
            map_settle(&fuzzer->map, entries[k].first, entries[k].large ? MAP_PAGES : 1);
        }
        next = after;
    }
    fuzz_judge(fuzzer, request, code, ~(uint32_t)CAN_INCOMPLETE);
}

static void list_good(struct fuzzer *fuzzer, bool pvalidate)
{
    static struct entry entries[LAUNCH_CPUS_MAX][ENTRIES_MAX];
    static uint8_t pages[LAUNCH_CPUS_MAX][4096]
        __attribute__((aligned(4096), section(".bss.page")));
    struct entry *own = entries[fuzzer->guest->index];
    uint8_t *list = pages[fuzzer->guest->index];
    const unsigned count = 1 + (unsigned)fuzz_below(&fuzzer->random, ENTRIES_MAX);
    for (unsigned i = 0; i < count; i++) {
        own[i] = entry_make(fuzzer, pvalidate);
    }
    struct fuzz_request request = {
        .protocol = pvalidate ? SVSM_PROTOCOL_CORE : SVSM_PROTOCOL_VERISMO,
        .number =
            pvalidate ? SVSM_CORE_PVALIDATE : convert_number(fuzz_once_in(&fuzzer->random, 2)),
    };
    if (pvalidate && fuzz_once_in(&fuzzer->random, 2)) {
        list = fuzzer->guest->area->argument;
    }
    *(pvalidate ? &request.regs.rcx : &request.regs.r8) = (uint64_t)list;
    list_run(fuzzer, &request, list, pvalidate ? 2 : 4, own, count, pvalidate);
}

/* The calling area goes to a page of the map, and back. */
static void area_move(struct fuzzer *fuzzer)
{
    struct map *map = &fuzzer->map;
    const uint64_t page = fuzz_below(&fuzzer->random, MAP_PAGES);
    const bool home = fuzzer->area_moved && fuzz_once_in(&fuzzer->random, 2);
    struct svsm_calling_area *area =
        home ? fuzzer->home : (struct svsm_calling_area *)gpa_of(fuzzer, page);
    struct fuzz_request request = {.protocol = SVSM_PROTOCOL_CORE,
                                   .number = SVSM_CORE_REMAP_CA,
                                   .regs = {.rcx = (uint64_t)area}};
    const bool same = area == fuzzer->guest->area; /* not held, since nothing changes */
    const bool good = home || map->state[page] == MAP_PRIVATE || map->state[page] == MAP_AREA;
    const uint32_t code = fuzz_issue(fuzzer, &request);
    fuzz_judge(fuzzer, &request, code,
               (good ? CAN_SUCCEED : CAN_ADDRESS) | (same ? 0 : fuzz_sweep_results(fuzzer)));
    if (code != SVSM_SUCCESS || same) {
        return;
    }
    fuzzer->guest->area = area;
    if (fuzzer->area_moved) {
        map_area_set(map, fuzzer->area_page, false);
    }
    fuzzer->area_moved = !home;
    fuzzer->area_page = page;
    if (!home) {
        map_area_set(map, page, true);
    }
}

static void small_call(struct fuzzer *fuzzer)
{
    const struct {
        uint32_t protocol, number, results;
    } calls[] = {
        {SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_SWITCH, CAN_SUCCEED},
        {SVSM_PROTOCOL_VERISMO, SVSM_VERISMO_EXTEND_PCR, CAN_SUCCEED},
        {SVSM_PROTOCOL_CORE, SVSM_CORE_QUERY_PROTOCOL, CAN_SUCCEED},
        {SVSM_PROTOCOL_VERISMO, 3, CAN_NO_CALL},
        {SVSM_PROTOCOL_VERISMO, 0x80000001, CAN_NO_CALL},
        {SVSM_PROTOCOL_CORE, 0x7f, CAN_NO_CALL},
        {0x7ffffff, 0, CAN_NO_PROTOCOL},
    };
    const unsigned nth = (unsigned)fuzz_below(&fuzzer->random, sizeof calls / sizeof calls[0]);
    struct fuzz_request request = {
        .protocol = calls[nth].protocol,
        .number = calls[nth].number,
        .regs = {.rcx = fuzz_random(&fuzzer->random),
                 .rdx = fuzz_random(&fuzzer->random),
                 .r8 = fuzz_random(&fuzzer->random),
                 .r9 = fuzz_random(&fuzzer->random)},
    };
    fuzz_judge(fuzzer, &request, fuzz_issue(fuzzer, &request), calls[nth].results);
}

void fuzz_exact(struct fuzzer *fuzzer)
{
    uint64_t *random = &fuzzer->random;
    switch (fuzz_below(random, 8)) {
    case 0:
    case 1:
    case 2: range_good(fuzzer); break;
    case 3: range_bad(fuzzer); break;
    case 4: list_good(fuzzer, true); break;
    case 5: list_good(fuzzer, false); break;
    case 6: small_call(fuzzer); break;
    default: area_move(fuzzer);
    }
    map_touch(&fuzzer->map, fuzz_below(random, MAP_PAGES), fuzz_random(random));
}
