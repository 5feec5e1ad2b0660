-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: a vector that VMPL0 reaches by INT n is never injected into it
-- source: APM 2 15.36.16 (restricted and alternate injection)
--
-- Broken by an injected vector from 32 on at VMPL0 that software (INT n) has used there before.
WITH delivered AS (
  SELECT f.seq, f.vector, f.source
  FROM fault f
  JOIN event e ON e.seq = f.seq
  WHERE e.vmpl = 0 AND f.class = 1 AND f.vector >= 32
), gate AS (
  SELECT vector, min(seq) AS seq FROM delivered WHERE source = 2 GROUP BY vector
)
SELECT d.seq, 0 AS spa, d.vector
FROM delivered d
JOIN gate g ON g.vector = d.vector AND g.seq < d.seq
WHERE d.source = 1
ORDER BY d.seq;
