-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 loads no byte twice that somebody else may have changed in between
-- source: GHCB 56421 (shared memory); SVSM 58019 (calling area)
--
-- Broken by each refetch event.
SELECT seq, spa & ~0xfff AS spa, gpa, gva, offset, length, writer
FROM refetch
ORDER BY seq;
