-- How busy the accelerators that a system owns were in a month: logged compute seconds by seconds in service.
-- grain: month, system_id
with stretch as (
    select
        m.month,
        p.system_id,
        z.time_zone,
        a.accelerators * p.kept_share as accelerators,
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
        sum(cast(accelerators * (
            epoch_ms(timezone(time_zone, cast(to_on as timestamp)))
            - epoch_ms(timezone(time_zone, cast(from_on as timestamp)))
        ) // 1000 as decimal(28, 6))) as accelerator_seconds
    from stretch
    where from_on < to_on
    group by month, system_id
),

used as (
    select month, system_id, sum(compute_seconds) as compute_seconds
    from usage_cells
    group by month, system_id
)

select
    o.month,
    o.system_id,
    o.accelerator_seconds,
    u.compute_seconds,
    cast(u.compute_seconds / nullif(o.accelerator_seconds, 0) as decimal(18, 6)) as utilisation
from owned as o
left join used as u using (month, system_id) -- a miss is hardware whose work nobody logged

/* example
# Two accelerators for 30 days are 5,184,000 seconds; a quarter of them was logged.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-09-01}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-08-20, in_service_on: 2026-08-20, cost: 120, currency: USD, system_id: s, accelerators: 2}]
  usage_cells: [{month: 2026-09-01, system_id: s, predictions: 9, compute_seconds: 1296000}]
expect:
  accelerator_use: [{month: 2026-09-01, system_id: s, accelerator_seconds: 5184000, compute_seconds: 1296000, utilisation: 0.25}]
*/
