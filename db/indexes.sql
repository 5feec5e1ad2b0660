-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Built when the run closes: while it lasts, nothing costs but the rows themselves.
CREATE INDEX event_kind_seq ON event (kind, seq);
CREATE INDEX rmp_spa ON rmp (spa, seq);
CREATE INDEX rmp_gpa ON rmp (gpa, seq);
CREATE INDEX npt_gpa ON npt (gpa, seq);
CREATE INDEX store_spa ON store (spa, seq);
CREATE INDEX scrub_spa ON scrub (spa, seq);
CREATE INDEX rule_seq ON rule (seq);
