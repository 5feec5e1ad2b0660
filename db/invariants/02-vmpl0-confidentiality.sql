-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no lower VMPL can read or execute memory private to VMPL0, through any GPA
-- source: VeriSMo (OSDI'24) Lemma 3 and section 8.4.1
--
-- Violated at an event that gives a lower VMPL R, XU or XS (0x0d) on a page that carries content
-- of VMPL0's (view page_content): by RMPADJUST, if the page is VMPL0's launch page in its launch
-- binding or carries such content from an earlier binding that has not been overwritten in full
-- since. What VMPL0 stored in this very binding it may grant: that is its own decision. By any
-- other way (firmware), if it carries any content of VMPL0's.
SELECT seq, min(spn) << 12 AS spa, launch, stored, old
FROM page_content
WHERE what = 'change' AND raised & 0x0d0d0d00 <> 0
  AND (launch OR old OR (stored AND insn <> 2))
GROUP BY seq
ORDER BY seq;
