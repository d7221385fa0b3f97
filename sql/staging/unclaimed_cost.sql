-- A cost line, or the part of one, that nobody claims, with where it comes from, what it is for, and why.
-- grain: delivery_id, row_no, month, basis, kind
select
    c.delivery_id,
    c.row_no,
    c.month,
    c.basis,
    c.driver,
    c.source,
    c.source_id,
    -- it is published: a name that could be an address or markup is left out
    case
        when regexp_full_match(coalesce(b.sub_account_id, b.billing_account_id, o.vendor), '[^@<>[:cntrl:]]{1,200}')
            then coalesce(b.sub_account_id, b.billing_account_id, o.vendor)
        else ''
    end as account,
    case
        when regexp_full_match(
            coalesce(b.service_name, b.service_category, o.category, a.asset_class, c.category), '[^@<>[:cntrl:]]{1,200}'
        ) then coalesce(b.service_name, b.service_category, o.category, a.asset_class, c.category)
        else ''
    end as service,
    coalesce(c.allocation_key, '') as allocation_key,
    case
        when c.allocation_key is null then 'no_rule'
        when c.allocation_key in (select k.allocation_key from allocation as k where k.driver is not null) then 'no_use'
        else 'no_shares'
    end as reason,
    c.amount
from cost_share as c
left join billing as b on c.source = 'billing' and b.delivery_id = c.delivery_id and b.row_no = c.row_no
left join operating_costs as o
    on c.source = 'operating_costs' and o.delivery_id = c.delivery_id and o.row_no = c.row_no
left join capex as a on c.source = 'capex' and a.delivery_id = c.delivery_id and a.row_no = c.row_no
where c.system_id = 'unallocated'

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
