-- What was paid for owned hardware and got for it: bought, improved, sold, in the month of each.
-- grain: delivery_id, row_no, month, basis, kind
select
    delivery_id,
    row_no,
    cast(date_trunc('month', acquired_on) as date) as month,
    'cash' as basis,
    system_id,
    allocation_key,
    'purchase' as kind,
    category,
    cost_class,
    regulatory_category,
    cast(cost as decimal(38, 18)) as amount,
    false as is_avoidable,
    'capex' as source,
    source_id,
    currency,
    cast(original_cost as decimal(38, 18)) as original_amount
from asset
union all
select
    delivery_id,
    row_no,
    cast(date_trunc('month', disposed_on) as date),
    'cash',
    system_id,
    allocation_key,
    'disposal',
    category,
    cost_class,
    regulatory_category,
    cast(-disposal_proceeds as decimal(38, 18)),
    false,
    'capex',
    source_id,
    currency,
    cast(0 as decimal(38, 18))
from asset
where disposed_on is not null and disposal_proceeds <> 0
union all
select
    e.delivery_id,
    e.row_no,
    cast(date_trunc('month', e.event_on) as date),
    'cash',
    a.system_id,
    a.allocation_key,
    e.kind,
    a.category,
    a.cost_class,
    a.regulatory_category,
    cast(
        cast(case e.kind when 'improvement' then e.amount else -coalesce(e.proceeds, 0) end as decimal(38, 9)) * a.rate
        as decimal(38, 18)
    ),
    false,
    'capex',
    e.source_id,
    a.currency,
    cast(0 as decimal(38, 18))
from asset_events as e
inner join asset as a using (asset_id)
where e.kind in ('improvement', 'partial_disposal')

/* example
# Bought for 360, improved for 40, sold for 50.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-09-20, cost: 360, currency: USD, system_id: s, category: accelerators, disposed_on: 2026-12-24, disposal_proceeds: 50}]
  asset_events: [{delivery_id: e, row_no: 1, asset_id: gpu, event_on: 2026-10-20, kind: improvement, amount: 40}]
expect:
  asset_cash:
    - {row_no: 1, month: 2026-09-01, basis: cash, kind: purchase, amount: 360}
    - {row_no: 1, month: 2026-10-01, basis: cash, kind: improvement, amount: 40}
    - {row_no: 1, month: 2026-12-01, basis: cash, kind: disposal, amount: -50}
*/
