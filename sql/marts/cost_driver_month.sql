-- What a system used up in a month of one cost driver, and how much of it was consumed.
-- grain: month, system_id, category, driver
-- build: view
select
    month,
    system_id,
    category,
    driver,
    min(consumed_unit) as unit,
    sum(amount) as amount,
    sum(consumed_quantity) as quantity
from ledger_monthly
where side = 'cost' and basis = 'accrual'
group by month, system_id, category, driver

/* example
# 12 hours for 30, in two serving modes; what was paid is not what was used up.
given:
  ledger_monthly:
    - {month: 2026-10-01, system_id: s, side: cost, basis: accrual, category: cloud, driver: gpu, serving_mode: batch, amount: 10, consumed_quantity: 4, consumed_unit: hours}
    - {month: 2026-10-01, system_id: s, side: cost, basis: accrual, category: cloud, driver: gpu, serving_mode: realtime, amount: 20, consumed_quantity: 8, consumed_unit: hours}
    - {month: 2026-10-01, system_id: s, side: cost, basis: cash, category: cloud, driver: gpu, amount: 900, consumed_quantity: 12, consumed_unit: hours}
expect:
  cost_driver_month: [{month: 2026-10-01, system_id: s, category: cloud, driver: gpu, unit: hours, amount: 30, quantity: 12}]
*/
