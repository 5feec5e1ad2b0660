-- SPDX-License-Identifier: GPL-2.0-or-later
-- description: what the run was made from and how it ended (the scenario is in run.options)
SELECT title, version, printf('%u', seed) AS seed, token,
       CASE WHEN json_valid(options) THEN json_remove(options, '$.scenario_text') ELSE options END
         AS options, finished, exit_reason, exit_code,
       stream_hash, events
FROM run;
