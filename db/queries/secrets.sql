-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: where bytes of registered secrets were found
SELECT s.seq, s.name, coalesce(w.name, s.location) AS location, a.name AS entity, s.allowed,
       printf('0x%x', s.spa) AS spa, printf('0x%x', s.gpa) AS gpa, s.offset, e.symbol, e.source
FROM secret s
JOIN event_named e ON e.seq = s.seq
LEFT JOIN secret_where w ON w.id = s.location
LEFT JOIN actor a ON a.id = s.entity
ORDER BY s.seq;
