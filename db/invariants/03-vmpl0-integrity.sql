-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no lower VMPL can write memory private to VMPL0, through any GPA
-- source: VeriSMo (OSDI'24) Lemma 3
--
-- As vmpl0-confidentiality, for permission W (0x02).
SELECT seq, min(spn) << 12 AS spa, launch, stored, old
FROM page_content
WHERE what = 'change' AND raised & 0x02020200 <> 0
  AND (launch OR old OR (stored AND insn <> 2))
GROUP BY seq
ORDER BY seq;
