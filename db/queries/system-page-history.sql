-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: everything that addressed the system page at :spa
SELECT seq, time, vcpu, vmpl, actor, action, printf('0x%x', gpa) AS gpa, result, before, after, rip,
       symbol, source
FROM page_history
WHERE :spa >= spa AND :spa < spa + bytes
ORDER BY seq;
