-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: a page that PVALIDATE found valid already (CF=1) is not granted as if it were new
-- source: APM 3 PVALIDATE; VeriSMo (OSDI'24) section 5
--
-- Broken by an RMPADJUST of VMPL0 that raises a permission of a lower VMPL on a page that
-- VMPL0's PVALIDATE(1) found valid already, when nothing has come in between: no scrub,
-- rebinding, launch or PVALIDATE that changed the page.
WITH RECURSIVE sub (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM sub WHERE i < 511),
carried AS MATERIALIZED (
  SELECT r.seq,
         CASE WHEN r.size = 1 OR r.before_lo & 3 = 3 OR r.after_lo & 3 = 3
              THEN (r.spa >> 12 & ~511) + sub.i ELSE r.spa >> 12 END AS spn
  FROM rmp r
  JOIN event e ON e.seq = r.seq
  CROSS JOIN sub
  WHERE e.vmpl = 0 AND r.insn = 1 AND r.operand & 1 AND r.outcome = 0 AND r.rc = 0 AND r.cf <> 0
    AND (sub.i = 0 OR r.size = 1 OR r.before_lo & 3 = 3 OR r.after_lo & 3 = 3)
), marker AS (
  SELECT seq, spn, 1 AS carried, 0 AS granted FROM carried
  UNION ALL
  SELECT seq, spa >> 12, 0, 0 FROM scrub WHERE spa >> 12 IN (SELECT spn FROM carried)
  UNION ALL
  SELECT c.seq, c.spn, CASE WHEN c.insn IN (0, 1) OR c.rebound THEN 0 END,
         c.insn = 2 AND c.raised <> 0 AND e.vmpl = 0
  FROM page_change c
  JOIN event e ON e.seq = c.seq
  WHERE c.spn IN (SELECT spn FROM carried)
), state AS (
  SELECT seq, spn, granted, max(seq * 2 + carried) OVER (PARTITION BY spn ORDER BY seq
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) & 1
           AS before
  FROM marker
)
SELECT seq, min(spn) << 12 AS spa
FROM state
WHERE granted AND before
GROUP BY seq
ORDER BY seq;
