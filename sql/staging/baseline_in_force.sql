-- The newest measured version of each baseline metric of a system: the process before, or beside it.
-- grain: system_id, metric
select
    system_id,
    metric,
    version,
    cast(value as decimal(18, 9)) as value,
    unit,
    n,
    standard_error,
    window_start,
    window_end
from baselines
qualify row_number() over (partition by system_id, metric order by window_end desc, version desc) = 1

/* example
given:
  baselines:
    - {system_id: s, version: v1, metric: recall, value: 0.55, window_start: 2024-01-01, window_end: 2024-12-31}
    - {system_id: s, version: v2, metric: recall, value: 0.60, window_start: 2025-01-01, window_end: 2025-12-31}
expect:
  baseline_in_force: [{system_id: s, metric: recall, version: v2, value: 0.6}]
*/
