-- A decision whose outcome has a shared key: others may have had a hand in the same outcome.
-- grain: day, system_id, model_version, serving_mode, decision, arm, propensity, outcome_type, outcome, observed_month, is_correct, currency, shared_key, touched_at
select
    day,
    system_id,
    model_version,
    serving_mode,
    decision,
    arm,
    cast(propensity as decimal(9, 6)) as propensity,
    outcome_type,
    outcome,
    observed_month,
    predicted_label = outcome as is_correct,
    currency,
    shared_key,
    predicted_at as touched_at,
    count(*) as predictions,
    cast(sum(weight) as decimal(38, 6)) as cases,
    cast(sum(cast(amount as decimal(19, 6)) * weight) as decimal(38, 6)) as amount,
    cast(sum(cast(outcome_amount as decimal(19, 6)) * weight) as decimal(38, 6)) as outcome_amount,
    cast(sum(cast(outcome_quantity as decimal(19, 6)) * weight) as decimal(38, 6)) as outcome_quantity
from linked_prediction
where shared_key is not null and status = 'ok'
    and observed_at >= predicted_at and observed_at < horizon_at
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14

/* example
# Two systems acted on the deal d7, which was won; the deal d8 is not known of p3 yet; p4 has a deal of its own.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  prediction_log:
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: a, decision: call, status: ok, weight: 1, row_no: 1}
    - {prediction_id: p2, predicted_at: 2026-10-03 10:00:00, horizon_at: 2026-11-02 10:00:00, day: 2026-10-03, system_id: b, decision: mail, status: ok, weight: 1, row_no: 2}
    - {prediction_id: p3, predicted_at: 2026-10-03 10:00:00, horizon_at: 2026-11-02 10:00:00, day: 2026-10-03, system_id: b, decision: mail, status: ok, weight: 1, row_no: 3}
    - {prediction_id: p4, predicted_at: 2026-10-03 10:00:00, horizon_at: 2026-11-02 10:00:00, day: 2026-10-03, system_id: b, decision: mail, status: ok, weight: 1, row_no: 4}
  outcome_log:
    - {prediction_id: p1, outcome_type: primary, outcome: won, observed_at: 2026-10-20 00:00:00, observed_month: 2026-10-01, amount: 500, shared_key: d7, row_no: 1}
    - {prediction_id: p2, outcome_type: primary, outcome: won, observed_at: 2026-10-20 00:00:00, observed_month: 2026-10-01, amount: 500, shared_key: d7, row_no: 2}
    - {prediction_id: p4, outcome_type: primary, outcome: won, observed_at: 2026-10-20 00:00:00, observed_month: 2026-10-01, amount: 90, row_no: 3}
expect:
  shared_cells:
    - {day: 2026-10-02, system_id: a, shared_key: d7, touched_at: 2026-10-02 10:00:00, outcome: won, cases: 1, outcome_amount: 500}
    - {day: 2026-10-03, system_id: b, shared_key: d7, touched_at: 2026-10-03 10:00:00, outcome: won, cases: 1, outcome_amount: 500}
*/
