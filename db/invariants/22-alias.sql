-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: VMPL0 reaches no page both encrypted and not, and no private page in plaintext
-- source: APM 2 15.34.5 (C-bit), 15.36.10
--
-- Broken by an alias event of a page that is mapped with and without the C-bit at once, or of an
-- access with C=0 to a page that is private and valid.
SELECT seq, spa & ~0xfff AS spa, gpa, gva, other_gva
FROM alias
WHERE (what = 1 AND c <> other_c) OR what = 2
ORDER BY seq;
