-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: a VMSA with restricted injection gets only #HV, with alternate injection nothing
-- source: APM 2 15.36.16 and 15.36.17
--
-- Violated at an event that was injected and delivered though SEV_FEATURES has
-- AlternateInjection (bit 4), or has RestrictedInjection (bit 3) and it is not #HV: vector 28
-- (bits 7:0), type exception (bits 10:8).
SELECT i.seq, 0 AS spa, i.eventinj, i.sev_features
FROM inject i
WHERE i.result = 0
  AND (i.sev_features & 16 <> 0
       OR (i.sev_features & 8 <> 0 AND (i.eventinj & 0xff <> 28 OR i.eventinj >> 8 & 7 <> 3)))
ORDER BY i.seq;
