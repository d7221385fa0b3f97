-- What a system brought and cost in a month, and since it was invested in; `portfolio` is the total, unallocated cost included. Value that nothing is compared with is null, unless it is a loss.
-- grain: month, system_id
-- computed: once
-- build: view
with grid as (
    select
        m.month,
        s.system_id
    from run_month as m
    cross join (
        select system_id, date_trunc('month', invested_on) as first_month from systems
        union all
        select unnest(['portfolio', 'unallocated']), date_trunc('month', min(invested_on)) from systems
    ) as s
    where m.month >= s.first_month
),

evidence as (
    select
        m.month,
        coalesce(m.system_id, 'portfolio') as system_id,
        sum(m.low - m.realised) filter (where g.is_incremental or e.month is not null) as value_low_gap,
        sum(m.high - m.realised) filter (where g.is_incremental or e.month is not null) as value_high_gap,
        sum(m.variance) filter (where g.is_incremental or e.month is not null) as value_variance,
        sum(m.predictions) as predictions,
        sum(m.acted) as acted,
        sum(m.linked) as linked
    from value_month as m
    left join evidence_grade as g using (system_id)
    left join evidence_month as e on e.month = m.month and e.system_id = m.system_id
    group by grouping sets ((m.month, m.system_id), (m.month))
)

select
    g.month,
    g.system_id,
    case when coalesce(k.is_measured, true) then coalesce(a.value, 0) else a.value end as value,
    coalesce(a.gross_value, 0) as gross_value,
    coalesce(a.indirect_value, 0) as indirect_value,
    coalesce(a.tco_cash, 0) as tco_cash,
    coalesce(a.tco_accrual, 0) as tco_accrual,
    coalesce(a.avoidable, 0) as avoidable,
    sum(coalesce(a.value, 0)) over past as counted_value,
    sum(coalesce(a.indirect_value, 0)) over past as cumulative_indirect_value,
    sum(coalesce(a.tco_cash, 0)) over past as cumulative_tco_cash,
    sum(coalesce(a.tco_accrual, 0)) over past as cumulative_tco_accrual,
    sum(coalesce(a.value, 0)) over year as value_trailing_12,
    sum(coalesce(a.tco_accrual, 0)) over year as tco_trailing_12,
    coalesce(k.is_measured, true) as is_measured,
    coalesce(k.is_known, true) as is_known,
    coalesce(e.value_low_gap, 0) as value_low_gap,
    coalesce(e.value_high_gap, 0) as value_high_gap,
    round(coalesce(e.value_variance, 0), 6) as value_variance,
    coalesce(b.standard_error, 0) as baseline_error,
    coalesce(e.predictions, 0) as predictions,
    coalesce(e.acted, 0) as acted,
    coalesce(e.linked, 0) as linked,
    d.maturity,
    coalesce(c.book_value, 0) as book_value
from grid as g
left join ledger_total as a using (month, system_id)
left join value_known as k using (month, system_id) -- a miss decides nothing: `unallocated`
left join evidence as e using (month, system_id)
left join ( -- systems are measured apart
    select month, coalesce(system_id, 'portfolio') as system_id, sqrt(sum(standard_error ** 2)) as standard_error
    from baseline_error
    group by grouping sets ((month, system_id), (month))
) as b using (month, system_id)
left join maturity as d using (month, system_id)
left join (
    select month, coalesce(system_id, 'portfolio') as system_id, sum(book_value) as book_value
    from capital
    group by grouping sets ((month, system_id), (month))
) as c using (month, system_id) -- a miss owns no hardware
window
    past as (partition by g.system_id order by g.month rows between unbounded preceding and current row),
    year as (partition by g.system_id order by g.month rows between 11 preceding and current row)

/* example
# Bought for 100 in September; worth 60 in October and 80 in November, 10 a month to run.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, invested_on: 2026-09-15, live_on: 2026-10-01}]
  run_month: [{month: 2026-09-01}, {month: 2026-10-01}, {month: 2026-11-01}]
  evidence_grade: [{system_id: s, evidence_grade: C, is_incremental: true}]
  ledger_monthly:
    - {month: 2026-09-01, system_id: s, side: cost, basis: cash, category: accelerators, amount: 100, avoidable_amount: 0}
    - {month: 2026-10-01, system_id: s, side: cost, basis: cash, category: energy, amount: 10, avoidable_amount: 10}
    - {month: 2026-10-01, system_id: s, side: value, basis: cohort, category: direct, amount: 60, avoidable_amount: 0}
    - {month: 2026-11-01, system_id: s, side: cost, basis: cash, category: energy, amount: 10, avoidable_amount: 10}
    - {month: 2026-11-01, system_id: s, side: value, basis: cohort, category: direct, amount: 80, avoidable_amount: 0}
    - {month: 2026-11-01, system_id: unallocated, side: cost, basis: cash, category: energy, amount: 5, avoidable_amount: 5}
expect:
  roi_input:
    - {month: 2026-09-01, system_id: s, value: 0, counted_value: 0, cumulative_tco_cash: 100}
    - {month: 2026-10-01, system_id: s, value: 60, counted_value: 60, cumulative_tco_cash: 110}
    - {month: 2026-11-01, system_id: s, value: 80, counted_value: 140, cumulative_tco_cash: 120}
    - {month: 2026-09-01, system_id: portfolio, value: 0, counted_value: 0, cumulative_tco_cash: 100}
    - {month: 2026-10-01, system_id: portfolio, value: 60, counted_value: 60, cumulative_tco_cash: 110}
    - {month: 2026-09-01, system_id: unallocated, value: 0, counted_value: 0, cumulative_tco_cash: 0}
    - {month: 2026-10-01, system_id: unallocated, value: 0, counted_value: 0, cumulative_tco_cash: 0}
    - {month: 2026-11-01, system_id: unallocated, value: 0, counted_value: 0, cumulative_tco_cash: 5}
    - {month: 2026-11-01, system_id: portfolio, value: 80, counted_value: 140, cumulative_tco_cash: 125}
*/
