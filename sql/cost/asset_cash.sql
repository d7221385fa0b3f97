-- What was paid for owned hardware and got for it, in the month of each; what changes hands does so at book value.
-- grain: delivery_id, row_no, month, basis, kind
-- part of: cost_lines
with movement as (
    select
        asset_id,
        delivery_id,
        row_no,
        source_id,
        document_on,
        case when kind in ('proceeds', 'part_proceeds') then 'disposal' else kind end as movement,
        case when kind in ('proceeds', 'part_proceeds') then -amount else amount end as amount,
        case when kind in ('proceeds', 'part_proceeds') then -original_amount else original_amount end
            as original_amount
    from asset_document
    where kind in ('purchase', 'improvement') or (kind in ('proceeds', 'part_proceeds') and original_amount <> 0)
)

select
    m.delivery_id,
    m.row_no,
    cast(date_trunc('month', m.document_on) as date) as month,
    'cash' as basis,
    case when m.movement = 'purchase' then a.system_id else p.system_id end as system_id,
    case when m.movement = 'purchase' then a.allocation_key else p.allocation_key end as allocation_key,
    m.movement as kind,
    a.category,
    a.cost_class,
    a.regulatory_category,
    cast(m.amount as decimal(38, 18)) as amount,
    false as is_avoidable,
    'capex' as source,
    m.source_id,
    a.currency,
    cast(m.original_amount as decimal(38, 18)) as original_amount,
    a.cost_pool,
    a.asset_class as service
from movement as m
inner join asset as a using (asset_id)
inner join asset_period as p
    on p.asset_id = m.asset_id and m.document_on >= p.from_on and m.document_on < p.to_on
union all
select
    a.delivery_id,
    a.row_no,
    d.month,
    'cash',
    case when d.is_home then a.system_id else d.system_id end,
    case when d.is_home then a.allocation_key else d.allocation_key end,
    d.kind,
    a.category,
    a.cost_class,
    a.regulatory_category,
    cast(d.amount as decimal(38, 18)),
    false,
    'capex',
    a.source_id,
    a.currency,
    cast(0 as decimal(38, 18)),
    a.cost_pool,
    a.asset_class as service
from depreciation as d
inner join asset as a using (asset_id)
where d.kind = 'transfer'

/* example
# Bought for 360, improved for 40, moved at a book value of 300, sold for 50 by the system that has it then.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-09-20, cost: 360, currency: USD, system_id: s, category: accelerators, disposed_on: 2026-12-24, disposal_proceeds: 50}]
  asset_events:
    - {delivery_id: e, row_no: 1, asset_id: gpu, event_on: 2026-10-20, kind: improvement, amount: 40}
    - {delivery_id: e, row_no: 2, asset_id: gpu, event_on: 2026-11-20, kind: transfer, amount: 0, to_system_id: t}
  depreciation:
    - {asset_id: gpu, month: 2026-11-01, kind: transfer, amount: -300, is_home: true}
    - {asset_id: gpu, month: 2026-11-01, kind: transfer, amount: 300, is_home: false, system_id: t}
expect:
  asset_cash:
    - {row_no: 1, month: 2026-09-01, basis: cash, kind: purchase, system_id: s, amount: 360, original_amount: 360}
    - {row_no: 1, month: 2026-10-01, basis: cash, kind: improvement, system_id: s, amount: 40, original_amount: 40}
    - {row_no: 1, month: 2026-12-01, basis: cash, kind: disposal, system_id: t, amount: -50, original_amount: -50}
    - {row_no: 1, month: 2026-11-01, basis: cash, kind: transfer, system_id: s, amount: -300, original_amount: 0}
    - {row_no: 1, month: 2026-11-01, basis: cash, kind: transfer, system_id: t, amount: 300, original_amount: 0}
*/
