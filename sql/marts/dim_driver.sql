-- One driver of cost or value: what is counted, and whether its amounts may be added over months.
-- grain: side, driver
select
    side,
    driver,
    min(unit) as unit,
    case when min(category) = max(category) then min(category) else 'mixed' end as category,
    'additive' as additivity,
    'amount and quantity add over months, systems and versions; never over basis' as note
from ledger_monthly
semi join run_month using (month)
group by side, driver

/* example
given:
  run_month: [{month: 2026-10-01}]
  ledger_monthly:
    - {month: 2026-10-01, side: cost, driver: cloud/compute, unit: USD, category: compute}
    - {month: 2026-10-01, side: value, driver: fraud_stopped, unit: amount, category: direct}
    - {month: 2026-11-01, side: value, driver: not_yet, unit: amount, category: direct}
expect:
  dim_driver:
    - {side: cost, driver: cloud/compute, unit: USD, category: compute}
    - {side: value, driver: fraud_stopped, unit: amount, category: direct}
*/
