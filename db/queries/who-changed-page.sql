-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: the events that changed the RMP entry or mapping of :gpa, with symbol and source
SELECT seq, time, vcpu, actor, action, result, before, after, symbol, source
FROM page_history
WHERE :gpa >= gpa AND :gpa < gpa + bytes AND before IS NOT after
ORDER BY seq;
