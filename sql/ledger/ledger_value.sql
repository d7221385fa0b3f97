-- What a month's predictions were worth by driver (cohort), and what a month's observations were worth (recognised).
-- grain: month, system_id, side, basis, driver, model_version, serving_mode
with counted as (
    select
        case b.basis when 'cohort' then v.month else v.observed_month end as month,
        v.system_id, b.basis, v.driver, v.model_version, v.serving_mode, v.category, 'predictions' as source,
        sum(v.quantity) as quantity,
        any_value(v.unit) as unit,
        case when min(v.unit_price) = max(v.unit_price) then min(v.unit_price) end as unit_price,
        sum(v.amount) as amount
    from value_priced as v
    cross join (values ('cohort'), ('recognised')) as b (basis)
    where v.open_cell_id is null
    group by 1, 2, 3, 4, 5, 6, 7
),

shared as ( -- what others, or the system itself, count of the same outcomes (method §2.7)
    select
        case b.basis when 'cohort' then v.month else v.observed_month end as month,
        v.system_id, b.basis, 'shared_outcomes' as driver, v.model_version, v.serving_mode,
        -sum(v.outcomes) as quantity,
        sum(v.amount) as amount
    from shared_value as v
    cross join (values ('cohort'), ('recognised')) as b (basis)
    group by 1, 2, 3, 5, 6
),

line as (
    select * from counted
    union all
    select
        month, system_id, basis, driver, model_version, serving_mode, 'direct', 'predictions',
        quantity, 'outcome', null, amount
    from shared
    union all
    select -- believed rather than counted: as much of the stated amount as people are sure of
        i.month, i.system_id, b.basis, i.driver, '', '', 'indirect', 'indirect_values',
        i.confidence, 'confidence', i.full_amount, i.amount
    from indirect_value as i
    cross join (values ('cohort'), ('recognised')) as b (basis)
    where i.amount is not null
)

select
    l.month,
    l.system_id,
    'value' as side,
    l.basis,
    l.driver,
    l.model_version,
    l.serving_mode,
    l.category,
    cast(null as varchar) as cost_class,
    cast(null as varchar) as regulatory_category,
    l.quantity,
    l.unit,
    l.unit_price,
    l.amount,
    cast(0 as decimal(38, 18)) as avoidable_amount,
    l.source,
    s.reporting_currency as currency,
    cast(null as varchar) as cost_pool,
    cast(null as varchar) as meter,
    cast(null as decimal(38, 6)) as consumed_quantity,
    cast(null as varchar) as consumed_unit
from line as l
cross join setting as s

/* example
# An October prediction whose outcome came in November. Of it 100 belong to another system, which acted first.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  value_priced:
    - {cell_id: c1, month: 2026-10-01, observed_month: 2026-11-01, system_id: s, model_version: v1, serving_mode: batch, driver: block/fraud, category: direct, quantity: 800, unit: amount, unit_price: 0.9, amount: 720}
    - {cell_id: c2, month: 2026-10-01, observed_month: 2026-10-01, system_id: s, model_version: v1, serving_mode: batch, driver: block/fraud, category: direct, quantity: 100, unit: amount, unit_price: 0.9, amount: 90}
    - {cell_id: "c3?fraud", open_cell_id: c3, month: 2026-10-01, system_id: s, model_version: v1, serving_mode: batch, driver: block/fraud, category: direct, quantity: 1, unit: amount, unit_price: 0.9, amount: 0.9}
  shared_value:
    - {month: 2026-10-01, observed_month: 2026-11-01, system_id: s, model_version: v1, serving_mode: batch, outcomes: 1, amount: -100}
expect:
  ledger_value:
    - {month: 2026-10-01, basis: cohort, driver: block/fraud, quantity: 900, amount: 810}
    - {month: 2026-10-01, basis: cohort, driver: shared_outcomes, quantity: -1, amount: -100}
    - {month: 2026-10-01, basis: recognised, driver: block/fraud, quantity: 100, amount: 90}
    - {month: 2026-11-01, basis: recognised, driver: block/fraud, quantity: 800, amount: 720}
    - {month: 2026-11-01, basis: recognised, driver: shared_outcomes, quantity: -1, amount: -100}
*/
