-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: the state of every page that has one, just after event :seq
SELECT printf('0x%x', spa) AS spa, assigned, validated, vmsa, asid, printf('0x%x', gpa) AS gpa,
       perm1, perm2, perm3, seq AS since
FROM rmp_at
WHERE seq <= :seq AND until > :seq AND assigned
ORDER BY rmp_at.spa;
