-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: a page that VMPL0 uses lies elsewhere only after VMPL0 rescinded it
-- source: VeriSMo (OSDI'24) section 5; APM 2 15.36.6
--
-- Violated at a `move` event of VMPL0, unless VMPL0 has rescinded the guest page (a PVALIDATE of
-- operand 0 that changed it, of a 4 KiB page or of the 2 MiB around it) since the page's
-- previous `move`.
WITH marker AS (
  SELECT m.seq, m.gpa >> 12 AS gpn, m.spa, e.vmpl, 'move' AS what
  FROM move m
  JOIN event e ON e.seq = m.seq
  UNION ALL
  SELECT r.seq, r.gpa >> 12, NULL, 0, CASE WHEN r.size = 1 THEN '2M' ELSE '4K' END
  FROM rmp r
  JOIN event e ON e.seq = r.seq
  WHERE e.vmpl = 0 AND r.insn = 1 AND r.operand & 1 = 0 AND r.outcome = 0 AND r.rc = 0 AND r.cf = 0
    AND EXISTS (SELECT 1 FROM move)
), known AS (
  SELECT *, coalesce(max(CASE WHEN what = 'move' THEN seq END) OVER page, 0) AS moved,
         coalesce(max(CASE WHEN what = '4K' THEN seq END) OVER page, 0) AS rescinded,
         coalesce(max(CASE WHEN what = '2M' THEN seq END) OVER range, 0) AS rescinded_2m
  FROM marker
  WINDOW page AS (PARTITION BY gpn ORDER BY seq
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
         range AS (PARTITION BY gpn >> 9 ORDER BY seq
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT seq, spa & ~0xfff AS spa, gpn << 12 AS gpa
FROM known
WHERE what = 'move' AND vmpl = 0 AND rescinded <= moved AND rescinded_2m <= moved
ORDER BY seq;
