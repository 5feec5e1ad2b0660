-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 gives back no page in which a registered secret lies
-- source: VeriSMo (OSDI'24) section 6; GHCB 56421 (page state change)
--
-- Broken by a PVALIDATE of VMPL0 that took a page from valid to not valid with bytes of secrets
-- in it.
SELECT r.seq, r.spa & ~0xfff AS spa, r.gpa, r.bytes_secret
FROM rmp r
JOIN event e ON e.seq = r.seq
WHERE e.vmpl = 0 AND r.insn = 1 AND r.operand & 1 = 0 AND r.outcome = 0 AND r.rc = 0 AND r.cf = 0
  AND r.bytes_secret > 0
ORDER BY r.seq;
