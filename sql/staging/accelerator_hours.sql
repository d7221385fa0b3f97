-- How many hours the accelerators a system owns stood ready in a month: one line of the register is one accelerator.
-- grain: month, system_id
select
    m.month,
    a.system_id,
    count(*) as accelerators,
    sum(24 * (
        least(coalesce(a.disposed_on, date '9999-12-31'), cast(m.month + interval 1 month as date))
        - greatest(a.in_service_on, m.month)
    )) as accelerator_hours
from asset as a
inner join capex as c using (asset_id)
inner join run_month as m
    on a.in_service_on < m.month + interval 1 month
    and (a.disposed_on is null or a.disposed_on > m.month)
where
    a.system_id is not null
    and regexp_matches(lower(coalesce(c.asset_class, '') || ' ' || a.category), 'accelerator|gpu|tpu|npu')
group by m.month, a.system_id

/* example
# One all October, one from the 22nd on: 31 and 10 days of 24 hours.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-10-01}]
  capex:
    - {delivery_id: d, row_no: 1, asset_id: g1, asset_class: GPU, acquired_on: 2026-09-04, in_service_on: 2026-09-10, cost: 1, currency: USD, system_id: s}
    - {delivery_id: d, row_no: 2, asset_id: g2, asset_class: accelerator, acquired_on: 2026-09-04, in_service_on: 2026-10-22, cost: 1, currency: USD, system_id: s}
    - {delivery_id: d, row_no: 3, asset_id: r1, asset_class: rack, acquired_on: 2026-09-04, in_service_on: 2026-09-10, cost: 1, currency: USD, system_id: s}
expect:
  accelerator_hours: [{month: 2026-10-01, system_id: s, accelerators: 2, accelerator_hours: 984}]
*/
