-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: everything that addressed :gpa, whether it changed something or not
SELECT seq, time, vcpu, vmpl, actor, action, printf('0x%x', spa) AS spa, result, before, after, rip,
       symbol, source
FROM page_history
WHERE :gpa >= gpa AND :gpa < gpa + bytes
ORDER BY seq;
