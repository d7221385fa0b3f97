-- What a month's predictions were worth by driver (cohort), and what a month's observations were worth (recognised).
-- grain: month, system_id, side, basis, driver, model_version, serving_mode
with dated as (
    select *, month as booked_month, 'cohort' as basis from value_priced where open_cell_id is null
    union all
    select *, observed_month as booked_month, 'recognised' as basis from value_priced where open_cell_id is null
)

select
    booked_month as month,
    system_id,
    'value' as side,
    basis,
    driver,
    model_version,
    serving_mode,
    category,
    cast(null as varchar) as cost_class,
    cast(null as varchar) as regulatory_category,
    sum(quantity) as quantity,
    any_value(unit) as unit,
    case when min(unit_price) = max(unit_price) then min(unit_price) end as unit_price,
    sum(amount) as amount,
    cast(0 as decimal(38, 18)) as avoidable_amount,
    'predictions' as source,
    any_value(s.reporting_currency) as currency,
    cast(null as varchar) as cost_pool,
    cast(null as varchar) as meter,
    cast(null as decimal(38, 6)) as consumed_quantity,
    cast(null as varchar) as consumed_unit
from dated
cross join setting as s
group by booked_month, system_id, basis, driver, model_version, serving_mode, category
union all
select -- believed rather than counted: as much of the stated amount as people are sure of
    i.month,
    i.system_id,
    'value',
    b.basis,
    i.driver,
    '',
    '',
    'indirect',
    null,
    null,
    i.confidence,
    'confidence',
    i.full_amount,
    i.amount,
    0,
    'indirect_values',
    i.currency,
    null,
    null,
    null,
    null
from indirect_value as i
cross join (values ('cohort'), ('recognised')) as b (basis)
where i.amount is not null

/* example
# An October prediction whose outcome came in November.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  value_priced:
    - {cell_id: c1, month: 2026-10-01, observed_month: 2026-11-01, system_id: s, model_version: v1, serving_mode: batch, driver: block/fraud, category: direct, quantity: 800, unit: amount, unit_price: 0.9, amount: 720}
    - {cell_id: c2, month: 2026-10-01, observed_month: 2026-10-01, system_id: s, model_version: v1, serving_mode: batch, driver: block/fraud, category: direct, quantity: 100, unit: amount, unit_price: 0.9, amount: 90}
    - {cell_id: "c3?fraud", open_cell_id: c3, month: 2026-10-01, system_id: s, model_version: v1, serving_mode: batch, driver: block/fraud, category: direct, quantity: 1, unit: amount, unit_price: 0.9, amount: 0.9}
expect:
  ledger_value:
    - {month: 2026-10-01, basis: cohort, quantity: 900, amount: 810}
    - {month: 2026-10-01, basis: recognised, quantity: 100, amount: 90}
    - {month: 2026-11-01, basis: recognised, quantity: 800, amount: 720}
*/
