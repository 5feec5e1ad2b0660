-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Built when the run closes: while it lasts, nothing costs but the rows themselves. Only what a
-- question about one page or one event needs; the invariants read whole tables in any case.
CREATE INDEX rmp_spa ON rmp (spa, seq);
CREATE INDEX rmp_gpa ON rmp (gpa, seq);
CREATE INDEX npt_gpa ON npt (gpa, seq);
CREATE INDEX rule_seq ON rule (seq);
