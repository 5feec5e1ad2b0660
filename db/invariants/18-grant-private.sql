-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 does not grant what the launch gave to it alone
-- source: VeriSMo (OSDI'24) Lemma 3 and section 6
--
-- Broken by an RMPADJUST that raises a permission of a lower VMPL on VMPL0's launch page in its
-- launch binding (launch of view page_content) while bytes of VMPL0's are in it.
SELECT c.seq, min(c.spn) << 12 AS spa, r.bytes_monitor
FROM page_content c
JOIN rmp r ON r.seq = c.seq
WHERE c.what = 'change' AND c.insn = 2 AND c.raised <> 0 AND c.launch AND r.bytes_monitor > 0
GROUP BY c.seq
ORDER BY c.seq;
