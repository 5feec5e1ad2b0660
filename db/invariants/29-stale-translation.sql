-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: nobody uses a right that VMPL0 took away once VMPL0 goes on as if it were gone
-- source: APM 2 15.36.9 (TLB), 15.36.12
--
-- Violated at a stale event on a page of which the latest RMPADJUST or PVALIDATE that took
-- something away (a permission of a lower VMPL, the validation) was VMPL0's, if since then VMPL0
-- has asked on that processor for a lower VMPL to be run (its call is over), or if then or since
-- RMPADJUST made the page a VMSA page. That a lower VMPL is entered says nothing: the hypervisor
-- can do that while the call is still at work.
WITH wanted AS (
  SELECT DISTINCT spa >> 12 AS spn FROM stale
), marker AS (
  SELECT seq, spa >> 12 AS spn, 1 AS used, NULL AS dropped, NULL AS sealed FROM stale
  UNION ALL
  SELECT c.seq, c.spn, 0,
         r.before_hi & ~r.after_hi & 0x1f1f1f00 <> 0 OR (c.was_validated AND NOT c.validated),
         c.insn = 2 AND c.vmsa AND r.before_lo >> 61 & 1 = 0
  FROM page_change c
  JOIN rmp r ON r.seq = c.seq
  WHERE c.insn IN (1, 2) AND c.spn IN (SELECT spn FROM wanted)
), state AS (
  SELECT *, max(CASE WHEN dropped THEN seq END) OVER earlier AS drop_seq,
         max(CASE WHEN sealed THEN seq END) OVER earlier AS seal_seq
  FROM marker
  WINDOW earlier AS (PARTITION BY spn ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT s.seq, s.spn << 12 AS spa, s.drop_seq
FROM state s
JOIN event d ON d.seq = s.drop_seq
WHERE s.used AND d.vmpl = 0
  AND (s.seal_seq >= s.drop_seq
       OR EXISTS (SELECT 1
                  FROM vmgexit v
                  JOIN event e ON e.seq = v.seq
                  WHERE v.seq > s.drop_seq AND v.seq < s.seq AND v.phase = 0 AND v.protocol = 2
                    AND v.code = 0x80000018 AND e.vmpl = 0 AND e.vcpu IS d.vcpu))
ORDER BY s.seq;
