-- Every line of cost and value as it would be booked if no month were closed.
-- grain: month, system_id, side, basis, driver, model_version, serving_mode
-- build: view
select
    *,
    month as belongs_month
from ledger_cost
union all
select
    *,
    month as belongs_month
from ledger_value

/* example
given:
  ledger_cost: [{month: 2026-10-01, system_id: s, side: cost, basis: cash, driver: cloud/compute, amount: 7}]
  ledger_value: [{month: 2026-10-01, system_id: s, side: value, basis: cohort, driver: stopped, amount: 9}]
expect:
  ledger_line:
    - {side: cost, driver: cloud/compute, amount: 7, belongs_month: 2026-10-01}
    - {side: value, driver: stopped, amount: 9, belongs_month: 2026-10-01}
*/
