-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: invariants and ghost rules broken while the machine ran
SELECT r.seq, r.name, r.kind, printf('0x%x', r.spa) AS spa, printf('0x%x', r.gpa) AS gpa, e.vcpu,
       e.actor, e.symbol, e.source
FROM rule r
LEFT JOIN event_named e ON e.seq = r.seq
ORDER BY r.id;
