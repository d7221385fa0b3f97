-- How the value of a system is known: C against a measured process before, D asserted (method §4.1).
-- grain: system_id
select
    system_id,
    case when bool_or(standard_error is not null) then 'C' else 'D' end as evidence_grade,
    true as is_incremental
from baseline_in_force
group by system_id

/* example
given:
  systems: [{system_id: a, scenario: own}, {system_id: b, scenario: own}]
  baselines:
    - {system_id: a, version: v1, metric: recall, value: 0.6, standard_error: 0.01, window_end: 2025-12-31}
    - {system_id: b, version: v1, metric: policy, value: 1, window_end: 2025-12-31}
expect:
  evidence_grade:
    - {system_id: a, evidence_grade: C, is_incremental: true}
    - {system_id: b, evidence_grade: D, is_incremental: true}
*/
