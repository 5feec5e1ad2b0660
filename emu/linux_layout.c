/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a place for everything that a Linux guest gets, around its kernel and the monitor. */
#include "emu/acpi.h"
#include "emu/linux_internal.h"
#include "rmp/addr.h"

enum { SPANS_MAX = 4, MIB_SHIFT = 20 };

/* What is taken already. */
struct spans {
    struct elf_range span[SPANS_MAX];
    size_t count;
};

static uint64_t page_up(uint64_t bytes)
{
    return page_base(bytes + PAGE_MASK);
}

static void span_add(struct spans *taken, uint64_t gpa, uint64_t bytes)
{
    g_assert(taken->count < SPANS_MAX);
    taken->span[taken->count++] = (struct elf_range){gpa, bytes};
}

/* The first of the taken that [gpa, gpa + bytes) overlaps; NULL if it is free. */
static const struct elf_range *span_hit(const struct spans *taken, uint64_t gpa, uint64_t bytes)
{
    for (size_t i = 0; i < taken->count; i++) {
        const struct elf_range *span = &taken->span[i];
        if (gpa < span->gpa + span->bytes && span->gpa < gpa + bytes)
            return span;
    }
    return NULL;
}

/* The lowest free 2 MiB region between LINUX_LOW_END and end. */
static bool region_find(const struct spans *taken, uint64_t end, uint64_t *gpa)
{
    for (*gpa = PAGE_BYTES_2M; *gpa + PAGE_BYTES_2M <= end; *gpa += PAGE_BYTES_2M)
        if (!span_hit(taken, *gpa, PAGE_BYTES_2M))
            return true;
    return false;
}

/* The highest free pages for so many bytes that end at end or lower. */
static bool high_find(const struct spans *taken, uint64_t end, uint64_t bytes, uint64_t *gpa)
{
    end = page_base(end);
    while (end >= LINUX_LOW_END && end - LINUX_LOW_END >= bytes) {
        *gpa = end - bytes;
        const struct elf_range *hit = span_hit(taken, *gpa, bytes);
        if (hit == NULL)
            return true;
        end = page_base(hit->gpa);
    }
    return false;
}

/* boot_params, command line, setup_data; then what is reserved: CC blob and block. */
static uint64_t region_bytes(const struct linux_needs *needs)
{
    return PAGE_BYTES + page_up(needs->cmdline_bytes) + PAGE_BYTES + PAGE_BYTES +
           LINUX_BLOCK_PAGES * PAGE_BYTES;
}

static bool layout_try(struct linux_layout *layout, const struct linux_needs *needs,
                       uint64_t memory_bytes, uint64_t initrd_bytes)
{
    *layout = (struct linux_layout){0};
    if (memory_bytes < LINUX_LOW_END + ACPI_AREA_BYTES)
        return false;
    struct spans taken = {.count = 0};
    layout->acpi_gpa = memory_bytes - ACPI_AREA_BYTES;
    if (needs->hole_bytes)
        span_add(&taken, needs->hole_gpa, needs->hole_bytes);
    if (span_hit(&taken, layout->acpi_gpa, ACPI_AREA_BYTES) ||
        needs->kernel_high > layout->acpi_gpa)
        return false;
    span_add(&taken, needs->kernel_low, needs->kernel_high - needs->kernel_low);

    if (!region_find(&taken, layout->acpi_gpa, &layout->boot_gpa))
        return false;
    span_add(&taken, layout->boot_gpa, PAGE_BYTES_2M);
    layout->cmdline_gpa = layout->boot_gpa + PAGE_BYTES;
    layout->setup_data_gpa = layout->cmdline_gpa + page_up(needs->cmdline_bytes);
    layout->cc_blob_gpa = layout->setup_data_gpa + PAGE_BYTES;
    layout->block_gpa = layout->cc_blob_gpa + PAGE_BYTES;
    layout->block_end = layout->block_gpa + LINUX_BLOCK_PAGES * PAGE_BYTES;

    return initrd_bytes == 0 || high_find(&taken, MIN(layout->acpi_gpa, needs->initrd_limit),
                                          page_up(initrd_bytes), &layout->initrd_gpa);
}

/* What is wrong whatever the size of memory. */
static bool needs_check(const struct linux_needs *needs, GError **error)
{
    const uint64_t hole_end = needs->hole_gpa + needs->hole_bytes;
    g_assert(hole_end >= needs->hole_gpa && ((needs->hole_gpa | hole_end) & PAGE_MASK) == 0);
    if (needs->kernel_low < LINUX_LOW_END)
        return linux_fail(needs->kernel_path, error,
                          "the kernel would lie at 0x%" G_GINT64_MODIFIER
                          "x, in the first MiB, where a PC has other things: is it damaged?",
                          (guint64)needs->kernel_low);
    if (needs->hole_bytes && needs->hole_gpa < LINUX_LOW_END)
        return linux_fail(needs->kernel_path, error,
                          "the monitor's memory begins at 0x%" G_GINT64_MODIFIER
                          "x, but Linux needs the first MiB; link the monitor higher",
                          (guint64)needs->hole_gpa);
    if (needs->hole_gpa < needs->kernel_high && needs->kernel_low < hole_end)
        return linux_fail(needs->kernel_path, error,
                          "the kernel takes 0x%" G_GINT64_MODIFIER "x to 0x%" G_GINT64_MODIFIER
                          "x, the monitor 0x%" G_GINT64_MODIFIER "x to 0x%" G_GINT64_MODIFIER
                          "x of the same memory; link the monitor elsewhere",
                          (guint64)needs->kernel_low, (guint64)needs->kernel_high,
                          (guint64)needs->hole_gpa, (guint64)hole_end);
    if (needs->memory_bytes > LINUX_MEMORY_MAX)
        return linux_fail(needs->kernel_path, error,
                          "a Linux guest has at most %u MiB of memory (%" G_GUINT64_FORMAT
                          " are asked for): devices come behind; give less with --memory",
                          (unsigned)(LINUX_MEMORY_MAX >> MIB_SHIFT),
                          (guint64)(needs->memory_bytes >> MIB_SHIFT));
    if (region_bytes(needs) > PAGE_BYTES_2M)
        return linux_fail(needs->kernel_path, error,
                          "a command line of %" G_GUINT64_FORMAT " bytes is too long",
                          (guint64)needs->cmdline_bytes);
    return true;
}

bool linux_layout_find(struct linux_layout *layout, const struct linux_needs *needs, GError **error)
{
    if (!needs_check(needs, error))
        return false;
    if (layout_try(layout, needs, needs->memory_bytes, needs->initrd_bytes))
        return true;
    for (uint64_t bytes = PAGE_BYTES_2M; bytes <= LINUX_MEMORY_MAX; bytes += PAGE_BYTES_2M)
        if (bytes > needs->memory_bytes && layout_try(layout, needs, bytes, needs->initrd_bytes))
            return linux_fail(needs->kernel_path, error,
                              "%" G_GUINT64_FORMAT " MiB of memory are too little: the kernel%s "
                              "and the monitor need at least %" G_GUINT64_FORMAT
                              " MiB to be loaded; ask for more with --memory",
                              (guint64)(needs->memory_bytes >> MIB_SHIFT),
                              needs->initrd_bytes ? ", its initrd" : "",
                              (guint64)(bytes >> MIB_SHIFT));
    if (layout_try(layout, needs, LINUX_MEMORY_MAX, 0))
        return linux_fail(needs->initrd_path, error,
                          "an initrd of %" G_GUINT64_FORMAT " bytes is too big: it has to lie "
                          "below 0x%" G_GINT64_MODIFIER "x, beside the kernel and the monitor; "
                          "make it smaller",
                          (guint64)needs->initrd_bytes,
                          (guint64)MIN(needs->initrd_limit, LINUX_MEMORY_MAX - ACPI_AREA_BYTES));
    return linux_fail(needs->kernel_path, error,
                      "there is no place for the kernel beside the monitor in %u MiB of memory",
                      (unsigned)(LINUX_MEMORY_MAX >> MIB_SHIFT));
}
