-- A cost line, or the part of one, that no rule allocates, with where it comes from, what it is for, and why.
-- grain: delivery_id, row_no, month, basis, kind
select
    delivery_id,
    row_no,
    month,
    basis,
    driver,
    source,
    source_id,
    -- it is published: a name that could be an address or markup is left out
    case when regexp_full_match(account, '[^@<>[:cntrl:]]{1,200}') then account else '' end as account,
    case
        when regexp_full_match(coalesce(service, category), '[^@<>[:cntrl:]]{1,200}') then coalesce(service, category)
        else ''
    end as service,
    coalesce(allocation_key, '') as allocation_key,
    case
        when allocation_key is null then 'no_rule'
        when allocation_key in (select k.allocation_key from allocation as k where k.driver is not null) then 'no_use'
        else 'no_shares'
    end as reason,
    amount
from cost_share
where system_id = 'unallocated'

/* example
# A vendor's name that could be an address is not shown.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  operating_costs:
    - {delivery_id: d, row_no: 1, source_id: erp, document_on: 2026-10-01, amount: 7, currency: USD, category: storage, vendor: a@b.example}
    - {delivery_id: d, row_no: 2, source_id: erp, document_on: 2026-10-02, amount: 9, currency: USD, category: power, system_id: s}
expect:
  unclaimed_cost:
    - {row_no: 1, basis: cash, source: operating_costs, account: "", service: storage, allocation_key: "", reason: no_rule, amount: 7}
    - {row_no: 1, basis: accrual, source: operating_costs, account: "", service: storage, allocation_key: "", reason: no_rule, amount: 7}
*/
