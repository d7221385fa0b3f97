-- The newest measured version of each baseline metric of a system: the process before it. A baseline without a metric its scenario needs is none.
-- grain: system_id, metric
with complete as ( -- a scenario that needs no particular metric takes whatever was measured
    select s.system_id
    from systems as s
    left join scenario_metric as m using (scenario)
    left join (select distinct system_id, metric from baselines) as b
        on b.system_id = s.system_id and b.metric = m.metric
    group by s.system_id
    having count(m.metric) = count(b.metric)
)

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
semi join complete using (system_id)
qualify row_number() over (partition by system_id, metric order by window_end desc, version desc) = 1

/* example
# b's scenario counts against recall and false positives; only one of the two was measured.
given:
  systems: [{system_id: a, scenario: fraud_detection}, {system_id: b, scenario: fraud_detection}, {system_id: c, scenario: own}]
  scenario_metric: [{scenario: fraud_detection, metric: recall}, {scenario: fraud_detection, metric: false_positive_rate}]
  baselines:
    - {system_id: a, version: v1, metric: recall, value: 0.55, window_start: 2024-01-01, window_end: 2024-12-31}
    - {system_id: a, version: v2, metric: recall, value: 0.60, window_start: 2025-01-01, window_end: 2025-12-31}
    - {system_id: a, version: v1, metric: false_positive_rate, value: 0.03, window_start: 2024-01-01, window_end: 2024-12-31}
    - {system_id: b, version: v1, metric: recall, value: 0.55, window_start: 2024-01-01, window_end: 2024-12-31}
    - {system_id: c, version: v1, metric: policy, value: 0, window_start: 2024-01-01, window_end: 2024-12-31}
expect:
  baseline_in_force:
    - {system_id: a, metric: recall, version: v2, value: 0.6}
    - {system_id: a, metric: false_positive_rate, version: v1, value: 0.03}
    - {system_id: c, metric: policy, version: v1, value: 0}
*/
