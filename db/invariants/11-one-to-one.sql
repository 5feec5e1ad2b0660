-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: a page private to VMPL0 has one address in its page tables
-- source: VeriSMo (OSDI'24) section 5
--
-- Violated at an `alias` event of two addresses (what 1) whose page carries content of VMPL0's
-- from this binding (launch or stored, view page_content) and has nothing for lower VMPLs.
SELECT c.seq, c.spn << 12 AS spa, a.gva, a.other_gva
FROM page_content c
JOIN alias a ON a.seq = c.seq
WHERE c.what = 'alias' AND a.what = 1 AND (c.launch OR c.stored) AND NOT c.reachable
ORDER BY c.seq;
