-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: no lower VMPL has a permission on a VMSA page, but R where it had W before
-- source: APM 2 15.36.7 and 15.36.12; SVSM 58019 SVSM_CORE_CREATE_VCPU
--
-- Broken by a change after which a page has the VMSA bit and a lower VMPL any permission, unless it
-- is R alone, of a VMPL that has been given W since the page's last rebinding, launch or scrub, or
-- has had it right after these (as in vmsa-privileged): the page came from there. Linux 6.12 reads
-- SEV_FEATURES of a VMSA that SVSM_CORE_CREATE_VCPU has made.
WITH exposed AS (
  SELECT seq, spn, lower FROM page_change WHERE vmsa AND lower <> 0
), marker AS (
  -- lower, raised: one bit for W of each of VMPL1-3
  SELECT c.seq, c.spn, 'change' AS what, c.rebound OR c.insn = 0 AS anew,
         (c.lower >> 9 & 1) | (c.lower >> 16 & 2) | (c.lower >> 23 & 4) AS lower,
         CASE WHEN c.insn = 2 AND e.vmpl BETWEEN 1 AND 3 THEN 0
              ELSE (c.raised >> 9 & 1) | (c.raised >> 16 & 2) | (c.raised >> 23 & 4) END AS raised
  FROM page_change c
  JOIN event e ON e.seq = c.seq
  WHERE c.spn IN (SELECT spn FROM exposed)
  UNION ALL
  SELECT seq, spa >> 12, 'scrub', 1, NULL, 0 FROM scrub
  WHERE spa >> 12 IN (SELECT spn FROM exposed)
), state AS (
  SELECT seq, spn, anew, raised,
         coalesce(max(CASE WHEN what = 'change' THEN seq * 8 + lower END) OVER so_far & 7, 0)
           AS lower
  FROM marker
  WINDOW so_far AS (PARTITION BY spn ORDER BY seq ROWS UNBOUNDED PRECEDING)
), history AS (
  SELECT seq, spn, coalesce(max(CASE WHEN anew THEN seq END) OVER earlier, 0) AS since,
         coalesce(max(CASE WHEN given & 1 THEN seq END) OVER earlier, -1) AS by_1,
         coalesce(max(CASE WHEN given & 2 THEN seq END) OVER earlier, -1) AS by_2,
         coalesce(max(CASE WHEN given & 4 THEN seq END) OVER earlier, -1) AS by_3
  FROM (SELECT *, CASE WHEN anew THEN lower ELSE raised END AS given FROM state)
  WINDOW earlier AS (PARTITION BY spn ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT seq, min(spn) << 12 AS spa
FROM exposed
JOIN history USING (seq, spn)
WHERE (lower >> 8 & 0x1f) NOT IN (0, iif(by_1 >= since, 1, 0))
   OR (lower >> 16 & 0x1f) NOT IN (0, iif(by_2 >= since, 1, 0))
   OR (lower >> 24 & 0x1f) NOT IN (0, iif(by_3 >= since, 1, 0))
GROUP BY seq
ORDER BY seq;
