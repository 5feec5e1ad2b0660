-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: a validated page is granted to a lower VMPL only after VMPL0 overwrote all of it
-- source: VeriSMo (OSDI'24) sections 6 and 8.4.1
--
-- Broken by an RMPADJUST that raises a permission of a lower VMPL on a page that PVALIDATE made
-- valid (0 to 1) and that has no scrub event since. A launch and a rebinding end what went
-- before. This is derived from the scrub events, not from rmp.tracked.
WITH marker AS (
  SELECT seq, spn, insn, raised,
         CASE WHEN insn = 1 AND validated AND NOT was_validated THEN 1
              WHEN insn = 0 OR rebound THEN 0 END AS unscrubbed
  FROM page_change
  UNION ALL
  SELECT seq, spa >> 12, NULL, 0, 0 FROM scrub
), state AS (
  SELECT *, max(CASE WHEN unscrubbed IS NOT NULL THEN seq * 2 + unscrubbed END)
            OVER (PARTITION BY spn ORDER BY seq
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) & 1 AS before
  FROM marker
)
SELECT seq, min(spn) << 12 AS spa
FROM state
WHERE insn = 2 AND raised <> 0 AND before = 1
GROUP BY seq
ORDER BY seq;
