-- What owned hardware is used up by in a month: depreciation, impairment, and what is written off at its end.
-- grain: delivery_id, row_no, month, basis, kind
-- part of: cost_lines
select
    a.delivery_id,
    a.row_no,
    d.month,
    'accrual' as basis,
    case when d.is_home then a.system_id else d.system_id end as system_id,
    case when d.is_home then a.allocation_key else d.allocation_key end as allocation_key,
    d.kind,
    a.category,
    a.cost_class,
    a.regulatory_category,
    cast(d.amount as decimal(38, 18)) as amount,
    false as is_avoidable,
    'capex' as source,
    a.source_id,
    a.currency,
    cast(null as decimal(38, 18)) as original_amount,
    a.cost_pool,
    a.asset_class as service
from depreciation as d
inner join asset as a using (asset_id)
where d.kind <> 'transfer'

/* example
# 120 over twelve months; after a transfer the charge falls to the other system.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-09-20, cost: 120, currency: USD, system_id: s, category: accelerators}]
  depreciation:
    - {asset_id: gpu, month: 2026-10-01, kind: depreciation, amount: 10, is_home: true}
    - {asset_id: gpu, month: 2026-11-01, kind: depreciation, amount: 10, is_home: false, system_id: t}
expect:
  asset_use:
    - {row_no: 1, month: 2026-10-01, basis: accrual, kind: depreciation, system_id: s, amount: 10}
    - {row_no: 1, month: 2026-11-01, basis: accrual, kind: depreciation, system_id: t, amount: 10}
*/
