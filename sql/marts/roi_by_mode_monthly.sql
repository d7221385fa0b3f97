-- What a serving mode (realtime, batch, edge) of a system returned, `portfolio` being all of them: value, and its share of the cost.
-- grain: month, system_id, serving_mode
with brought as (
    select
        l.month,
        l.system_id,
        l.serving_mode,
        sum(l.amount) as value
    from ledger_monthly as l
    inner join evidence_grade as g on g.system_id = l.system_id and g.is_incremental
    where l.side = 'value' and l.basis = 'cohort' and l.category = 'direct'
    group by l.month, l.system_id, l.serving_mode
),

moded as (
    select
        month,
        coalesce(system_id, 'portfolio') as system_id,
        serving_mode,
        cast(coalesce(sum(u.predictions), 0) as bigint) as predictions,
        coalesce(sum(b.value), 0) as value,
        coalesce(sum(u.cost_accrual), 0) as cost_accrual
    from unit_cost_monthly as u
    full join brought as b using (month, system_id, serving_mode) -- a miss brought or used nothing
    semi join run_month using (month)
    group by grouping sets ((month, system_id, serving_mode), (month, serving_mode))
),

so_far as (
    select
        *,
        sum(value) over past as cumulative_value,
        sum(cost_accrual) over past as cumulative_cost_accrual
    from moded
    window past as (partition by system_id, serving_mode order by month)
)

select
    month,
    system_id,
    serving_mode,
    predictions,
    value,
    cost_accrual,
    value - cost_accrual as net_accrual,
    cumulative_value,
    cumulative_cost_accrual,
    cast(case when cost_accrual > 0 then (value - cost_accrual) / cost_accrual end as decimal(28, 6)) as roi_accrual,
    cast(
        case
            when cumulative_cost_accrual > 0
                then (cumulative_value - cumulative_cost_accrual) / cumulative_cost_accrual
        end as decimal(28, 6)
    ) as roi_cumulative_accrual,
    case when cumulative_cost_accrual <= 0 then 'no_cost' end as missing_reason,
    s.reporting_currency as currency
from so_far
cross join setting as s

/* example
# In October batch brought 30 for 20; in November it brought nothing for 5. Real time only cost. A
# second system served in batches for 4, without a baseline: its value decides nothing.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-10-01}, {month: 2026-11-01}]
  evidence_grade: [{system_id: s, evidence_grade: C, is_incremental: true}]
  unit_cost_monthly:
    - {month: 2026-10-01, system_id: s, serving_mode: batch, predictions: 9, cost_accrual: 20}
    - {month: 2026-11-01, system_id: s, serving_mode: batch, predictions: 2, cost_accrual: 5}
    - {month: 2026-10-01, system_id: t, serving_mode: batch, predictions: 3, cost_accrual: 4}
    - {month: 2026-10-01, system_id: s, serving_mode: realtime, predictions: 1, cost_accrual: 2}
  ledger_monthly:
    - {month: 2026-10-01, system_id: s, side: value, basis: cohort, category: direct, serving_mode: batch, amount: 30}
expect:
  roi_by_mode_monthly:
    - {month: 2026-10-01, system_id: portfolio, serving_mode: batch, predictions: 12, value: 30, net_accrual: 6, roi_accrual: 0.25, roi_cumulative_accrual: 0.25}
    - {month: 2026-10-01, system_id: portfolio, serving_mode: realtime, predictions: 1, value: 0, net_accrual: -2, roi_accrual: -1, roi_cumulative_accrual: -1}
    - {month: 2026-10-01, system_id: s, serving_mode: batch, predictions: 9, value: 30, net_accrual: 10, roi_accrual: 0.5, roi_cumulative_accrual: 0.5}
    - {month: 2026-10-01, system_id: s, serving_mode: realtime, predictions: 1, value: 0, net_accrual: -2, roi_accrual: -1, roi_cumulative_accrual: -1}
    - {month: 2026-10-01, system_id: t, serving_mode: batch, predictions: 3, value: 0, net_accrual: -4, roi_accrual: -1, roi_cumulative_accrual: -1}
    - {month: 2026-11-01, system_id: portfolio, serving_mode: batch, predictions: 2, value: 0, net_accrual: -5, roi_accrual: -1, roi_cumulative_accrual: 0.034483}
    - {month: 2026-11-01, system_id: s, serving_mode: batch, predictions: 2, value: 0, net_accrual: -5, roi_accrual: -1, roi_cumulative_accrual: 0.2}
*/
