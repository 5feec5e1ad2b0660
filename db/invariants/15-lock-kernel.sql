-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: code that was locked stays so, and no page becomes both writable and executable code
-- source: VeriSMo (OSDI'24) section 6 (kernel code integrity)
--
-- A place (ASID, guest page) is locked by an RMPADJUST of VMPL0 that takes W (0x02) from a VMPL
-- that has XS (0x08) before and after. Violated afterwards at a change that raises W of a lower
-- VMPL on a page that is valid at a locked place; and, once there is one, at an RMPADJUST that
-- raises W or XS of a VMPL on any page so that it has both, if VMPL0 has changed that page by
-- PVALIDATE or RMPADJUST since the first lock: before, the sweep had not come to it. RMPADJUSTs of
-- lower VMPLs are not judged: they pass on what VMPL0 let them have.
WITH locking AS (
  SELECT r.seq
  FROM rmp r
  JOIN event e ON e.seq = r.seq
  WHERE r.insn = 2 AND r.outcome = 0 AND e.vmpl = 0
    AND ((r.before_hi & ~r.after_hi & 0x02020200) << 2) & r.before_hi & r.after_hi & 0x08080800 <> 0
), locked AS MATERIALIZED (
  SELECT c.asid, c.gpn, min(c.seq) AS since
  FROM locking l
  JOIN page_change c ON c.seq = l.seq
  GROUP BY c.asid, c.gpn
), later AS (
  SELECT c.*, c.insn = 2 AND e.vmpl BETWEEN 1 AND 3 AS passed_on,
         max(CASE WHEN c.insn IN (1, 2) AND e.vmpl = 0 THEN 1 END)
         OVER (PARTITION BY c.spn ORDER BY c.seq
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS in_hand
  FROM page_change c
  JOIN event e ON e.seq = c.seq
  WHERE c.seq > (SELECT min(since) FROM locked)
)
SELECT seq, min(spn) << 12 AS spa, min(reason) AS reason
FROM (
  SELECT c.seq, c.spn, 'write permission at a locked place' AS reason
  FROM later c
  JOIN locked l ON l.asid = c.asid AND l.gpn = c.gpn
  WHERE c.raised & 0x02020200 <> 0 AND c.validated AND c.seq > l.since
    AND c.passed_on IS NOT TRUE
  UNION ALL
  SELECT c.seq, c.spn, 'writable code'
  FROM later c
  WHERE c.insn = 2 AND c.passed_on IS NOT TRUE AND c.in_hand
    AND ((c.lower & 0x02020200) << 2) & c.lower & 0x08080800
        & (c.raised | ((c.raised & 0x02020200) << 2)) <> 0
)
GROUP BY seq
ORDER BY seq;
