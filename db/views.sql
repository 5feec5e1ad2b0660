-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Views. The first ones are for people; page_change, page_binding and page_content are the common
-- ground of the invariants (db/invariants/), which docs/invariants.md defines.

-- Every choice of the scheduler, in order: the schedule.
CREATE VIEW choice AS
SELECT row_number() OVER (ORDER BY seq) AS n, seq, options, choice, reason, budget_insns
FROM sched;

-- rmp with the two raw words taken apart (bit layout: rmp/rmp.h).
CREATE VIEW rmp_decoded AS
SELECT r.seq, r.spa, r.gpa, r.gva,
       CASE WHEN r.size = 1 THEN 2097152 ELSE 4096 END AS bytes,
       i.name AS insn, o.name AS outcome, r.rc, r.cf, r.target_vmpl, r.operand, r.tracked,
       r.scrubbed_bytes,
       r.before_lo <> r.after_lo OR r.before_hi <> r.after_hi AS changed,
       r.before_lo & 1 AS before_assigned,
       r.before_lo >> 1 & 1 AS before_size,
       r.before_lo >> 2 & 1 AS before_immutable,
       r.before_lo & 0x7fffffffff000 AS before_gpa,
       r.before_lo >> 51 & 0x3ff AS before_asid,
       r.before_lo >> 61 & 1 AS before_vmsa,
       r.before_lo >> 62 & 1 AS before_validated,
       r.before_hi & 0xff AS before_perm0,
       r.before_hi >> 8 & 0xff AS before_perm1,
       r.before_hi >> 16 & 0xff AS before_perm2,
       r.before_hi >> 24 & 0xff AS before_perm3,
       r.after_lo & 1 AS after_assigned,
       r.after_lo >> 1 & 1 AS after_size,
       r.after_lo >> 2 & 1 AS after_immutable,
       r.after_lo & 0x7fffffffff000 AS after_gpa,
       r.after_lo >> 51 & 0x3ff AS after_asid,
       r.after_lo >> 61 & 1 AS after_vmsa,
       r.after_lo >> 62 & 1 AS after_validated,
       r.after_hi & 0xff AS after_perm0,
       r.after_hi >> 8 & 0xff AS after_perm1,
       r.after_hi >> 16 & 0xff AS after_perm2,
       r.after_hi >> 24 & 0xff AS after_perm3
FROM rmp r
JOIN rmp_insn i ON i.id = r.insn
JOIN rmp_outcome o ON o.id = r.outcome;

-- event with its numbers replaced by names.
CREATE VIEW event_named AS
SELECT e.seq, e.time, k.name AS kind, e.vcpu, e.vmpl, a.name AS actor,
       CASE WHEN e.rip <> 0 THEN printf('0x%x', e.rip) END AS rip,
       s.name AS symbol,
       CASE WHEN s.file IS NOT NULL THEN printf('%s:%d', s.file, s.line) END AS source
FROM event e
JOIN event_kind k ON k.id = e.kind
JOIN actor a ON a.id = e.actor
LEFT JOIN symbol s ON s.id = e.symbol;

-- Every change of permissions, validation, assignment or mapping, with who and from where.
-- Query it by gpa (any 4 KiB page inside [gpa, gpa + bytes)).
CREATE VIEW page_history AS
SELECT h.gpa, h.bytes, h.seq, e.time, e.vcpu, e.vmpl, e.actor, h.action, h.spa, h.result,
       h.before, h.after, e.rip, e.symbol, e.source
FROM (
  SELECT seq, gpa, bytes, insn AS action, spa,
         CASE WHEN outcome <> 'done' THEN outcome
              WHEN rc <> 0 THEN printf('rc %d', rc)
              WHEN cf THEN 'ok, CF=1' ELSE 'ok' END AS result,
         CASE WHEN before_assigned THEN
              printf('%s asid %d gpa 0x%x%s%s %d/%d/%d/%d',
                     CASE WHEN before_size THEN '2M' ELSE '4K' END, before_asid, before_gpa,
                     CASE WHEN before_validated THEN ' valid' ELSE '' END,
                     CASE WHEN before_vmsa THEN ' vmsa' ELSE '' END,
                     before_perm0, before_perm1, before_perm2, before_perm3)
              ELSE 'hypervisor' END AS before,
         CASE WHEN after_assigned THEN
              printf('%s asid %d gpa 0x%x%s%s %d/%d/%d/%d',
                     CASE WHEN after_size THEN '2M' ELSE '4K' END, after_asid, after_gpa,
                     CASE WHEN after_validated THEN ' valid' ELSE '' END,
                     CASE WHEN after_vmsa THEN ' vmsa' ELSE '' END,
                     after_perm0, after_perm1, after_perm2, after_perm3)
              ELSE 'hypervisor' END AS after
  FROM rmp_decoded
  UNION ALL
  SELECT seq, gpa, CASE WHEN size = 1 THEN 2097152 ELSE 4096 END, 'LAUNCH_UPDATE', spa, 'ok', NULL,
         printf('valid%s %d/%d/%d/%d', CASE WHEN page_type = 2 THEN ' vmsa' ELSE '' END,
                perm0, perm1, perm2, perm3)
  FROM launch_page
  UNION ALL
  SELECT seq, gpa, CASE WHEN size = 1 THEN 2097152 ELSE 4096 END, 'NPT', spa, 'ok',
         CASE WHEN old_present THEN printf('spa 0x%x flags %d', old_spa, old_flags)
              ELSE 'not mapped' END,
         CASE WHEN present THEN printf('spa 0x%x flags %d', spa, flags) ELSE 'not mapped' END
  FROM npt
) h
JOIN event_named e ON e.seq = h.seq;

-- Changes of what lower VMPLs may do, one row for each: the timeline of permissions.
CREATE VIEW permission_timeline AS
SELECT r.seq, e.time, e.vcpu, e.actor, r.insn, r.spa, r.after_gpa AS gpa, r.bytes,
       r.before_perm1, r.before_perm2, r.before_perm3,
       r.after_perm1, r.after_perm2, r.after_perm3,
       e.symbol, e.source
FROM rmp_decoded r
JOIN event_named e ON e.seq = r.seq
WHERE r.outcome = 'done'
  AND (r.before_perm1 <> r.after_perm1 OR r.before_perm2 <> r.after_perm2
       OR r.before_perm3 <> r.after_perm3);

-- Requests by protocol and code: how many, how many were answered.
CREATE VIEW vmgexit_summary AS
SELECT CASE v.protocol WHEN 1 THEN 'MSR' WHEN 2 THEN 'page' ELSE v.protocol END AS protocol,
       printf('0x%x', v.code) AS code, e.vmpl,
       sum(v.phase = 0) AS requests, sum(v.phase = 1) AS answers,
       min(v.seq) AS first_seq, max(v.seq) AS last_seq
FROM vmgexit v
JOIN event e ON e.seq = v.seq
GROUP BY v.protocol, v.code, e.vmpl;

-- The serial ports' output: one row for each port.
CREATE VIEW console_text AS
SELECT port, group_concat(CAST(text AS TEXT), '') AS text
FROM (SELECT port, text FROM console WHERE input = 0 ORDER BY seq)
GROUP BY port;

-- What an event did to one 4 KiB system page. 2 MiB entries have 512 rows. Only events that changed
-- an entry (RMP instructions, firmware) or made a page valid at launch (insn 0) are here.
--  lower    permissions of VMPL1-3 after it, one byte each as in the high raw word
--  raised   those of them that were not there before
--  rebound  the page lost its binding: RMPUPDATE (or firmware) changed assigned, ASID, GPA or size
--  monitor  launch pages only: 1 if VMPL0's own (owner monitor, nothing for lower VMPLs), else 0
--  asid     NULL for launch pages (the event has none)
CREATE VIEW page_change AS
WITH RECURSIVE sub (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM sub WHERE i < 511),
entry AS (
  SELECT seq, spa >> 12 AS spn, insn, after_lo, after_hi,
         size = 1 OR before_lo & 3 = 3 OR after_lo & 3 = 3 AS wide,
         before_lo >> 62 & 1 AS was_validated,
         after_hi & ~before_hi & 0x1f1f1f00 AS raised,
         (insn = 4 AND before_lo & 0x1ffffffffffff003 <> after_lo & 0x1ffffffffffff003)
         OR (insn = 7 AND before_lo & 0x1ffffffffffff001 <> after_lo & 0x1ffffffffffff001)
           AS rebound
  FROM rmp
  WHERE outcome = 0 AND (before_lo <> after_lo OR before_hi <> after_hi)
), page AS (
  SELECT e.*, 0 AS i, spn AS page_spn FROM entry e WHERE NOT wide
  UNION ALL
  SELECT e.*, sub.i, (spn & ~511) + sub.i FROM entry e CROSS JOIN sub WHERE wide
)
SELECT seq, page_spn AS spn, insn, after_lo & 1 AS assigned, was_validated,
       after_lo >> 62 & 1 AS validated, after_lo >> 61 & 1 AS vmsa, after_lo >> 51 & 0x3ff AS asid,
       (after_lo >> 12 & 0x7fffffffff) + i AS gpn, after_hi & 0x1f1f1f00 AS lower, raised, rebound,
       NULL AS monitor
FROM page
UNION ALL
SELECT l.seq, CASE WHEN l.size = 1 THEN (l.spa >> 12 & ~511) + sub.i ELSE l.spa >> 12 END, 0, 1, 0,
       1, l.page_type = 2, NULL, (l.gpa >> 12) + sub.i,
       ((perm1 << 8) | (perm2 << 16) | (perm3 << 24)) & 0x1f1f1f00, 0, 0,
       owner = 0 AND (perm1 | perm2 | perm3) & 0x1f = 0
FROM launch_page l CROSS JOIN sub
WHERE l.size = 1 OR sub.i = 0;

-- When a system page was validated, and where: from seq up to but not including until (NULL: to the
-- end). A launch event names no ASID; it is the one the page was assigned to before, or else 1.
CREATE VIEW page_binding AS
WITH placed AS (
  SELECT seq, spn, insn, was_validated, validated, gpn,
         coalesce(asid, nullif(max(seq * 1024 + asid) OVER earlier & 1023, 0), 1) AS asid
  FROM page_change
  WINDOW earlier AS (PARTITION BY spn ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), keyed AS (
  SELECT *, CASE WHEN validated THEN (asid << 39) | gpn ELSE -1 END AS place FROM placed
), compared AS (
  SELECT *, lag(place, 1, -1) OVER (PARTITION BY spn ORDER BY seq) AS place_before FROM keyed
), moved AS (
  SELECT *, lead(seq) OVER (PARTITION BY spn ORDER BY seq) AS until
  FROM compared
  WHERE place <> place_before
)
SELECT spn, asid, gpn, place, seq, until, insn, was_validated FROM moved WHERE place >= 0;

-- What of VMPL0's a system page carried just before an event that concerned it.
--  launch  VMPL0's own launch page, still in its launch binding
--  stored  VMPL0 wrote to it in this binding while no lower VMPL could reach it
--  old     it was one of these in an earlier binding and has not been overwritten in full since
--  reachable  a lower VMPL had some permission
CREATE VIEW page_content AS
WITH marker AS (
  SELECT seq, spn, 'change' AS what, insn, lower, raised, rebound, monitor FROM page_change
  UNION ALL SELECT seq, spa >> 12, 'store', NULL, NULL, 0, 0, NULL FROM store
  UNION ALL SELECT seq, spa >> 12, 'scrub', NULL, NULL, 0, 0, NULL FROM scrub
  UNION ALL SELECT seq, spa >> 12, 'alias', NULL, NULL, 0, 0, NULL FROM alias
), reach AS (
  SELECT *, coalesce(max(CASE WHEN what = 'change' THEN seq * 2 + (lower <> 0) END)
                     OVER earlier & 1, 0) AS reachable
  FROM marker
  WINDOW earlier AS (PARTITION BY spn ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), bound AS (
  SELECT *,
    coalesce(max(CASE WHEN monitor IS NOT NULL THEN seq * 2 + monitor
                      WHEN what = 'scrub' OR rebound THEN seq * 2 END) OVER earlier & 1, 0)
      AS launch,
    coalesce(max(CASE WHEN monitor IS NOT NULL OR rebound OR (insn = 2 AND raised <> 0) THEN seq * 2
                      WHEN what IN ('store', 'scrub') THEN
                        CASE WHEN NOT reachable THEN seq * 2 + 1
                             WHEN what = 'scrub' THEN seq * 2 END
                 END) OVER earlier & 1, 0)
      AS stored
  FROM reach
  WINDOW earlier AS (PARTITION BY spn ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT seq, spn, what, insn, raised, rebound, reachable, launch, stored,
       coalesce(max(CASE WHEN monitor IS NOT NULL OR what = 'scrub' THEN seq * 2
                         WHEN rebound AND (launch OR stored) THEN seq * 2 + 1 END)
                OVER earlier & 1, 0) AS old
FROM bound
WINDOW earlier AS (PARTITION BY spn ORDER BY seq
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING);

-- The RMP as it stood: the state of each 4 KiB page from seq up to but not including until.
--   SELECT * FROM rmp_at WHERE seq <= 1000 AND until > 1000
CREATE VIEW rmp_at AS
SELECT seq, coalesce(lead(seq) OVER (PARTITION BY spn ORDER BY seq), 0x7fffffffffffffff) AS until,
       spn << 12 AS spa, assigned, validated, vmsa, asid, gpn << 12 AS gpa,
       lower >> 8 & 0xff AS perm1, lower >> 16 & 0xff AS perm2, lower >> 24 & 0xff AS perm3
FROM page_change;
