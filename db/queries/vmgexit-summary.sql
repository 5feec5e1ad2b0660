-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: requests by protocol, code and VMPL
SELECT * FROM vmgexit_summary ORDER BY protocol, code, vmpl;
