-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no processor runs a VMSA that VMPL0 has destroyed or replaced
-- source: GHCB 56421 AP Creation; SVSM 58019 SVSM_CORE_DELETE_VCPU
--
-- Violated at a VMRUN that entered a page of which VMPL0 said in its latest accepted vmsa event
-- that it is destroyed, or for whose place (processor, VMPL) VMPL0 has had another page accepted
-- since. Pages of which VMPL0 said nothing (those of the launch) are not judged.
WITH told AS (
  SELECT v.seq, v.spa >> 12 AS spn, v.action, (v.apic_id << 8) | v.vmsa_vmpl AS place
  FROM vmsa v
  JOIN event e ON e.seq = v.seq
  WHERE v.result = 0 AND v.action IN (2, 3, 4) AND e.vmpl = 0
), made AS (
  SELECT seq, lead(seq) OVER (PARTITION BY place ORDER BY seq) AS replaced
  FROM told
  WHERE action <> 3
), marker AS (
  SELECT seq, spn, 0 AS run FROM told
  UNION ALL
  SELECT seq, vmsa_spa >> 12, 1 FROM world WHERE phase = 0 AND result = 0
), latest AS (
  SELECT *, max(CASE WHEN NOT run THEN seq END)
            OVER (PARTITION BY spn ORDER BY seq
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS told_seq
  FROM marker
)
SELECT l.seq, l.spn << 12 AS spa, l.told_seq
FROM latest l
JOIN told t ON t.seq = l.told_seq
LEFT JOIN made m ON m.seq = l.told_seq
WHERE l.run AND (t.action = 3 OR m.replaced < l.seq)
ORDER BY l.seq;
