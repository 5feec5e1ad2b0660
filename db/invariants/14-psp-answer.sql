-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: the guest goes on only with the sequence number that an answer entitles it to
-- source: AMD SEV-SNP firmware ABI 56860 (guest messages: sequence numbers)
--
-- Violated when VMPL0 hands over (phase 1) a message under VMPCK0 whose number is more than two
-- above the highest that the firmware has answered with success (phase 0, status 0) for that
-- key; if there is none, above one. One that is not authentic (hash zero) may be anybody's: it
-- lies in a shared page. The other keys are also lower VMPLs'. Numbers have no sign: a negative
-- one is above all others.
WITH message AS (
  SELECT p.seq, vmpck, seqno, phase, e.vmpl, plaintext_hash,
         max(CASE WHEN phase = 0 AND status = 0 AND seqno < 0 THEN seqno END) OVER earlier AS huge,
         max(CASE WHEN phase = 0 AND status = 0 AND seqno >= 0 THEN seqno END) OVER earlier
           AS highest
  FROM psp p
  JOIN event e ON e.seq = p.seq
  WHERE command = 0x94 AND vmpck = 0
  WINDOW earlier AS (ORDER BY p.seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT seq, 0 AS spa, vmpck, seqno, coalesce(huge, highest) AS answered
FROM message
WHERE phase = 1 AND vmpl = 0 AND plaintext_hash <> zeroblob(16)
  AND CASE WHEN huge IS NOT NULL THEN seqno < 0 AND seqno - huge > 2
           WHEN highest IS NOT NULL AND seqno >= 0 THEN seqno - highest > 2
           WHEN highest IS NOT NULL THEN -- its distance from highest without a sign, less 2
             (seqno + 0x7fffffffffffffff) + (0x7fffffffffffffff - highest) > 0
           ELSE seqno < 0 OR seqno > 1 END
ORDER BY seq;
