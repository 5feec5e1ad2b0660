-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: at most one validated system page for each (ASID, GPA) at any time
-- source: VeriSMo (OSDI'24) section 5; APM 2 15.36.6: hardware does not enforce it
--
-- A page's binding lasts from the event that made it valid there to the event that ended or
-- moved it (view page_binding). Violated at an event with which a page becomes valid at a place
-- where another page is valid at that moment. 2 MiB entries count as their 512 pages.
SELECT b.seq, min(b.spn) << 12 AS spa, b.gpn << 12 AS gpa, b.asid, min(o.spn) << 12 AS other_spa
FROM page_binding b
JOIN page_binding o
  ON o.place = b.place AND o.spn <> b.spn AND o.seq <= b.seq
     AND (o.until IS NULL OR o.until > b.seq)
GROUP BY b.seq
ORDER BY b.seq;
