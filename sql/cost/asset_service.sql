-- What the system that has an asset at the end of a month served in it, in the unit by which the asset is depreciated.
-- grain: asset_id, month
with asked as (
    select
        asset_id,
        usage_unit,
        cast(unnest(generate_series(
            date_trunc('month', in_service_on), (select max(month) from run_month), interval 1 month
        )) as date) as month
    from asset
    where method = 'units_of_production'
),

served as (
    select
        a.asset_id,
        a.month,
        p.system_id,
        u.predictions,
        case a.usage_unit
            when 'predictions' then cast(u.predictions as decimal(38, 6))
            when 'compute_seconds' then cast(u.compute_seconds as decimal(38, 6))
            when 'tokens'
                then cast(u.input_tokens + u.output_tokens + coalesce(u.cached_tokens, 0) as decimal(38, 6))
        end as units
    from asked as a
    inner join asset_period as p
        on p.asset_id = a.asset_id and a.month + interval 1 month > p.from_on
        and a.month + interval 1 month <= p.to_on
    left join usage_cells as u on u.month = a.month and u.system_id = p.system_id
)

select
    asset_id,
    month,
    system_id, -- null while a shared key has it
    sum(units) as units,
    coalesce(bool_or(predictions > 0 and units is null), false) as is_unknown -- served, and not measured
from served
group by asset_id, month, system_id

/* example
# 100 seconds in January and none in February; in March calls without a duration.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-01-01}, {month: 2026-02-01}, {month: 2026-03-01}]
  capex: [{delivery_id: d, row_no: 1, asset_id: g, acquired_on: 2026-01-04, in_service_on: 2026-01-04, cost: 500, currency: USD, system_id: s, method: units_of_production, life_units: 1000, usage_unit: compute_seconds}]
  usage_cells:
    - {month: 2026-01-01, system_id: s, predictions: 3, compute_seconds: 60}
    - {month: 2026-01-01, system_id: s, predictions: 2, compute_seconds: 40}
    - {month: 2026-03-01, system_id: s, predictions: 2}
expect:
  asset_service:
    - {asset_id: g, month: 2026-01-01, system_id: s, units: 100, is_unknown: false}
    - {asset_id: g, month: 2026-02-01, system_id: s, units: null, is_unknown: false}
    - {asset_id: g, month: 2026-03-01, system_id: s, units: null, is_unknown: true}
*/
