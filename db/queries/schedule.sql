-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: the choices of the scheduler
SELECT * FROM choice ORDER BY n;
