-- What a fleet of edge devices did not send over the wide-area network in a month (method §1.9): gigabytes and their price.
-- grain: month, system_id, from_on
with stretch as (
    select
        f.*,
        m.month,
        greatest(m.month, f.valid_from) as from_on,
        least(cast(m.month + interval 1 month as date), f.valid_to + 1) as to_on,
        cast(m.month + interval 1 month as date) - m.month as month_days
    from edge_fleets as f
    inner join run_month as m
        on m.month + interval 1 month > f.valid_from and (f.valid_to is null or m.month <= f.valid_to)
)

select
    system_id,
    month,
    from_on,
    to_on,
    devices,
    source_id,
    delivery_id,
    row_no,
    currency,
    price_per_gb,
    cast(
        devices * (
            cast((central_gb_per_device_day - edge_gb_per_device_day) * (to_on - from_on) as decimal(28, 9))
            - case
                when to_on - from_on = month_days then update_gb_per_device_month
                else cast(update_gb_per_device_month * (to_on - from_on) / month_days as decimal(28, 9))
            end
        ) as decimal(28, 9)
    ) as gb_avoided,
    cast(cast(gb_avoided as decimal(20, 6)) * cast(price_per_gb as decimal(18, 9)) as decimal(38, 18)) as amount
from stretch

/* example
# W18: 2,000 devices in a month of 30 days, 1.2 against 0.03 GB a day, 0.2 GB of model update: 69,800 GB at 0.08.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-09-01}]
  edge_fleets: [{system_id: s, devices: 2000, central_gb_per_device_day: 1.2, edge_gb_per_device_day: 0.03, update_gb_per_device_month: 0.2, price_per_gb: 0.08, currency: USD, valid_from: 2026-01-01}]
expect:
  wan_transfer: [{system_id: s, month: 2026-09-01, gb_avoided: 69800, amount: 5584}]
*/
