/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions of the libraries that the processor stands on. */
#ifndef PROVA_CPU_VERSION_H
#define PROVA_CPU_VERSION_H

#include <glib.h>

/* Appends ", unicorn 2.1.1, capstone 4.0": what is loaded, not what was compiled against. */
void cpu_libraries_describe(GString *out);

#endif
