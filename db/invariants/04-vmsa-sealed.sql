-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: a VMSA page is writable by no VMPL below 0 and runs on one processor at a time
-- source: APM 2 15.36.7 and 15.36.12
--
-- Violated at an event after which a page has the VMSA bit and a lower VMPL may write to it; at
-- a VMRUN that entered a VMSA whose page a lower VMPL may write to; at a VMRUN that entered a
-- VMSA which another processor had entered and not left.
WITH world_next AS (
  SELECT w.seq, w.vmsa_spa, w.phase, w.result,
         coalesce(lead(w.seq) OVER (PARTITION BY e.vcpu ORDER BY w.seq), 0x7fffffffffffffff)
           AS until
  FROM world w
  JOIN event e ON e.seq = w.seq
), entered AS (
  -- An earlier stay that lasts beyond seq is another processor's: one's own has ended here.
  SELECT seq, vmsa_spa,
         max(until) OVER (PARTITION BY vmsa_spa ORDER BY seq
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS occupied_until
  FROM world_next
  WHERE phase = 0 AND result = 0
), marker AS (
  SELECT seq, spn, lower, 0 AS run FROM page_change
  UNION ALL
  SELECT seq, vmsa_spa >> 12, NULL, 1 FROM entered
), reach AS (
  SELECT *, coalesce(max(CASE WHEN run = 0 THEN seq * 2 + (lower & 0x02020200 <> 0) END)
                     OVER (PARTITION BY spn ORDER BY seq
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) & 1, 0) AS writable
  FROM marker
), broken AS (
  SELECT seq, spn, 'writable VMSA' AS reason FROM page_change
  WHERE vmsa AND lower & 0x02020200 <> 0
  UNION ALL
  SELECT seq, spn, 'VMRUN of a writable VMSA' FROM reach WHERE run AND writable
  UNION ALL
  SELECT seq, vmsa_spa >> 12, 'runs on two processors' FROM entered WHERE occupied_until > seq
)
SELECT seq, min(spn) << 12 AS spa, min(reason) AS reason
FROM broken
GROUP BY seq
ORDER BY seq;
