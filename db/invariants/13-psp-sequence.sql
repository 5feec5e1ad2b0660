-- SPDX-License-Identifier: GPL-2.0-or-later
-- kind: invariant
-- statement: no two messages to the firmware are encrypted with the same key and sequence number
-- source: AMD SEV-SNP firmware ABI 56860 (guest messages; AES-GCM)
--
-- Violated at a guest message (command 0x94, handed over or dealt with) under VMPCK0 when an
-- earlier one with the same sequence number had another plaintext. The other keys are also lower
-- VMPLs'. Messages that could not be decrypted (hash zero) do not count.
WITH message AS (
  SELECT seq, vmpck, seqno, plaintext_hash AS hash,
         min(plaintext_hash) OVER earlier AS low, max(plaintext_hash) OVER earlier AS high
  FROM psp
  WHERE command = 0x94 AND vmpck = 0 AND plaintext_hash <> zeroblob(16)
  WINDOW earlier AS (PARTITION BY vmpck, seqno ORDER BY seq
                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT seq, 0 AS spa, vmpck, seqno
FROM message
WHERE hash <> low OR hash <> high
ORDER BY seq;
