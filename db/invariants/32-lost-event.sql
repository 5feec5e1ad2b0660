-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 gives its processor away only with all news read of which it was told
-- source: GHCB 56421 #HV doorbell page; APM 2 15.36.16 (restricted injection)
--
-- Broken when VMPL0 halts (the #VMEXIT) or asks for a lower VMPL to be run (the request), though
-- the doorbell page of its VMSA had a pending event when it left, and an #HV has reached it on
-- this processor since the hypervisor last wrote to that page. NoFurtherSignal alone (0x8000) is
-- no event. A lower VMPL's store to the page (shared_write), and a nested mapping that leads to it,
-- count as a write: what VMPL0 was told of is what was there before.
WITH marker AS (
  SELECT w.seq, e.vcpu, w.seq AS exit_seq, e.vmpl = 0 AND w.exit_code = 0x78 AS gives
  FROM world w
  JOIN event e ON e.seq = w.seq
  WHERE w.phase = 1
  UNION ALL
  SELECT v.seq, e.vcpu, NULL, 1
  FROM vmgexit v
  JOIN event e ON e.seq = v.seq
  WHERE v.phase = 0 AND v.protocol = 2 AND v.code = 0x80000018 AND e.vmpl = 0
), latest AS (
  SELECT seq, vcpu, gives, max(exit_seq) OVER (PARTITION BY vcpu ORDER BY seq
                                               ROWS UNBOUNDED PRECEDING) AS exit_seq
  FROM marker
), given AS (
  SELECT l.seq, l.vcpu, w.doorbell_spa >> 12 AS spn, w.doorbell
  FROM latest l
  JOIN world w ON w.seq = l.exit_seq
  WHERE l.gives AND w.doorbell & 0x7fff <> 0
), touched AS MATERIALIZED (
  SELECT g.spn, h.seq
  FROM hv_access h
  JOIN (SELECT DISTINCT spn FROM given) g
    ON h.spa >> 12 <= g.spn AND (h.spa + h.length - 1) >> 12 >= g.spn
  WHERE h.write AND NOT h.refused AND h.length > 0
  UNION ALL
  SELECT w.spa >> 12, w.seq
  FROM shared_write w
  JOIN event e ON e.seq = w.seq
  WHERE e.vmpl BETWEEN 1 AND 3 AND w.spa >> 12 IN (SELECT spn FROM given)
  UNION ALL
  SELECT g.spn, n.seq
  FROM npt n
  JOIN (SELECT DISTINCT spn FROM given) g
    ON (n.size & 1 = 0 AND n.spa >> 12 = g.spn) OR (n.size & 1 AND n.spa >> 21 = g.spn >> 9)
  WHERE n.present
), judged AS (
  SELECT *,
         (SELECT f.seq
          FROM fault f
          JOIN event e ON e.seq = f.seq
          WHERE f.seq < g.seq AND f.class = 1 AND f.vector = 28 AND e.vmpl = 0
            AND e.vcpu IS g.vcpu
          ORDER BY f.seq DESC LIMIT 1) AS delivered,
         (SELECT max(t.seq) FROM touched t WHERE t.spn = g.spn AND t.seq < g.seq) AS written
  FROM given g
)
SELECT seq, spn << 12 AS spa, doorbell, delivered
FROM judged
WHERE delivered > coalesce(written, 0)
ORDER BY seq;
