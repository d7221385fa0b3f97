-- What an asset in service draws over some days of a month at its location, and what that costs by the tariff in force.
-- grain: asset_id, month, from_on
-- computed: once
with stretch as (
    select
        a.asset_id, p.system_id, p.allocation_key, a.cost_class, a.location, m.month, f.currency, f.pue,
        f.energy_price_per_kwh, f.facility_price_per_kw_month, f.source_id, f.delivery_id, f.row_no, z.time_zone,
        cast(cast(a.power_kw as decimal(19, 6)) * p.kept_share as decimal(18, 6)) as kw,
        greatest(m.month, a.in_service_on, p.from_on, f.valid_from) as from_on,
        least(cast(m.month + interval 1 month as date), a.disposed_on, p.to_on, f.valid_to + 1) as to_on
    from asset as a
    inner join asset_period as p using (asset_id)
    inner join facilities as f on f.location = a.location
    inner join run_month as m on m.month < coalesce(f.valid_to + 1, a.disposed_on, date '9999-12-31')
    cross join setting as z
    where a.power_kw > 0
),

counted as ( -- the hours between two midnights of the portfolio's zone: 23 or 25 on two days a year
    select
        *,
        (epoch_ms(timezone(time_zone, cast(to_on as timestamp)))
            - epoch_ms(timezone(time_zone, cast(from_on as timestamp)))) // 60000 as minutes,
        (epoch_ms(timezone(time_zone, cast(from_on as timestamp)))
            - epoch_ms(timezone(time_zone, cast(month as timestamp)))) // 60000 as minutes_before,
        (epoch_ms(timezone(time_zone, cast(month + interval 1 month as timestamp)))
            - epoch_ms(timezone(time_zone, cast(month as timestamp)))) // 60000 as month_minutes
    from stretch
    where from_on < to_on
),

metered as (
    select
        *,
        cast(minutes / 60 as decimal(18, 6)) as hours,
        cast(cast(cast(kw as decimal(19, 6)) * hours as decimal(19, 6)) * cast(pue as decimal(18, 6)) as decimal(18, 6)) as kwh,
        cast(cast(kw * facility_price_per_kw_month as decimal(38, 9)) * 1000000000 as hugeint) as space_billionths
    from counted
)

select
    asset_id,
    month,
    from_on,
    to_on,
    system_id,
    allocation_key,
    cost_class,
    location,
    source_id,
    delivery_id,
    row_no,
    currency,
    kw,
    hours,
    kwh,
    cast(kwh * energy_price_per_kwh as decimal(38, 18)) as energy_amount,
    cast(
        cast( -- what has accrued by the end of the stretch less what had by its start: parts add up to the month
            space_billionths * (minutes_before + minutes) // month_minutes
            - space_billionths * minutes_before // month_minutes as decimal(38, 0)
        ) * 0.000000001 as decimal(38, 18)
    ) as facility_amount
from metered

/* example
# 10 kW in Berlin over the October in which a day has 25 hours: 745 h x 10 kW x 1.2 = 8,940 kWh at 0.20.
given:
  setting: [{reporting_currency: EUR, time_zone: Europe/Berlin}]
  run_month: [{month: 2026-10-01}]
  facilities: [{location: fra1, pue: 1.2, energy_price_per_kwh: 0.20, facility_price_per_kw_month: 150, currency: EUR, valid_from: 2026-01-01, delivery_id: f, row_no: 1}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-09-20, in_service_on: 2026-09-20, cost: 120, currency: EUR, system_id: s, power_kw: 10, location: fra1}]
expect:
  asset_power: [{asset_id: gpu, month: 2026-10-01, hours: 745, kwh: 8940, energy_amount: 1788, facility_amount: 1500}]
*/
