-- Unallocated cost of a month, by source, account and service, with why: what to write a rule of cost_categories.csv for.
-- grain: month, basis, source, source_id, account, service, allocation_key, reason
select
    month,
    basis,
    source,
    source_id,
    account,
    service,
    allocation_key,
    reason,
    lines,
    amount,
    currency
from unallocated_cost
semi join run_month using (month)

/* example
given:
  run_month: [{month: 2026-10-01}]
  unallocated_cost:
    - {month: 2026-10-01, basis: cash, source: billing, source_id: aws, account: "0042", service: DNS, allocation_key: "", reason: no_rule, lines: 3, amount: 7, currency: USD}
    - {month: 2027-10-01, basis: cash, source: billing, source_id: aws, account: "0042", service: DNS, allocation_key: "", reason: no_rule, lines: 3, amount: 7, currency: USD}
expect:
  unallocated_monthly: [{month: 2026-10-01, account: "0042", service: DNS, reason: no_rule, lines: 3, amount: 7}]
*/
