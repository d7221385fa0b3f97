-- What a serving mode of a system did and brought in a month of the run, with what the whole system cost.
-- grain: month, system_id, serving_mode
-- build: view
with used as (
    select
        month,
        system_id,
        serving_mode,
        cast(sum(predictions) as bigint) as predictions,
        sum(compute_seconds) as compute_seconds
    from usage_cells
    group by month, system_id, serving_mode
),

spent as (
    select
        belongs_month as month,
        system_id,
        sum(amount) filter (where side = 'cost' and basis = 'accrual') as cost,
        sum(avoidable_amount) filter (
            where side = 'cost' and basis = 'accrual' and source = 'billing'
        ) as compute
    from ledger_monthly
    group by belongs_month, system_id
),

worth as (
    select belongs_month as month, system_id, serving_mode, sum(amount) as value
    from ledger_monthly
    where basis = 'cohort' and category = 'direct'
    group by belongs_month, system_id, serving_mode
)

select
    u.month,
    u.system_id,
    u.serving_mode,
    u.predictions,
    u.compute_seconds, -- null where no log has them
    c.cost, -- of all modes together, as `compute`
    c.compute,
    w.value
from used as u
semi join run_month as m on m.month = u.month
left join spent as c on c.month = u.month and c.system_id = u.system_id
left join worth as w on w.month = u.month and w.system_id = u.system_id and w.serving_mode = u.serving_mode

/* example
# 138 of cost, 30 of it billed, stand for both modes; only real time brought value.
given:
  run_month: [{month: 2026-10-01}]
  usage_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, serving_mode: batch, predictions: 3, compute_seconds: 6}
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, serving_mode: realtime, predictions: 5}
  ledger_monthly:
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: billing, driver: cloud, amount: 30, avoidable_amount: 30}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: accrual, source: operating_costs, driver: licence, amount: 108, avoidable_amount: 108}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: value, basis: cohort, category: direct, driver: v, serving_mode: realtime, amount: 50}
expect:
  serving_mode_month:
    - {month: 2026-10-01, system_id: s, serving_mode: batch, predictions: 3, compute_seconds: 6, cost: 138, compute: 30, value: null}
    - {month: 2026-10-01, system_id: s, serving_mode: realtime, predictions: 5, compute_seconds: null, cost: 138, compute: 30, value: 50}
*/
