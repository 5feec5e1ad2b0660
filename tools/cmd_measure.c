/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prova measure: the launch digest, by launching. */
#include "psp/measure.h"
#include "tools/run_options.h"

static const char examples[] =
    "Examples:\n"
    "  prova measure default --guest hello\n"
    "  prova measure build/my-monitor.elf --guest-vmpl 1\n"
    "  prova measure default --kernel vmlinuz --initrd initrd.gz\n"
    "\n"
    "The digest covers the monitor, the measured parameters and the guest's image, so it needs\n"
    "the guest and its VMPL; processors and memory are given unmeasured and do not change it,\n"
    "but those of a Linux kernel are in the tables that it gets, and so in the digest.";

static int measure(struct run_options *options, uint8_t guest_vmpl, const char *image_dir)
{
    GError *error = NULL;
    struct run_request request;
    if (!run_options_request(options, image_dir, &request, &error))
        return tool_fail(error);
    request.guest_vmpl = guest_vmpl;
    struct run *run = run_new(&request, &error);
    if (run == NULL || !machine_launch(run_machine(run), &error)) {
        run_free(run);
        return tool_fail(error);
    }
    const uint8_t *digest = machine_launch_digest(run_machine(run));
    for (size_t i = 0; i < PSP_DIGEST_BYTES; i++)
        printf("%02x", digest[i]);
    size_t count;
    const struct run_input *inputs = run_inputs(run, &count);
    for (size_t i = 0; i < count; i++)
        printf("  %s", inputs[i].path);
    printf("\n");
    run_free(run);
    return RUN_EXIT_OK;
}

int cmd_measure(int argc, char **argv)
{
    struct run_options options = {0};
    char *guest_vmpl = NULL;
    guint64 vmpl = 0;
    const GOptionEntry entries[] = {
        {"guest", 'g', 0, G_OPTION_ARG_FILENAME, &options.guest,
         "built-in guest, or an ELF file (none)", "NAME|FILE"},
        {"kernel", 'k', 0, G_OPTION_ARG_FILENAME, &options.kernel,
         "a Linux kernel (bzImage or vmlinux) as the guest", "FILE"},
        {"initrd", 'i', 0, G_OPTION_ARG_FILENAME, &options.initrd, "the kernel's initrd", "FILE"},
        {"append", 0, 0, G_OPTION_ARG_STRING, &options.append,
         "more of the kernel's command line, as for run", "TEXT"},
        {"entry", 0, 0, G_OPTION_ARG_STRING, &options.entry,
         "where the kernel is entered: vmlinux or bzimage", "NAME"},
        {"guest-vmpl", 0, 0, G_OPTION_ARG_STRING, &guest_vmpl, "1 to 3 (3; a kernel: 2)", "N"},
        {"cpus", 'c', 0, G_OPTION_ARG_STRING, &options.cpus, "virtual processors, 1 to 16 (1)",
         "N"},
        {"memory", 'M', 0, G_OPTION_ARG_STRING, &options.memory, "of the guest, such as 64M",
         "SIZE"},
        {0},
    };
    int code = RUN_EXIT_INPUT;
    if (tool_parse("measure", "NAME|FILE", "Prints the launch digest of a monitor.", examples,
                   entries, &argc, &argv)) {
        char *image_dir = tool_image_dir();
        if (argc != 2) {
            code = tool_usage_error("measure", argc < 2 ? "name a monitor" : "one monitor only");
        } else if (guest_vmpl != NULL &&
                   !g_ascii_string_to_unsigned(guest_vmpl, 10, 1, 3, &vmpl, NULL)) {
            code = tool_usage_error("measure", "--guest-vmpl %s: it must be 1 to 3", guest_vmpl);
        } else {
            options.monitor = g_strdup(argv[1]);
            code = measure(&options, (uint8_t)vmpl, image_dir);
        }
        g_free(image_dir);
    }
    g_free(guest_vmpl);
    run_options_clear(&options);
    return code;
}
