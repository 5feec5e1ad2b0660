-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no lower VMPL can write memory private to VMPL0, through any GPA
-- source: VeriSMo (OSDI'24) Lemma 3
--
-- As vmpl0-confidentiality, for permission W (0x02).
SELECT c.seq, min(c.spn) << 12 AS spa, r.bytes_monitor, c.launch, c.stored, c.old
FROM page_content c
JOIN rmp r ON r.seq = c.seq
WHERE c.what = 'change' AND c.raised & 0x02020200 <> 0
  AND CASE WHEN c.insn = 2 THEN r.bytes_monitor > 0 ELSE c.launch OR c.stored OR c.old END
GROUP BY c.seq
ORDER BY c.seq;
