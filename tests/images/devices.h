/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the image devices.c asks the hypervisor of its test to do. */
#ifndef PROVA_TESTS_DEVICES_H
#define PROVA_TESTS_DEVICES_H

enum { ASK_TYPE = 1 }; /* types DEVICES_TYPED */
#define DEVICES_TYPED "hi\n"

#endif
