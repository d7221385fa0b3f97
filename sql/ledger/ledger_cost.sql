-- What a system cost in a month by driver: paid (cash) and used up (accrual).
-- grain: month, system_id, side, basis, driver, model_version, serving_mode
select
    c.month,
    c.system_id,
    'cost' as side,
    c.basis,
    c.driver,
    '' as model_version,
    '' as serving_mode,
    c.category,
    c.cost_class,
    c.regulatory_category,
    cast(sum(c.amount) as decimal(38, 9)) as quantity,
    any_value(s.reporting_currency) as unit,
    cast(1 as decimal(28, 9)) as unit_price,
    case when count(c.amount) = count(*) then sum(c.amount) end as amount, -- a line without a rate is not dropped
    coalesce(sum(c.amount) filter (where c.is_avoidable), 0) as avoidable_amount,
    c.source,
    any_value(s.reporting_currency) as currency,
    c.cost_pool,
    c.meter,
    case
        when count(distinct c.consumed_unit) = 1 then sum(c.consumed_quantity)
    end as consumed_quantity, -- hours and gigabytes do not add up
    case when count(distinct c.consumed_unit) = 1 then min(c.consumed_unit) end as consumed_unit
from cost_share as c
cross join setting as s
group by
    c.month, c.system_id, c.basis, c.driver, c.category, c.cost_class, c.regulatory_category, c.cost_pool, c.meter, c.source

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  operating_costs:
    - {delivery_id: d, row_no: 1, document_on: 2026-10-01, amount: 10, currency: USD, category: energy, system_id: s}
    - {delivery_id: d, row_no: 2, document_on: 2026-10-09, amount: 7, currency: USD, category: energy, system_id: s, avoidable: false}
expect:
  ledger_cost:
    - {month: 2026-10-01, system_id: s, basis: cash, driver: invoice/energy, amount: 17, avoidable_amount: 10}
    - {month: 2026-10-01, system_id: s, basis: accrual, driver: invoice/energy, amount: 17, avoidable_amount: 10}
*/
