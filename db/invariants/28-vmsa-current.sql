-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no processor runs a VMSA that VMPL0 has destroyed or replaced
-- source: GHCB 56421 AP Creation; SVSM 58019 SVSM_CORE_DELETE_VCPU
--
-- Violated at a VMRUN that entered a page of which VMPL0 said in its latest accepted vmsa event
-- that it is destroyed, or for whose place (processor, VMPL) VMPL0 has had another page accepted
-- since: once VMPL0, on the processor that said so, has asked for a lower VMPL to be run. Until
-- then it may still be about to stop the VMSA, and the hypervisor runs what it likes. Pages of
-- which VMPL0 said nothing (those of the launch) are not judged.
WITH told AS (
  SELECT v.seq, e.vcpu, v.spa >> 12 AS spn, v.action, (v.apic_id << 8) | v.vmsa_vmpl AS place
  FROM vmsa v
  JOIN event e ON e.seq = v.seq
  WHERE v.result = 0 AND v.action IN (2, 3, 4) AND e.vmpl = 0
), made AS (
  SELECT seq, lead(seq) OVER (PARTITION BY place ORDER BY seq) AS replaced,
         lead(vcpu) OVER (PARTITION BY place ORDER BY seq) AS replacer
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
), gone AS (
  SELECT l.seq, l.spn, l.told_seq,
         CASE WHEN t.action = 3 THEN t.seq ELSE m.replaced END AS since,
         CASE WHEN t.action = 3 THEN t.vcpu ELSE m.replacer END AS vcpu
  FROM latest l
  JOIN told t ON t.seq = l.told_seq
  LEFT JOIN made m ON m.seq = l.told_seq
  WHERE l.run AND (t.action = 3 OR m.replaced < l.seq)
)
SELECT g.seq, g.spn << 12 AS spa, g.told_seq
FROM gone g
WHERE EXISTS (SELECT 1
              FROM vmgexit v
              JOIN event e ON e.seq = v.seq
              WHERE v.seq > g.since AND v.seq < g.seq AND v.phase = 0 AND v.protocol = 2
                AND v.code = 0x80000018 AND e.vmpl = 0 AND e.vcpu IS g.vcpu)
ORDER BY g.seq;
