-- What happened to an asset on a day, with its amount and proceeds in the reporting currency; a transfer names the new owner.
-- grain: asset_id, event_on, kind
select
    e.asset_id,
    e.event_on,
    e.kind,
    coalesce(d.amount, 0) as amount,
    coalesce(p.amount, 0) as proceeds,
    e.to_system_id,
    e.to_allocation_key
from asset_events as e
inner join asset using (asset_id)
left join asset_document as d
    on d.asset_id = e.asset_id and d.document_on = e.event_on and d.kind = e.kind
left join asset_document as p
    on p.asset_id = e.asset_id and p.document_on = e.event_on
    and p.kind = 'part_proceeds' and e.kind = 'partial_disposal'

/* example
# A tenth is sold for 15, then the rest goes to another system.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex: [{delivery_id: d, row_no: 1, asset_id: g, acquired_on: 2026-10-04, cost: 100, currency: USD, system_id: s}]
  asset_events:
    - {delivery_id: e, row_no: 1, asset_id: g, event_on: 2026-10-12, kind: partial_disposal, amount: 10, proceeds: 15}
    - {delivery_id: e, row_no: 2, asset_id: g, event_on: 2026-10-20, kind: transfer, amount: 0, to_system_id: t}
expect:
  asset_change:
    - {asset_id: g, event_on: 2026-10-12, kind: partial_disposal, amount: 10, proceeds: 15, to_system_id: null, to_allocation_key: null}
    - {asset_id: g, event_on: 2026-10-20, kind: transfer, amount: 0, proceeds: 0, to_system_id: t, to_allocation_key: null}
*/
