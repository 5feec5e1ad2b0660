-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: VMPL0 executes only what was measured at launch, or what it stored itself
-- source: VeriSMo (OSDI'24) section 5; SEV-SNP ABI 56860 SNP_LAUNCH_UPDATE
--
-- Violated at a fetch event of a page with bytes of a lower VMPL's or of the hypervisor's.
SELECT seq, spa & ~0xfff AS spa, gpa, gva, bytes_trusted, bytes_guest, bytes_hypervisor
FROM fetch
WHERE bytes_guest <> 0 OR bytes_hypervisor <> 0
ORDER BY seq;
