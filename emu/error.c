/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emu/error.h"

G_DEFINE_QUARK(emu-error-quark, emu_error)
