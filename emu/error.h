/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that a person can cause. The message says what, where, why and what to do; the code says
 * which exit code of the command it gives.
 */
#ifndef PROVA_EMU_ERROR_H
#define PROVA_EMU_ERROR_H

#include <glib.h>

enum emu_error {
    EMU_ERROR_INPUT,    /* unusable file, option or scenario: exit code 2 */
    EMU_ERROR_LIMIT,    /* a limit was reached: exit code 3 */
    EMU_ERROR_INTERNAL, /* our own mistake, or the host refuses memory: exit code 70 */
};

#define EMU_ERROR emu_error_quark()
GQuark emu_error_quark(void);

#endif
