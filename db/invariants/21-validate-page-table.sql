-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 executes no PVALIDATE on a page that serves its own walks as a page table
-- source: VeriSMo (OSDI'24) section 5; APM 2 15.36.6
--
-- Broken by a PVALIDATE by VMPL0 that succeeded (RC 0, whatever CF says) on a guest page that an
-- earlier page_table event named.
WITH named AS (
  SELECT gpa >> 12 AS gpn, min(seq) AS seq FROM page_table GROUP BY gpa >> 12
), span AS (
  SELECT r.seq, r.spa >> 12 & CASE WHEN r.size = 1 THEN ~511 ELSE -1 END AS spn,
         r.gpa >> 12 & CASE WHEN r.size = 1 THEN ~511 ELSE -1 END AS gpn,
         CASE WHEN r.size = 1 THEN 511 ELSE 0 END AS more
  FROM rmp r
  JOIN event e ON e.seq = r.seq
  WHERE r.insn = 1 AND r.outcome = 0 AND r.rc = 0 AND e.vmpl = 0
)
SELECT s.seq, min(s.spn + n.gpn - s.gpn) << 12 AS spa, min(n.gpn) << 12 AS gpa
FROM span s
JOIN named n ON n.gpn BETWEEN s.gpn AND s.gpn + s.more AND n.seq < s.seq
GROUP BY s.seq
ORDER BY s.seq;
