-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: what the run was made from and how it ended
SELECT title, version, printf('%u', seed) AS seed, token, options, finished, exit_reason, exit_code,
       stream_hash, events
FROM run;
