-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: what lower VMPLs may do, as it changed
SELECT seq, time, vcpu, actor, insn, printf('0x%x', spa) AS spa, printf('0x%x', gpa) AS gpa, bytes,
       printf('%d/%d/%d', before_perm1, before_perm2, before_perm3) AS before,
       printf('%d/%d/%d', after_perm1, after_perm2, after_perm3) AS after, symbol, source
FROM permission_timeline
ORDER BY seq;
