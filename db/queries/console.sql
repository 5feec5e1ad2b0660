-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: the output of the serial ports
SELECT printf('0x%x', port) AS port, text FROM console_text ORDER BY console_text.port;
