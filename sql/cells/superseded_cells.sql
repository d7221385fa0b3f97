-- How many delivered rows of a day's predictions, and of their outcomes, lost to a later one: every delivered row is accounted for.
-- grain: day, system_id, model_version, observed_month
select
    day,
    system_id,
    model_version,
    cast(null as date) as observed_month,
    count(*) as predictions,
    0 as outcomes
from superseded_prediction
group by 1, 2, 3
union all
select
    day,
    system_id,
    model_version,
    observed_month,
    0 as predictions,
    count(*) as outcomes
from superseded_outcome
where day is not null
group by 1, 2, 3, 4

/* example
# p1 was delivered twice and observed twice.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  delivery_version: [{delivery_id: a, version: 1}, {delivery_id: b, version: 2}, {delivery_id: o, version: 3}]
  prediction_log:
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: s, delivery_id: a, row_no: 1}
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: s, delivery_id: b, row_no: 1}
  outcome_log:
    - {prediction_id: p1, outcome_type: primary, observed_at: 2026-10-05 00:00:00, observed_month: 2026-10-01, delivery_id: o, row_no: 1}
    - {prediction_id: p1, outcome_type: primary, observed_at: 2026-10-06 00:00:00, observed_month: 2026-10-01, delivery_id: o, row_no: 2}
expect:
  superseded_cells:
    - {day: 2026-10-02, system_id: s, observed_month: null, predictions: 1, outcomes: 0}
    - {day: 2026-10-02, system_id: s, observed_month: 2026-10-01, predictions: 0, outcomes: 1}
*/
