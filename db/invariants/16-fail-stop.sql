-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: rule
-- statement: after a fault that only a hostile hypervisor causes VMPL0 does nothing but terminate
-- source: VeriSMo (OSDI'24) section 5; GHCB 56421 2.3.1
--
-- A processor is to stop after an exception of VMPL0 that is #VC 0x404 by hardware (page not
-- validated); #VC 0x400 by hardware at a guest page that is valid somewhere; an exception that
-- was injected (vector below 32, but NMI and #HV). Broken by the first going-on of it after
-- that: a PVALIDATE, an RMPADJUST, a request that is not console (IOIO) or termination. It has to
-- stop as well after its own request to be terminated; then console output is going on, too. What
-- goes on is reported once for each fault and for each such request. That a lower VMPL is entered
-- counts for nothing: the hypervisor can do that at any time. Nor does a request of code 0 in the
-- GHCB: the hypervisor put an empty page under it.
WITH fatal AS (
  SELECT f.seq, e.vcpu
  FROM fault f
  JOIN event e ON e.seq = f.seq
  WHERE e.vmpl = 0 AND f.class = 1
    AND ((f.source = 1 AND f.vector < 32 AND f.vector NOT IN (2, 28))
         OR (f.source = 0 AND f.vector = 29 AND f.error = 0x404)
         OR (f.source = 0 AND f.vector = 29 AND f.error = 0x400
             AND EXISTS (SELECT 1 FROM page_binding b
                         WHERE b.gpn = f.gpa >> 12 AND b.seq < f.seq
                           AND (b.until IS NULL OR b.until > f.seq))))
), request AS (
  SELECT v.seq, e.vcpu,
         CASE WHEN v.protocol = 1 THEN
                CASE WHEN v.code & 0xfff = 0x100 THEN 'termination' ELSE 'on' END
              WHEN v.code = 0x7b THEN 'console' ELSE 'on' END AS step
  FROM vmgexit v
  JOIN event e ON e.seq = v.seq
  WHERE e.vmpl = 0 AND v.phase = 0 AND (v.protocol = 1 OR v.code <> 0)
), step AS (
  SELECT seq, vcpu, 'fault' AS step, 0 AS spa FROM fatal
  UNION ALL
  SELECT seq, vcpu, step, 0 FROM request
  UNION ALL
  SELECT r.seq, e.vcpu, 'on', r.spa & ~0xfff
  FROM rmp r
  JOIN event e ON e.seq = r.seq
  WHERE e.vmpl = 0 AND r.insn IN (1, 2)
), state AS (
  -- The last bit says whether what came last is what arms the processor, or a going-on.
  SELECT *, coalesce(max(CASE WHEN step IN ('fault', 'on') THEN seq * 2 + (step = 'fault') END)
                     OVER earlier & 1, 0) AS faulted,
         coalesce(max(CASE WHEN step <> 'fault' THEN seq * 2 + (step = 'termination') END)
                  OVER earlier & 1, 0) AS terminated
  FROM step
  WINDOW earlier AS (PARTITION BY vcpu ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT seq, spa, vcpu, CASE WHEN faulted THEN 'after a fault' ELSE 'after termination' END AS reason
FROM state
WHERE (step = 'on' AND (faulted OR terminated)) OR (step = 'console' AND terminated)
ORDER BY seq;
