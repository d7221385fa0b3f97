-- A cost line, or the part of a shared one that is allocated to a system; cost that no rule allocates belongs to `unallocated`.
-- grain: delivery_id, row_no, month, basis, kind, system_id
-- computed: once
-- Parts lie between the ends of their stretches, to the last digit; what is finer than a billionth goes to the last.
select
    l.delivery_id,
    l.row_no,
    l.month,
    l.basis,
    coalesce(a.system_id, l.system_id, 'unallocated') as system_id,
    l.allocation_key,
    l.kind || '/' || l.category
    || case
        when l.cost_class = case when l.source = 'capex' then 'capex' else 'opex' end then ''
        else '/' || l.cost_class
    end
    || coalesce('/pool:' || l.cost_pool, '')
    || coalesce('/reg:' || l.regulatory_category, '')
    || coalesce('/' || l.meter, '') as driver,
    l.category,
    l.cost_class,
    l.regulatory_category,
    l.cost_pool,
    l.meter,
    case
        when a.system_id is null then l.amount
        else cast(cast(
            cast(cast(l.amount as decimal(38, 9)) * 1000000000 as hugeint) * a.parts_to // 1000000
            - cast(cast(l.amount as decimal(38, 9)) * 1000000000 as hugeint) * a.parts_from // 1000000
        as decimal(38, 0)) * 0.000000000000000001 as decimal(38, 18)) + case
            when a.parts_to = 1000000000000000 then l.amount - round(l.amount, 9) else 0
        end
    end as amount,
    l.is_avoidable,
    l.source,
    l.source_id,
    l.currency,
    case
        when a.system_id is null then l.original_amount
        else cast(cast(
            cast(cast(l.original_amount as decimal(38, 9)) * 1000000000 as hugeint) * a.parts_to // 1000000
            - cast(cast(l.original_amount as decimal(38, 9)) * 1000000000 as hugeint) * a.parts_from // 1000000
        as decimal(38, 0)) * 0.000000000000000001 as decimal(38, 18)) + case
            when a.parts_to = 1000000000000000 then l.original_amount - round(l.original_amount, 9) else 0
        end
    end as original_amount,
    case
        when a.system_id is null then l.consumed_quantity
        else cast(cast(
            cast(l.consumed_quantity * 1000000 as hugeint) * a.parts_to // 1000000000000000
            - cast(l.consumed_quantity * 1000000 as hugeint) * a.parts_from // 1000000000000000
        as decimal(38, 0)) * 0.000001 as decimal(38, 6))
    end as consumed_quantity,
    l.consumed_unit,
    l.account,
    l.service
from cost_lines as l
left join allocation_share as a
    on a.allocation_key = l.allocation_key and l.month between a.valid_from and a.valid_to

/* example
# One cent in three parts: nothing is lost, nothing is made.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  allocation:
    - {allocation_key: platform, system_id: a, share: 0.333333, valid_from: 2026-01-01}
    - {allocation_key: platform, system_id: b, share: 0.666667, valid_from: 2026-01-01}
  cost_categories: [{rule_order: 1, dataset: operating_costs, match_column: vendor, match_op: equals, match_value: grid, cost_pool: site}]
  operating_costs:
    - {delivery_id: d, row_no: 1, document_on: 2026-10-01, amount: 0.01, currency: USD, category: energy, allocation_key: platform}
    - {delivery_id: d, row_no: 2, document_on: 2026-10-01, amount: 7, currency: USD, category: energy, vendor: grid, allocation_key: nowhere}
expect:
  cost_share:
    - {row_no: 1, basis: cash, system_id: a, driver: invoice/energy, amount: 0.00333333}
    - {row_no: 1, basis: cash, system_id: b, driver: invoice/energy, amount: 0.00666667}
    - {row_no: 2, basis: cash, system_id: unallocated, driver: "invoice/energy/pool:site", amount: 7}
    - {row_no: 1, basis: accrual, system_id: a, driver: invoice/energy, amount: 0.00333333}
    - {row_no: 1, basis: accrual, system_id: b, driver: invoice/energy, amount: 0.00666667}
    - {row_no: 2, basis: accrual, system_id: unallocated, driver: "invoice/energy/pool:site", amount: 7}
*/
