-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no VMSA runs that a VMPL below its own could have written
-- source: APM 2 15.36.7 and 15.36.12
--
-- Violated at a VMRUN that entered a VMSA of VMPL v on a page on which some VMPL k > v has been
-- given W since the page's last rebinding, launch or scrub, or has had it right after these.
-- What a lower VMPL's RMPADJUST gives does not count: it passes on what it has, and so could
-- have written itself.
WITH entered AS (
  SELECT w.seq, w.vmsa_spa >> 12 AS spn, e.vmpl
  FROM world w
  JOIN event e ON e.seq = w.seq
  WHERE w.phase = 0 AND w.result = 0
), marker AS (
  -- lower, raised: one bit for W of each of VMPL1-3
  SELECT c.seq, c.spn, 'change' AS what, c.rebound OR c.insn = 0 AS anew,
         (c.lower >> 9 & 1) | (c.lower >> 16 & 2) | (c.lower >> 23 & 4) AS lower,
         CASE WHEN c.insn = 2 AND e.vmpl BETWEEN 1 AND 3 THEN 0
              ELSE (c.raised >> 9 & 1) | (c.raised >> 16 & 2) | (c.raised >> 23 & 4) END AS raised,
         NULL AS vmpl
  FROM page_change c
  JOIN event e ON e.seq = c.seq
  WHERE c.spn IN (SELECT spn FROM entered)
  UNION ALL
  SELECT seq, spa >> 12, 'scrub', 1, NULL, 0, NULL FROM scrub
  WHERE spa >> 12 IN (SELECT spn FROM entered)
  UNION ALL
  SELECT seq, spn, 'world', 0, NULL, 0, vmpl FROM entered
), state AS (
  SELECT seq, spn, what, anew, raised, vmpl,
         coalesce(max(CASE WHEN what = 'change' THEN seq * 8 + lower END) OVER so_far & 7, 0)
           AS lower
  FROM marker
  WINDOW so_far AS (PARTITION BY spn ORDER BY seq ROWS UNBOUNDED PRECEDING)
), history AS (
  SELECT seq, spn, what, vmpl, coalesce(max(CASE WHEN anew THEN seq END) OVER so_far, 0) AS since,
         max(CASE WHEN given & 1 THEN seq END) OVER so_far AS by_1,
         max(CASE WHEN given & 2 THEN seq END) OVER so_far AS by_2,
         max(CASE WHEN given & 4 THEN seq END) OVER so_far AS by_3
  FROM (SELECT *, CASE WHEN anew THEN lower ELSE raised END AS given FROM state)
  WINDOW so_far AS (PARTITION BY spn ORDER BY seq ROWS UNBOUNDED PRECEDING)
)
SELECT seq, spn << 12 AS spa, vmpl
FROM history
WHERE what = 'world'
  AND ((vmpl < 1 AND by_1 >= since) OR (vmpl < 2 AND by_2 >= since)
       OR (vmpl < 3 AND by_3 >= since))
ORDER BY seq;
