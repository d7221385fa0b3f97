-- How often each decision met each outcome on a day, and for how much: all that value, quality and bounds are made of.
-- grain: day, system_id, model_version, serving_mode, decision, arm, propensity, status, outcome_type, link, outcome, observed_month, delay_days, is_correct, currency
select
    day,
    system_id,
    model_version,
    serving_mode,
    decision,
    arm,
    cast(propensity as decimal(9, 6)) as propensity,
    status,
    outcome_type,
    case
        when observed_at is null then 'pending'
        when observed_at < predicted_at then 'impossible'
        when observed_at >= horizon_at then 'late'
        else 'linked'
    end as link,
    outcome,
    observed_month,
    case -- up to so many days after the prediction
        when observed_on <= day + 7 then
            case
                when observed_on <= day then 0
                when observed_on <= day + 1 then 1
                when observed_on <= day + 2 then 2
                when observed_on <= day + 4 then 4
                else 7
            end
        when observed_on <= day + 14 then 14
        when observed_on <= day + 30 then 30
        when observed_on <= day + 60 then 60
        when observed_on <= day + 90 then 90
        when observed_on <= day + 180 then 180
        when observed_on <= day + 365 then 365
        when observed_on > day + 365 then 3650
    end as delay_days,
    predicted_label = outcome as is_correct,
    currency,
    count(*) as predictions,
    cast(sum(weight) as decimal(38, 6)) as cases,
    cast(sum(cast(weight as decimal(19, 6)) * weight) as decimal(38, 6)) as cases_squared,
    cast(sum(cast(amount as decimal(19, 6)) * weight) as decimal(38, 6)) as amount,
    cast(sum(amount_square * weight) as decimal(38, 6))
    + coalesce(cast(sum(large_amount_square * weight) as decimal(38, 6)), 0) as amount_squared,
    cast(sum(cast(outcome_amount as decimal(19, 6)) * weight) as decimal(38, 6)) as outcome_amount,
    cast(sum(outcome_square * weight) as decimal(38, 6))
    + coalesce(cast(sum(large_outcome_square * weight) as decimal(38, 6)), 0) as outcome_amount_squared,
    cast(sum(product * weight) as decimal(38, 6))
    + coalesce(cast(sum(large_product * weight) as decimal(38, 6)), 0) as amount_product,
    cast(sum(cast(outcome_quantity as decimal(19, 6)) * weight) as decimal(38, 6)) as outcome_quantity,
    cast(sum(quantity_square * weight) as decimal(38, 6))
    + coalesce(cast(sum(large_quantity_square * weight) as decimal(38, 6)), 0) as outcome_quantity_squared
from squared_measure
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

/* example
# Two blocked frauds of 500 and 300 and one allowed case, of two million, that nobody has looked at yet; and an
# inspection of 250 minutes, one row of a sampled log that stands for two.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  prediction_log:
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: s, decision: block, amount: 500, weight: 1, row_no: 1}
    - {prediction_id: p2, predicted_at: 2026-10-02 11:00:00, horizon_at: 2026-11-01 11:00:00, day: 2026-10-02, system_id: s, decision: block, amount: 300, weight: 1, row_no: 2}
    - {prediction_id: p3, predicted_at: 2026-10-02 12:00:00, horizon_at: 2026-11-01 12:00:00, day: 2026-10-02, system_id: s, decision: allow, amount: 2000000, weight: 1, row_no: 3}
    - {prediction_id: p4, predicted_at: 2026-10-02 13:00:00, horizon_at: 2026-11-01 13:00:00, day: 2026-10-02, system_id: s, decision: inspect, weight: 2, row_no: 4}
  outcome_log:
    - {prediction_id: p1, outcome_type: primary, outcome: fraud, observed_at: 2026-10-05 00:00:00, observed_month: 2026-10-01, observed_on: 2026-10-05, row_no: 1}
    - {prediction_id: p2, outcome_type: primary, outcome: fraud, observed_at: 2026-10-05 00:00:00, observed_month: 2026-10-01, observed_on: 2026-10-05, row_no: 2}
    - {prediction_id: p4, outcome_type: primary, outcome: minutes, observed_at: 2026-10-05 00:00:00, observed_month: 2026-10-01, observed_on: 2026-10-05, quantity: 250, row_no: 3}
expect:
  outcome_cells:
    - {day: 2026-10-02, decision: allow, link: pending, outcome: null, delay_days: null, predictions: 1, amount: 2000000, amount_squared: 4000000000000, outcome_quantity: null, outcome_quantity_squared: null}
    - {day: 2026-10-02, decision: block, link: linked, outcome: fraud, delay_days: 4, predictions: 2, amount: 800, amount_squared: 340000, outcome_quantity: null, outcome_quantity_squared: null}
    - {day: 2026-10-02, decision: inspect, link: linked, outcome: minutes, delay_days: 4, predictions: 1, amount: null, amount_squared: null, outcome_quantity: 500, outcome_quantity_squared: 125000}
*/
