-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: faults by class and vector, with the first place of each
SELECT coalesce(c.name, f.class) AS class, f.vector, printf('0x%x', f.error) AS error, e.actor,
       count(*) AS count, min(f.seq) AS first_seq, printf('0x%x', f.address) AS first_address,
       e.symbol, e.source
FROM fault f
JOIN event_named e ON e.seq = f.seq
LEFT JOIN fault_class c ON c.id = f.class
GROUP BY f.class, f.vector, f.error, e.actor
ORDER BY first_seq;
