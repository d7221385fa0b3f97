-- What nobody claims in a month, by where it comes from and what it is for: enough to write the rule that claims it.
-- grain: month, basis, source, source_id, account, service, allocation_key, reason
with unclaimed as (
    select
        c.month,
        c.basis,
        c.source,
        c.source_id,
        coalesce(b.sub_account_id, b.billing_account_id, o.vendor) as account,
        coalesce(b.service_name, b.service_category, o.category, a.asset_class, c.category) as service,
        c.allocation_key,
        c.amount
    from cost_share as c
    left join billing as b on c.source = 'billing' and b.delivery_id = c.delivery_id and b.row_no = c.row_no
    left join operating_costs as o
        on c.source = 'operating_costs' and o.delivery_id = c.delivery_id and o.row_no = c.row_no
    left join capex as a on c.source = 'capex' and a.delivery_id = c.delivery_id and a.row_no = c.row_no
    where c.system_id = 'unallocated'
)

select
    month,
    basis,
    source,
    source_id,
    -- it is published: a name that could be an address or markup is left out
    case when regexp_full_match(account, '[^@<>[:cntrl:]]{1,200}') then account else '' end as account,
    case when regexp_full_match(service, '[^@<>[:cntrl:]]{1,200}') then service else '' end as service,
    coalesce(allocation_key, '') as allocation_key,
    case
        when allocation_key is null then 'no_rule'
        when allocation_key in (select k.allocation_key from allocation as k where k.driver is not null) then 'no_use'
        else 'no_shares'
    end as reason,
    count(*) as lines,
    sum(amount) as amount,
    any_value(s.reporting_currency) as currency
from unclaimed
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
