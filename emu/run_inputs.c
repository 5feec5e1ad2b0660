/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a run is made from: found, read, described by their hash. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "emu/error.h"
#include "emu/run_internal.h"

enum { INPUT_BYTES_MAX = 512 << 20 };

void run_input_describe(struct run *run, const char *role, const char *path, const char *bytes,
                        size_t length)
{
    struct run_input *input = &run->inputs[run->inputs_count++];
    *input = (struct run_input){.role = role, .path = g_strdup(path), .bytes = length};
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)bytes, (gssize)length);
    g_strlcpy(input->sha256_hex, g_checksum_get_string(sum), sizeof(input->sha256_hex));
    gsize digest_bytes = sizeof(input->sha256);
    g_checksum_get_digest(sum, input->sha256, &digest_bytes);
    g_checksum_free(sum);
}

char *run_input_read(const char *role, const char *path, size_t *length, GError **error)
{
    struct stat info;
    char *bytes = NULL;
    GError *reason = NULL;
    if (stat(path, &info) != 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: the %s cannot be read: %s", path, role,
                    g_strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: the %s must be a regular file", path,
                    role);
    } else if (info.st_size > INPUT_BYTES_MAX) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: the %s is too large (at most %d MiB)",
                    path, role, INPUT_BYTES_MAX >> 20);
    } else if (!g_file_get_contents(path, &bytes, length, &reason)) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "%s: the %s cannot be read: %s", path, role,
                    reason->message);
        g_error_free(reason);
    }
    return bytes;
}

/* Finds, reads and hashes one image; *path gets where it is. */
static bool image_load(struct run *run, const char *image_dir, const char *name, bool guest,
                       char **path, GError **error)
{
    const char *role = guest ? "guest" : "monitor";
    size_t length = 0;
    *path = run_image_path(image_dir, name, guest, error);
    char *bytes = *path ? run_input_read(role, *path, &length, error) : NULL;
    if (bytes == NULL)
        return false;
    run_input_describe(run, role, *path, bytes, length);
    g_free(bytes);
    return true;
}

/* A file that is only named, not looked up; NULL is no file. */
static bool file_load(struct run *run, const char *role, const char *path, char **kept,
                      GError **error)
{
    size_t length = 0;
    if (path == NULL || path[0] == '\0')
        return true;
    char *bytes = run_input_read(role, path, &length, error);
    if (bytes == NULL)
        return false;
    run_input_describe(run, role, path, bytes, length);
    g_free(bytes);
    *kept = g_strdup(path);
    return true;
}

bool run_typed_load(struct run *run, const struct run_request *request, GError **error)
{
    run->typed_after = request->input_after;
    if (request->input == NULL && request->typist == NULL && request->input_after != NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "--input-after %s: it needs --input FILE or --interactive",
                    request->input_after);
        return false;
    }
    if (request->input_after != NULL && request->input_after[0] == '\0') {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "--input-after: the text is empty");
        return false;
    }
    if (request->input == NULL)
        return true;
    run->typed_bytes = run_input_read("input", request->input, &run->typed.length, error);
    if (run->typed_bytes == NULL)
        return false;
    run->typed.bytes = run->typed_bytes;
    run_input_describe(run, "input", request->input, run->typed_bytes, run->typed.length);
    return true;
}

/* What cannot be together; a kernel takes the place of the scenario's guest. */
static bool kernel_check(const struct run_request *request, const char *kernel, GError **error)
{
    bool has = kernel != NULL && kernel[0] != '\0';
    if (has && request->guest != NULL && request->guest[0] != '\0' &&
        strcmp(request->guest, RUN_GUEST_LINUX) != 0)
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "--kernel %s and --guest %s: a machine has one guest", kernel, request->guest);
    else if (!has && (request->initrd != NULL || request->append != NULL ||
                      request->linux_entry != LINUX_ENTRY_AUTO))
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "--initrd, --append and --entry need --kernel FILE");
    else
        return true;
    return false;
}

/* The kernel with its initrd and command line, and what a machine is for one by default. */
static bool kernel_load(struct run *run, const struct run_request *request, GError **error)
{
    const struct scenario *scenario = run_scenario(run);
    struct machine_config *config = &run->config;
    const char *kernel = request->kernel ? request->kernel : scenario ? scenario->kernel : NULL;
    const char *initrd = request->initrd ? request->initrd : scenario ? scenario->initrd : NULL;
    const char *cmdline = scenario ? scenario->cmdline : NULL;
    const char *guest = request->guest ? request->guest : scenario ? scenario->guest : NULL;
    if ((kernel == NULL || kernel[0] == '\0') && g_strcmp0(guest, RUN_GUEST_LINUX) == 0) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT,
                    "%s: it boots a Linux kernel: give one with --kernel FILE, and --initrd FILE "
                    "(docs/linux.md says where to get them)",
                    scenario ? scenario->path : "--guest " RUN_GUEST_LINUX);
        return false;
    }
    if (!kernel_check(request, kernel, error) ||
        !file_load(run, "kernel", kernel, &run->kernel_path, error))
        return false;
    if (run->kernel_path == NULL)
        return true;
    if (!file_load(run, "initrd", initrd, &run->initrd_path, error))
        return false;
    const char *append = scenario ? scenario->append : NULL;
    run->cmdline = g_strconcat(cmdline ? cmdline : LINUX_CMDLINE_DEFAULT, append ? " " : "",
                               append ? append : "", request->append ? " " : "", request->append,
                               NULL);
    if (request->memory_bytes == 0 && (scenario == NULL || !(scenario->fields & SCENARIO_MEMORY)))
        config->memory_bytes = LINUX_MEMORY_DEFAULT;
    if (request->guest_vmpl == 0 &&
        (scenario == NULL || !(scenario->fields & SCENARIO_GUEST_VMPL)))
        config->guest_vmpl = LINUX_VMPL_DEFAULT;
    if (request->linux_entry != LINUX_ENTRY_AUTO)
        config->linux_entry = request->linux_entry;
    config->kernel_path = run->kernel_path;
    config->initrd_path = run->initrd_path;
    config->cmdline = run->cmdline;
    return true;
}

/* The file's name without ".elf". */
static char *name_of_path(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_has_suffix(name, ".elf"))
        name[strlen(name) - strlen(".elf")] = '\0';
    return name;
}

bool run_images_load(struct run *run, const struct run_request *request, GError **error)
{
    const struct scenario *scenario = run_scenario(run);
    const char *monitor = request->monitor ? request->monitor : scenario ? scenario->monitor : NULL;
    const char *guest = request->guest ? request->guest : scenario ? scenario->guest : NULL;
    if (monitor == NULL) {
        g_set_error(error, EMU_ERROR, EMU_ERROR_INPUT, "no monitor: %s",
                    scenario ? "the scenario names none; give it monitor = \"...\", or use "
                               "--monitor NAME|FILE"
                             : "use --monitor NAME|FILE, or give a scenario");
        return false;
    }
    if (!image_load(run, request->image_dir, monitor, false, &run->monitor_path, error))
        return false;
    run->monitor_name =
        request->monitor_name ? g_strdup(request->monitor_name) : name_of_path(run->monitor_path);
    if (!kernel_load(run, request, error))
        return false;
    if (run->kernel_path == NULL && guest != NULL && guest[0] != '\0' &&
        !image_load(run, request->image_dir, guest, true, &run->guest_path, error))
        return false;
    run->config.monitor_path = run->monitor_path;
    run->config.guest_path = run->guest_path;
    return true;
}
