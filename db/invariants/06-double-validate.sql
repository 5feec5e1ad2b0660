-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: a guest page is validated once: never with CF set, never at a GPA already valid
-- source: APM 3 PVALIDATE; APM 2 15.36.6
--
-- Broken by a PVALIDATE(1) that succeeded and found the page valid (CF=1), and by one that made
-- a page valid at a place (ASID, GPA) where another system page is valid at that moment.
WITH occupied AS (
  SELECT *, max(coalesce(until, 0x7fffffffffffffff))
            OVER (PARTITION BY place ORDER BY seq
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS occupied_until
  FROM page_binding
)
SELECT seq, min(spa) AS spa, min(reason) AS reason
FROM (
  SELECT seq, spa & ~0xfff AS spa, 'CF=1' AS reason
  FROM rmp
  WHERE insn = 1 AND operand & 1 AND outcome = 0 AND rc = 0 AND cf
  UNION ALL
  SELECT seq, spn << 12, 'the GPA is valid on another page'
  FROM occupied
  WHERE insn = 1 AND NOT was_validated AND occupied_until > seq
)
GROUP BY seq
ORDER BY seq;
