-- What a system is said to be worth beyond what is measured: by whom, how found, how sure; it moves no status.
-- grain: month, system_id, driver
select
    month,
    system_id,
    driver,
    full_amount,
    confidence,
    amount,
    case when amount is null then 'unmonetised' end as missing_reason,
    stated_amount,
    stated_currency,
    method,
    owner,
    source_document,
    currency
from indirect_value

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-10-01}]
  indirect_values:
    - {system_id: s, driver: satisfaction, monthly_amount: 80000, currency: USD, confidence: 0.5, method: survey, owner: care, valid_from: 2026-10-01}
    - {system_id: s, driver: brand, method: none yet, owner: board, valid_from: 2026-10-01}
expect:
  indirect_value_monthly:
    - {month: 2026-10-01, driver: satisfaction, full_amount: 80000, amount: 40000, missing_reason: null}
    - {month: 2026-10-01, driver: brand, full_amount: null, amount: null, missing_reason: unmonetised}
*/
