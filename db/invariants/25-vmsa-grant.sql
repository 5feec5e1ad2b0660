-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: no lower VMPL has any permission on a VMSA page
-- source: APM 2 15.36.7 and 15.36.12; SVSM 58019 SVSM_CORE_CREATE_VCPU
--
-- Broken by a change after which a page has the VMSA bit and a lower VMPL any permission.
SELECT seq, min(spn) << 12 AS spa
FROM page_change
WHERE vmsa AND lower <> 0
GROUP BY seq
ORDER BY seq;
