-- How far the value of a month may be off because the process before was itself only measured.
-- grain: month, system_id
with effect as ( -- what the month owes to each metric, which is proportional to it
    select
        p.month,
        p.system_id,
        p.baseline_metric,
        sum(p.amount) * any_value(b.standard_error / nullif(b.value, 0)) as error
    from value_priced as p
    inner join baseline_in_force as b on b.system_id = p.system_id and b.metric = p.baseline_metric
    where p.open_cell_id is null and p.category = 'direct'
    group by p.month, p.system_id, p.baseline_metric
)

select
    month,
    system_id,
    round(sqrt(sum(error ** 2)), 6) as standard_error
from effect
group by month, system_id

/* example
# Recall of 0.6 give or take 0.03 took 600 away, false alarms of 0.03 give or take 0.006 gave 200 back.
given:
  systems: [{system_id: s, scenario: own}]
  baselines:
    - {system_id: s, version: v1, metric: recall, value: 0.6, standard_error: 0.03, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: false_positive_rate, value: 0.03, standard_error: 0.006, window_end: 2025-12-31}
  value_priced:
    - {cell_id: c1, month: 2026-10-01, system_id: s, driver: baseline_x, category: direct, baseline_metric: recall, amount: -600}
    - {cell_id: c2, month: 2026-10-01, system_id: s, driver: baseline_x, category: direct, baseline_metric: false_positive_rate, amount: 200}
expect:
  baseline_error: [{month: 2026-10-01, system_id: s, standard_error: 50}]
*/
