-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: what was typed on the serial ports, and when
SELECT c.seq, e.time, printf('0x%x', c.port) AS port, CAST(c.text AS TEXT) AS text
FROM console c
JOIN event e ON e.seq = c.seq
WHERE c.input <> 0
ORDER BY c.seq;
