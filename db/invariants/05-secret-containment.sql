-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no registered secret is readable by an entity that its list does not allow
-- source: AMD SEV-SNP firmware ABI 56860 (VMPCK), GHCB 56421 (shared memory)
--
-- The emulator looks for the bytes of registered secrets wherever another entity can read, and says
-- in each finding whether the secret's own list allows that entity.
SELECT s.seq, s.spa, s.gpa, s.offset, s.name, w.name AS location, a.name AS entity
FROM secret s
LEFT JOIN secret_where w ON w.id = s.location
LEFT JOIN actor a ON a.id = s.entity
WHERE s.allowed = 0
ORDER BY s.seq;
