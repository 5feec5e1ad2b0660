-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: a VMSA first runs with the state that it had when RMPADJUST made it one
-- source: APM 2 15.36.7; SVSM 58019 SVSM_CORE_CREATE_VCPU
--
-- Violated at the first VMRUN that entered a page after an RMPADJUST set its VMSA bit, if the hash
-- of the state it started with is another than RMPADJUST's.
WITH marker AS (
  SELECT seq, spa >> 12 AS spn, vmsa_hash, 0 AS run FROM rmp WHERE vmsa_hash <> 0
  UNION ALL
  SELECT seq, vmsa_spa >> 12, vmsa_hash, 1 FROM world WHERE phase = 0 AND result = 0
), pair AS (
  SELECT *, lag(run) OVER page AS run_before, lag(vmsa_hash) OVER page AS hash_before
  FROM marker
  WINDOW page AS (PARTITION BY spn ORDER BY seq)
)
SELECT seq, spn << 12 AS spa
FROM pair
WHERE run AND run_before = 0 AND hash_before <> vmsa_hash
ORDER BY seq;
