-- A stretch of days in which an asset belongs to one system or shared key, and how much of it was still there.
-- grain: asset_id, from_on
-- computed: once
with change as (
    select asset_id, date '0001-01-01' as from_on, system_id, allocation_key, true as is_moved, cast(0 as decimal(38, 2)) as gone
    from asset
    union all
    select asset_id, event_on, to_system_id, to_allocation_key, true, 0 from asset_events where kind = 'transfer'
    union all
    select asset_id, document_on, null, null, false, amount from asset_document where kind = 'partial_disposal'
),

state as (
    select
        asset_id,
        from_on,
        coalesce(lead(from_on) over later, date '9999-12-31') as to_on,
        last_value(case when is_moved then {system_id: system_id, allocation_key: allocation_key} end ignore nulls)
            over later as owner,
        sum(gone) over later as gone
    from change
    window later as (partition by asset_id order by from_on, is_moved desc, system_id, allocation_key)
)

select
    s.asset_id,
    s.from_on,
    s.to_on,
    s.owner.system_id as system_id,
    s.owner.allocation_key as allocation_key,
    cast(greatest(1 - s.gone / nullif(a.cost, 0), 0) as decimal(18, 9)) as kept_share
from state as s
inner join asset as a using (asset_id)
where s.from_on < s.to_on

/* example
# Half of it is sold, then the rest goes to a shared key.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex: [{delivery_id: d, row_no: 1, asset_id: g, acquired_on: 2026-10-04, cost: 100, currency: USD, system_id: s}]
  asset_events:
    - {delivery_id: e, row_no: 1, asset_id: g, event_on: 2026-10-12, kind: partial_disposal, amount: 50}
    - {delivery_id: e, row_no: 2, asset_id: g, event_on: 2026-10-20, kind: transfer, amount: 0, to_allocation_key: lab}
expect:
  asset_period:
    - {asset_id: g, from_on: 0001-01-01, to_on: 2026-10-12, system_id: s, allocation_key: null, kept_share: 1}
    - {asset_id: g, from_on: 2026-10-12, to_on: 2026-10-20, system_id: s, allocation_key: null, kept_share: 0.5}
    - {asset_id: g, from_on: 2026-10-20, to_on: 9999-12-31, system_id: null, allocation_key: lab, kept_share: 0.5}
*/
