-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: a guest page is validated once: never with CF set, never at a GPA already valid
-- source: APM 3 PVALIDATE; APM 2 15.36.6
--
-- Broken by a PVALIDATE(1) that succeeded and found the page valid (CF=1), and by one that made
-- a page valid at a place (ASID, GPA) where another system page is valid at that moment.
SELECT seq, min(spa) AS spa, min(reason) AS reason
FROM (
  SELECT seq, spa & ~0xfff AS spa, 'CF=1' AS reason
  FROM rmp
  WHERE insn = 1 AND operand & 1 AND outcome = 0 AND rc = 0 AND cf
  UNION ALL
  SELECT b.seq, b.spn << 12, 'the GPA is valid on another page'
  FROM page_binding b
  JOIN page_binding o ON o.place = b.place AND o.spn <> b.spn AND o.seq <= b.seq
                         AND (o.until IS NULL OR o.until > b.seq)
  WHERE b.insn = 1 AND NOT b.was_validated
)
GROUP BY seq
ORDER BY seq;
