-- Every dollar of cost and value, one row each: quantity x unit price = amount; what came late for a closed month stands in the open one.
-- grain: month, system_id, side, basis, driver, model_version, serving_mode
-- closed like: ledger_line
with first_open as (
    select coalesce(max(month) + interval 1 month, timestamp '0001-01-01')::date as month
    from closing
),

late as ( -- what a closed month would say today, less what its books and earlier restatements say
    select * exclude (belongs_month) from ledger_line where month < (select month from first_open)
    union all
    select
        belongs_month,
        system_id,
        side,
        basis,
        case when belongs_month = month then driver else substr(driver, 21) end, -- after 'restatement/2026-10/'
        model_version,
        serving_mode,
        category,
        cost_class,
        regulatory_category,
        -quantity,
        unit,
        unit_price,
        -amount,
        -avoidable_amount,
        source,
        currency,
        cost_pool,
        meter,
        -consumed_quantity,
        consumed_unit
    from closed_ledger_monthly
)

select *
from ledger_line
where month >= (select month from first_open)
union all
select
    o.month,
    l.system_id,
    l.side,
    l.basis,
    'restatement/' || strftime(l.month, '%Y-%m') || '/' || l.driver,
    l.model_version,
    l.serving_mode,
    l.category,
    l.cost_class,
    l.regulatory_category,
    sum(l.quantity),
    any_value(l.unit),
    any_value(l.unit_price),
    sum(l.amount),
    sum(l.avoidable_amount),
    l.source,
    any_value(l.currency),
    l.cost_pool,
    l.meter,
    sum(l.consumed_quantity),
    any_value(l.consumed_unit),
    l.month
from late as l
cross join first_open as o
group by
    o.month, l.month, l.system_id, l.side, l.basis, l.driver, l.model_version, l.serving_mode, l.category,
    l.cost_class, l.regulatory_category, l.cost_pool, l.meter, l.source
having sum(l.amount) <> 0 or sum(l.quantity) <> 0

/* example
# October is closed at 100; a late credit of 250 makes it -150: October stays, November says -250.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  closing: [{month: 2026-10-01}]
  closed_ledger_monthly: [{month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: cost, basis: cash, driver: cloud/compute, model_version: "", serving_mode: "", category: compute, cost_class: opex, quantity: 100, unit: USD, amount: 100, avoidable_amount: 100, source: billing}]
  ledger_cost:
    - {month: 2026-10-01, system_id: s, side: cost, basis: cash, driver: cloud/compute, model_version: "", serving_mode: "", category: compute, cost_class: opex, quantity: -150, unit: USD, amount: -150, avoidable_amount: -150, source: billing}
    - {month: 2026-11-01, system_id: s, side: cost, basis: cash, driver: cloud/compute, model_version: "", serving_mode: "", category: compute, cost_class: opex, quantity: 7, unit: USD, amount: 7, avoidable_amount: 7, source: billing}
expect:
  ledger_monthly:
    - {month: 2026-11-01, belongs_month: 2026-11-01, driver: cloud/compute, amount: 7}
    - {month: 2026-11-01, belongs_month: 2026-10-01, driver: restatement/2026-10/cloud/compute, amount: -250}
*/
