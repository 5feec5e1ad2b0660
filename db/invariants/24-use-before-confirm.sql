-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 uses a page only after its own PVALIDATE of it succeeded
-- source: APM 3 PVALIDATE; APM 2 15.36.10 (#VC, page not validated)
--
-- Broken by a #VC with error 0x404 (page not validated) at VMPL0, at a guest page of which the
-- latest word is not that it is valid: neither a launch page nor a PVALIDATE(1) by VMPL0 that was
-- done with RC 0. A page that was validated and taken away is the hypervisor's doing.
WITH faulted AS (
  SELECT f.seq, f.gpa >> 12 AS gpn, f.spa >> 12 AS spn
  FROM fault f
  JOIN event e ON e.seq = f.seq
  WHERE e.vmpl = 0 AND f.class = 1 AND f.vector = 29 AND f.source = 0 AND f.error = 0x404
), wanted AS (
  SELECT DISTINCT gpn FROM faulted
), marker AS (
  SELECT seq, gpn, spn, NULL AS confirmed FROM faulted
  UNION ALL
  SELECT r.seq, w.gpn, NULL, r.operand & 1 AND r.outcome = 0 AND r.rc = 0
  FROM wanted w
  JOIN rmp r ON r.gpa >= (w.gpn & ~511) << 12 AND r.gpa < ((w.gpn | 511) + 1) << 12
  JOIN event e ON e.seq = r.seq
  WHERE r.insn = 1 AND e.vmpl = 0 AND (r.size = 1 OR r.gpa >> 12 = w.gpn)
  UNION ALL
  SELECT l.seq, w.gpn, NULL, 1
  FROM wanted w
  JOIN launch_page l ON w.gpn BETWEEN l.gpa >> 12
                    AND (l.gpa >> 12) + CASE WHEN l.size = 1 THEN 511 ELSE 0 END
), state AS (
  SELECT *, coalesce(max(CASE WHEN confirmed IS NOT NULL THEN seq * 2 + confirmed END)
                     OVER (PARTITION BY gpn ORDER BY seq
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) & 1, 0) AS before
  FROM marker
)
SELECT seq, spn << 12 AS spa, gpn << 12 AS gpa
FROM state
WHERE confirmed IS NULL AND before = 0
ORDER BY seq;
