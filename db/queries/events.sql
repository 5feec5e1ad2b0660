-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: how many events of each kind
SELECT k.name AS kind, count(*) AS count, min(e.seq) AS first_seq, max(e.seq) AS last_seq
FROM event e
JOIN event_kind k ON k.id = e.kind
GROUP BY e.kind
ORDER BY e.kind;
