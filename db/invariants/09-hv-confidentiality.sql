-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: the hypervisor reads no plaintext of a guest
-- source: SEV-SNP white paper (confidentiality); AMD SEV-SNP firmware ABI 56860 (debug policy)
--
-- Violated at a read of the hypervisor that was not refused and gave plaintext.
SELECT a.seq, a.spa & ~0xfff AS spa, a.length
FROM hv_access a
WHERE a.write = 0 AND a.refused = 0 AND a.plain <> 0
ORDER BY a.seq;
