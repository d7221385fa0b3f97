-- What a course of action costs, from a day on, in the reporting currency; null where no rate is known.
-- grain: system_id, option, valid_from
with rated as (
    select
        o.*,
        case when o.currency = s.reporting_currency then 1 else x.rate end as to_reporting
    from options as o
    cross join setting as s
    asof left join fx_rate as x on x.currency = o.currency and x.rated_on <= o.valid_from
)

select
    system_id,
    option,
    valid_from,
    cast(one_off_cost * to_reporting as decimal(38, 9)) as one_off_cost,
    cast(coalesce(monthly_cost_change, 0) * to_reporting as decimal(38, 9)) as monthly_cost_change,
    cast(coalesce(salvage_value, 0) * to_reporting as decimal(38, 9)) as salvage_value,
    expected_quality,
    standard_error,
    life_months,
    source_document
from rated

/* example
# A retraining of 1,000 euros at 1.25 dollars a euro.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx: [{"on": 2026-10-01, base: EUR, currency: USD, rate: 1.25}]
  options:
    - {system_id: s, option: retrain, one_off_cost: 1000, expected_quality: 0.96, currency: EUR, valid_from: 2026-10-04, source_document: offer}
    - {system_id: s, option: decommission, one_off_cost: 500, currency: USD, valid_from: 2026-01-01, source_document: plan}
expect:
  option_cost:
    - {system_id: s, option: retrain, valid_from: 2026-10-04, one_off_cost: 1250, monthly_cost_change: 0, expected_quality: 0.96}
    - {system_id: s, option: decommission, valid_from: 2026-01-01, one_off_cost: 500, monthly_cost_change: 0, expected_quality: null}
*/
