-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: nobody uses a right that VMPL0 took away once VMPL0 goes on as if it were gone
-- source: APM 2 15.36.9 (TLB), 15.36.12
--
-- Violated at a stale event on a page of which the latest RMPADJUST or PVALIDATE that took
-- something away (a permission of a lower VMPL, the validation) was VMPL0's, if since then that
-- processor has entered a lower VMPL, or if then or since RMPADJUST made the page a VMSA page.
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
                  FROM world w
                  JOIN event e ON e.seq = w.seq
                  WHERE w.seq > s.drop_seq AND w.seq < s.seq AND w.phase = 0 AND w.result = 0
                    AND e.vmpl BETWEEN 1 AND 3 AND e.vcpu IS d.vcpu))
ORDER BY s.seq;
