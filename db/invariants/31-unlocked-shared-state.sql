-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: no processor of VMPL0 changes a page that another one is about to grant
-- source: VeriSMo (OSDI'24) section 6 (locks)
--
-- A PVALIDATE by VMPL0 from 0 to 1 opens a place (ASID, GPA); any that rescinds it and an RMPADJUST
-- that raises a permission of a lower VMPL close it. Broken by a PVALIDATE or RMPADJUST by VMPL0
-- that changed the page at an open place on another processor than the one that opened it; that
-- closes it as well, or opens it anew.
WITH act AS (
  SELECT c.seq, c.spn, (c.asid << 40) | c.gpn AS place, coalesce(e.vcpu, 0xffff) AS vcpu,
         c.insn = 1 AND c.validated AND NOT c.was_validated AS opens,
         c.raised <> 0 OR c.insn = 1 AS closes
  FROM page_change c
  JOIN event e ON e.seq = c.seq
  WHERE c.insn IN (1, 2) AND e.vmpl = 0
), state AS (
  SELECT *, coalesce(max(CASE WHEN opens THEN seq * 65536 + vcpu END) OVER earlier, 0) AS opened,
         coalesce(max(CASE WHEN closes AND NOT opens THEN seq END) OVER earlier, 0) AS closed
  FROM act
  WINDOW earlier AS (PARTITION BY place ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), intruding AS (
  -- The first of them closes the place.
  SELECT *, row_number() OVER (PARTITION BY place, opened ORDER BY seq) AS nth
  FROM state
  WHERE opened >> 16 > closed AND opened & 0xffff <> vcpu
)
SELECT seq, min(spn) << 12 AS spa, opened >> 16 AS opened_seq
FROM intruding
WHERE nth = 1
GROUP BY seq
ORDER BY seq;
