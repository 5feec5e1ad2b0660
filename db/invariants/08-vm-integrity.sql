-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: memory of the guest is moved only with its consent and never written by the hypervisor
-- source: SEV-SNP white paper (integrity); APM 2 15.36.6
--
-- Violated at a `move` event whose new system page has not become valid at that guest page since
-- the page's previous `move` (or is valid there no more): VMPL0 or the launch validates a page
-- where it is to be. And at a write of the hypervisor that was not refused and touches a page
-- that is valid at that moment.
WITH moved AS (
  SELECT seq, gpa >> 12 AS gpn, spa >> 12 AS spn,
         lag(seq, 1, 0) OVER (PARTITION BY gpa >> 12 ORDER BY seq) AS before
  FROM move
)
SELECT seq, min(spn) << 12 AS spa, reason
FROM (
  SELECT seq, spn, 'moved' AS reason FROM moved m
  WHERE NOT EXISTS (SELECT 1 FROM page_binding b
                    WHERE b.spn = m.spn AND b.gpn = m.gpn
                      AND b.seq > m.before AND b.seq < m.seq
                      AND (b.until IS NULL OR b.until > m.seq))
  UNION ALL
  SELECT a.seq, b.spn, 'written by the hypervisor'
  FROM hv_access a
  CROSS JOIN page_binding b -- in this order: an index finds the pages that an access touches
  WHERE b.spn BETWEEN a.spa >> 12 AND (a.spa + a.length - 1) >> 12
    AND a.write <> 0 AND a.refused = 0 AND a.length <> 0
    AND b.seq < a.seq AND (b.until IS NULL OR b.until > a.seq)
)
GROUP BY seq
ORDER BY seq;
