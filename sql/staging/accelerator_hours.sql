-- How many hours the accelerators a system owns stood ready in a month: one line of the register is one accelerator.
-- grain: month, system_id
with stay as (
    select
        m.month,
        p.system_id,
        a.asset_id,
        p.kept_share,
        greatest(p.from_on, a.in_service_on, m.month) as from_on,
        least(p.to_on, coalesce(a.disposed_on, date '9999-12-31'), cast(m.month + interval 1 month as date)) as to_on
    from asset_period as p
    inner join asset as a using (asset_id)
    cross join run_month as m
    where
        p.system_id is not null
        and regexp_matches(lower(coalesce(a.asset_class, '') || ' ' || a.category), 'accelerator|gpu|tpu|npu')
)

select
    month,
    system_id,
    count(distinct asset_id) as accelerators,
    sum(24 * (to_on - from_on) * kept_share) as accelerator_hours
from stay
where from_on < to_on
group by month, system_id

/* example
# One all October, one from the 22nd on, moved to t on the 27th: 31 and 5 days of 24 hours, then 5 days.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-10-01}]
  capex:
    - {delivery_id: d, row_no: 1, asset_id: g1, asset_class: GPU, acquired_on: 2026-09-04, in_service_on: 2026-09-10, cost: 1, currency: USD, system_id: s}
    - {delivery_id: d, row_no: 2, asset_id: g2, asset_class: accelerator, acquired_on: 2026-09-04, in_service_on: 2026-10-22, cost: 1, currency: USD, system_id: s}
    - {delivery_id: d, row_no: 3, asset_id: r1, asset_class: rack, acquired_on: 2026-09-04, in_service_on: 2026-09-10, cost: 1, currency: USD, system_id: s}
  asset_events: [{delivery_id: e, row_no: 1, asset_id: g2, event_on: 2026-10-27, kind: transfer, amount: 0, to_system_id: t}]
expect:
  accelerator_hours:
    - {month: 2026-10-01, system_id: s, accelerators: 2, accelerator_hours: 864}
    - {month: 2026-10-01, system_id: t, accelerators: 1, accelerator_hours: 120}
*/
