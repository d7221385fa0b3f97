-- A cost that no document says but its measures do: power, floor space, and transfer that was avoided (less than 0).
-- grain: category, delivery_id, row_no, month, asset_id, from_on
-- computed: once
with measured as (
    select 'energy' as category, asset_id, month, from_on, system_id, allocation_key, source_id, delivery_id, row_no,
        currency, energy_amount as original_amount
    from asset_power
    where energy_amount is not null
    union all
    select 'facilities', asset_id, month, from_on, system_id, allocation_key, source_id, delivery_id, row_no,
        currency, facility_amount
    from asset_power
    where facility_amount is not null
    union all
    select 'network_avoided', null, month, from_on, system_id, null, source_id, delivery_id, row_no,
        currency, -amount
    from wan_transfer
)

select
    m.*,
    'computed/' || m.category as source,
    cast(m.month + interval 1 month - interval 1 day as date) as document_on,
    case
        when m.currency = s.reporting_currency then m.original_amount
        else cast(cast(m.original_amount as decimal(38, 9)) * x.rate as decimal(38, 18))
    end as amount
from measured as m
cross join setting as s
asof left join fx_rate as x
    on x.currency = m.currency and x.rated_on <= m.month + interval 1 month - interval 1 day

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx: [{"on": 2026-09-30, base: EUR, currency: USD, rate: 1.25}]
  asset_power: [{asset_id: gpu, month: 2026-09-01, system_id: s, currency: EUR, energy_amount: 100, facility_amount: null}]
  wan_transfer: [{system_id: s, month: 2026-09-01, currency: USD, amount: 5584}]
expect:
  computed_cost:
    - {category: energy, system_id: s, source: computed/energy, original_amount: 100, amount: 125}
    - {category: network_avoided, system_id: s, source: computed/network_avoided, original_amount: -5584, amount: -5584}
*/
