-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: a guest page that holds VMPL0's page tables is not granted to a lower VMPL
-- source: VeriSMo (OSDI'24) section 5
--
-- Broken by an RMPADJUST that raises a permission of a lower VMPL on a page at a guest page that
-- an earlier `page_table` event named.
WITH named AS MATERIALIZED (
  SELECT gpa >> 12 AS gpn, min(seq) AS since FROM page_table GROUP BY gpa >> 12
)
SELECT c.seq, min(c.spn) << 12 AS spa
FROM page_change c
JOIN named n ON n.gpn = c.gpn
WHERE c.insn = 2 AND c.raised <> 0 AND c.seq > n.since
GROUP BY c.seq
ORDER BY c.seq;
