-- How many accelerators a system owned in a month, the hours they stood ready, and how busy they were by logged compute seconds.
-- grain: month, system_id
with stretch as (
    select
        m.month,
        p.system_id,
        a.asset_id,
        a.accelerators,
        p.kept_share,
        z.time_zone,
        greatest(m.month, a.in_service_on, p.from_on) as from_on,
        least(cast(m.month + interval 1 month as date), a.disposed_on, p.to_on) as to_on
    from asset as a
    inner join asset_period as p using (asset_id)
    cross join run_month as m
    cross join setting as z
    where a.accelerators > 0 and p.system_id is not null
),

owned as (
    select
        month,
        system_id,
        asset_id,
        max(accelerators) as accelerators,
        sum(cast(accelerators * kept_share * (
            epoch_ms(timezone(time_zone, cast(to_on as timestamp)))
            - epoch_ms(timezone(time_zone, cast(from_on as timestamp)))
        ) // 1000 as decimal(28, 6))) as accelerator_seconds
    from stretch
    where from_on < to_on
    group by month, system_id, asset_id
),

used as (
    select month, system_id, sum(compute_seconds) as compute_seconds
    from usage_cells
    group by month, system_id
)

select
    o.month,
    o.system_id,
    cast(sum(o.accelerators) as bigint) as accelerators,
    sum(o.accelerator_seconds) as accelerator_seconds,
    cast(sum(o.accelerator_seconds) / 3600 as decimal(38, 6)) as accelerator_hours,
    any_value(u.compute_seconds) as compute_seconds,
    cast(any_value(u.compute_seconds) / nullif(sum(o.accelerator_seconds), 0) as decimal(18, 6)) as utilisation
from owned as o
left join used as u using (month, system_id) -- a miss is hardware whose work nobody logged
group by o.month, o.system_id

/* example
# A server of two for 30 days is 5,184,000 seconds; a quarter of them was logged. A board that nobody
# counted is one; moved to t on the 27th, it stood ready for 5 days of r and 4 of t.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-09-01}]
  capex:
    - {delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-08-20, in_service_on: 2026-08-20, cost: 120, currency: USD, system_id: s, accelerators: 2}
    - {delivery_id: d, row_no: 2, asset_id: tpu, asset_class: TPU board, acquired_on: 2026-08-20, in_service_on: 2026-09-22, cost: 120, currency: USD, system_id: r}
    - {delivery_id: d, row_no: 3, asset_id: rack, asset_class: rack, acquired_on: 2026-08-20, in_service_on: 2026-08-20, cost: 120, currency: USD, system_id: s}
  asset_events: [{delivery_id: e, row_no: 1, asset_id: tpu, event_on: 2026-09-27, kind: transfer, amount: 0, to_system_id: t}]
  usage_cells: [{month: 2026-09-01, system_id: s, predictions: 9, compute_seconds: 1296000}]
expect:
  accelerator_use:
    - {month: 2026-09-01, system_id: s, accelerators: 2, accelerator_seconds: 5184000, accelerator_hours: 1440, compute_seconds: 1296000, utilisation: 0.25}
    - {month: 2026-09-01, system_id: r, accelerators: 1, accelerator_seconds: 432000, accelerator_hours: 120, compute_seconds: null, utilisation: null}
    - {month: 2026-09-01, system_id: t, accelerators: 1, accelerator_seconds: 345600, accelerator_hours: 96, compute_seconds: null, utilisation: null}
*/
