-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: at most one validated system page for each (ASID, GPA) at any time
-- source: VeriSMo (OSDI'24) section 5; APM 2 15.36.6: hardware does not enforce it
--
-- A page's binding lasts from the event that made it valid there to the event that ended or
-- moved it (view page_binding). Violated at an event with which a page becomes valid at a place
-- where another page is valid at that moment. 2 MiB entries count as their 512 pages.
WITH occupied AS (
  -- An earlier binding of the place that lasts beyond seq is another page's.
  SELECT *, max(coalesce(until, 0x7fffffffffffffff))
            OVER (PARTITION BY place ORDER BY seq
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS occupied_until
  FROM page_binding
)
SELECT b.seq, min(b.spn) << 12 AS spa, b.gpn << 12 AS gpa, b.asid,
       (SELECT min(o.spn) << 12 FROM page_binding o
        WHERE o.place = b.place AND o.seq < b.seq AND (o.until IS NULL OR o.until > b.seq))
         AS other_spa
FROM occupied b
WHERE b.occupied_until > b.seq
GROUP BY b.seq
ORDER BY b.seq;
