-- What a serving mode (realtime, batch, edge) of a system returned, `portfolio` being all of them: value, and its share of the cost.
-- grain: month, system_id, serving_mode
with brought as (
    select
        l.month,
        l.system_id,
        l.serving_mode,
        sum(l.amount) as value
    from ledger_monthly as l
    left join evidence_grade as g on g.system_id = l.system_id
    left join evidence_month as e on e.month = l.belongs_month and e.system_id = l.system_id
    left join gross_loss as k on k.month = l.month and k.system_id = l.system_id
    where
        l.side = 'value' and l.basis = 'cohort' and l.category = 'direct'
        and (coalesce(g.is_incremental, e.month is not null) or k.month is not null)
    group by l.month, l.system_id, l.serving_mode
),

moded as (
    select
        month,
        coalesce(system_id, 'portfolio') as system_id,
        serving_mode,
        cast(coalesce(sum(u.predictions), 0) as bigint) as predictions,
        coalesce(sum(b.value), 0) as counted_value,
        coalesce(sum(u.cost_accrual), 0) as cost_accrual
    from unit_cost_monthly as u
    full join brought as b using (month, system_id, serving_mode) -- a miss brought or used nothing
    semi join run_month using (month)
    group by grouping sets ((month, system_id, serving_mode), (month, serving_mode))
),

so_far as (
    select
        m.*,
        case when r.month is null or r.value is not null then m.counted_value end as value,
        case when r.month is null or r.cumulative_value is not null then sum(m.counted_value) over past end as cumulative_value,
        sum(m.cost_accrual) over past as cumulative_cost_accrual,
        coalesce(r.missing_reason, '') <> 'no_baseline' as is_known
    from moded as m
    left join roi_monthly as r using (month, system_id) -- a miss is a cost before the investment
    window past as (partition by m.system_id, m.serving_mode order by m.month)
)

select
    month,
    system_id,
    serving_mode,
    predictions,
    value,
    cost_accrual,
    case when is_known or system_id <> 'portfolio' then value - cost_accrual end as net_accrual,
    cumulative_value,
    cumulative_cost_accrual,
    cast(case when is_known and cost_accrual > 0 then (value - cost_accrual) / cost_accrual end as decimal(28, 6))
        as roi_accrual,
    cast(
        case
            when is_known and cumulative_cost_accrual > 0
                then (cumulative_value - cumulative_cost_accrual) / cumulative_cost_accrual
        end as decimal(28, 6)
    ) as roi_cumulative_accrual,
    case when not is_known then 'no_baseline' when cumulative_cost_accrual <= 0 then 'no_cost' end as missing_reason,
    s.reporting_currency as currency
from so_far
cross join setting as s

/* example
# In October batch brought 30 for 20; in November it brought nothing for 5. Real time only cost. A
# second system served in batches for 4, without a baseline: its value, and the total's net, are unknown.
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
  roi_monthly:
    - {month: 2026-10-01, system_id: t, missing_reason: no_baseline}
    - {month: 2026-10-01, system_id: portfolio, value: 30, cumulative_value: 30, missing_reason: no_baseline}
    - {month: 2026-11-01, system_id: portfolio, value: 0, cumulative_value: 30, missing_reason: no_baseline}
expect:
  roi_by_mode_monthly:
    - {month: 2026-10-01, system_id: portfolio, serving_mode: batch, predictions: 12, value: 30, net_accrual: null, roi_accrual: null, roi_cumulative_accrual: null}
    - {month: 2026-10-01, system_id: portfolio, serving_mode: realtime, predictions: 1, value: 0, net_accrual: null, roi_accrual: null, roi_cumulative_accrual: null}
    - {month: 2026-10-01, system_id: s, serving_mode: batch, predictions: 9, value: 30, net_accrual: 10, roi_accrual: 0.5, roi_cumulative_accrual: 0.5}
    - {month: 2026-10-01, system_id: s, serving_mode: realtime, predictions: 1, value: 0, net_accrual: -2, roi_accrual: -1, roi_cumulative_accrual: -1}
    - {month: 2026-10-01, system_id: t, serving_mode: batch, predictions: 3, value: null, net_accrual: null, roi_accrual: null, roi_cumulative_accrual: null}
    - {month: 2026-11-01, system_id: portfolio, serving_mode: batch, predictions: 2, value: 0, net_accrual: null, roi_accrual: null, roi_cumulative_accrual: null}
    - {month: 2026-11-01, system_id: s, serving_mode: batch, predictions: 2, value: 0, net_accrual: -5, roi_accrual: -1, roi_cumulative_accrual: 0.2}
*/
