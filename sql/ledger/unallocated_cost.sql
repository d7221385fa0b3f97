-- Unallocated cost of a month, by where it comes from and what it is for: enough to write the rule that allocates it.
-- grain: month, basis, source, source_id, account, service, allocation_key, reason
select
    u.month,
    u.basis,
    u.source,
    u.source_id,
    u.account,
    u.service,
    u.allocation_key,
    u.reason,
    count(*) as lines,
    sum(u.amount) as amount,
    any_value(s.reporting_currency) as currency
from unclaimed_cost as u
cross join setting as s
group by 1, 2, 3, 4, 5, 6, 7, 8

/* example
# Nobody's storage; a gateway shared by tokens in a month without any; a key nobody has written down.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  allocation: [{allocation_key: gateway, system_id: s, driver: tokens, valid_from: 2026-01-01}]
  operating_costs:
    - {delivery_id: d, row_no: 1, source_id: erp, document_on: 2026-10-01, amount: 7, currency: USD, category: storage, vendor: nimbus}
    - {delivery_id: d, row_no: 2, source_id: erp, document_on: 2026-10-02, amount: 1, currency: USD, category: storage, vendor: nimbus}
    - {delivery_id: d, row_no: 3, source_id: erp, document_on: 2026-10-02, amount: 3, currency: USD, category: gateway, allocation_key: gateway}
    - {delivery_id: d, row_no: 4, source_id: erp, document_on: 2026-10-02, amount: 2, currency: USD, category: power, vendor: a@b.example, allocation_key: nowhere}
    - {delivery_id: d, row_no: 5, source_id: erp, document_on: 2026-10-02, amount: 9, currency: USD, category: power, system_id: s}
expect:
  unallocated_cost:
    - {basis: cash, source: operating_costs, account: nimbus, service: storage, allocation_key: "", reason: no_rule, lines: 2, amount: 8}
    - {basis: cash, source: operating_costs, account: "", service: gateway, allocation_key: gateway, reason: no_use, lines: 1, amount: 3}
    - {basis: cash, source: operating_costs, account: "", service: power, allocation_key: nowhere, reason: no_shares, lines: 1, amount: 2}
    - {basis: accrual, source: operating_costs, account: nimbus, service: storage, allocation_key: "", reason: no_rule, lines: 2, amount: 8}
    - {basis: accrual, source: operating_costs, account: "", service: gateway, allocation_key: gateway, reason: no_use, lines: 1, amount: 3}
    - {basis: accrual, source: operating_costs, account: "", service: power, allocation_key: nowhere, reason: no_shares, lines: 1, amount: 2}
*/
