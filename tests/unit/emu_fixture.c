/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/emu_fixture.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "emu/elf.h"

enum { CODE_OFFSET = 0x1000, NOTES_OFFSET = 0x400 };

struct note {
    Elf64_Nhdr header;
    char owner[12]; /* "SNP-LAUNCH" and its zero, padded */
    uint64_t gpa, bytes;
} __attribute__((packed));
G_STATIC_ASSERT(sizeof(struct note) == 40);

static void notes_append(GByteArray *file)
{
    const uint64_t ranges[][2] = {
        {0, 0},
        {FIXTURE_SECRETS_GPA, PAGE_BYTES},
        {FIXTURE_CPUID_GPA, PAGE_BYTES},
        {FIXTURE_INFO_GPA, PAGE_BYTES},
        {FIXTURE_PARAMS_GPA, PAGE_BYTES},
        {FIXTURE_TABLES_GPA, FIXTURE_TABLES_PAGES * PAGE_BYTES},
        {FIXTURE_MEMORY_GPA, FIXTURE_MEMORY_BYTES},
    };
    for (uint32_t type = ELF_NOTE_SECRETS; type < ELF_NOTE_COUNT; type++) {
        struct note note = {
            .header = {.n_namesz = 11, .n_descsz = 16, .n_type = type},
            .owner = "SNP-LAUNCH",
            .gpa = ranges[type][0],
            .bytes = ranges[type][1],
        };
        g_byte_array_append(file, (const uint8_t *)&note, sizeof(note));
    }
}

GByteArray *elf_monitor_bytes(const uint8_t *code, size_t code_bytes)
{
    g_assert_cmpuint(code_bytes, <=, PAGE_BYTES);
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = FIXTURE_CODE_GPA,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 2,
    };
    Elf64_Phdr segments[2] = {
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_offset = CODE_OFFSET,
         .p_vaddr = FIXTURE_CODE_GPA,
         .p_paddr = FIXTURE_CODE_GPA,
         .p_filesz = code_bytes,
         .p_memsz = 2 * PAGE_BYTES,
         .p_align = PAGE_BYTES},
        {.p_type = PT_NOTE,
         .p_offset = NOTES_OFFSET,
         .p_filesz = (ELF_NOTE_COUNT - 1) * sizeof(struct note),
         .p_align = 4},
    };
    GByteArray *file = g_byte_array_new();
    g_byte_array_append(file, (const uint8_t *)&header, sizeof(header));
    g_byte_array_append(file, (const uint8_t *)segments, sizeof(segments));
    guint used = file->len;
    g_byte_array_set_size(file, NOTES_OFFSET);
    memset(file->data + used, 0, NOTES_OFFSET - used);
    notes_append(file);
    used = file->len;
    g_byte_array_set_size(file, CODE_OFFSET);
    memset(file->data + used, 0, CODE_OFFSET - used);
    g_byte_array_append(file, code, (guint)code_bytes);
    return file;
}

char *elf_file_write(const GByteArray *bytes)
{
    char *path = NULL;
    int fd = g_file_open_tmp("prova-elf-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes->data, bytes->len), ==, bytes->len);
    close(fd);
    return path;
}

struct machine *machine_of_code(const uint8_t *code, size_t code_bytes)
{
    GByteArray *bytes = elf_monitor_bytes(code, code_bytes);
    char *path = elf_file_write(bytes);
    struct machine_config config = machine_config_default();
    config.monitor_path = path;
    config.memory_bytes = UINT64_C(16) << 20;
    GError *error = NULL;
    struct machine *machine = machine_new(&config, &error);
    g_assert_no_error(error);
    g_assert_true(machine_launch(machine, &error));
    g_assert_no_error(error);
    g_unlink(path);
    g_free(path);
    g_byte_array_free(bytes, TRUE);
    return machine;
}
