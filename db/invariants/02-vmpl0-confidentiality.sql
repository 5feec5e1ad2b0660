-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no lower VMPL can read or execute memory private to VMPL0, through any GPA
-- source: VeriSMo (OSDI'24) Lemma 3 and section 8.4.1
--
-- Violated at an event that gives a lower VMPL R, XU or XS (0x0d): by RMPADJUST, if bytes of
-- VMPL0's from the launch or from an earlier binding are in the page (rmp.bytes_monitor). What
-- VMPL0 stored in this very binding it may grant: that is its own decision. By any other way
-- (firmware), if the page carries any content of VMPL0's (view page_content).
SELECT c.seq, min(c.spn) << 12 AS spa, r.bytes_monitor, c.launch, c.stored, c.old
FROM page_content c
JOIN rmp r ON r.seq = c.seq
WHERE c.what = 'change' AND c.raised & 0x0d0d0d00 <> 0
  AND CASE WHEN c.insn = 2 THEN r.bytes_monitor > 0 ELSE c.launch OR c.stored OR c.old END
GROUP BY c.seq
ORDER BY c.seq;
