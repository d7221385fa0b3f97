-- A baseline that was measured while its system already ran, so it contains what the system did.
-- grain: row_no
-- guard: refuses
select
    b.row_no,
    b.system_id,
    b.metric,
    b.window_end,
    s.live_on
from baselines as b
inner join systems as s using (system_id)
where b.window_end >= s.live_on

/* example
# Measured to the end of July; one system went live in August, the other had run since June.
given:
  systems: [{system_id: a, live_on: 2026-08-01}, {system_id: b, live_on: 2026-06-01}]
  baselines:
    - {row_no: 1, system_id: a, metric: recall, window_end: 2026-07-31}
    - {row_no: 2, system_id: b, metric: recall, window_end: 2026-07-31}
expect:
  late_baseline: [{row_no: 2, system_id: b, metric: recall}]
*/
