-- Every prediction beside what became true of it: one row of type `primary`, known or not, and one for each further type.
-- grain: prediction_id, outcome_type
select
    p.*,
    'primary' as outcome_type,
    o.outcome,
    o.observed_at,
    o.observed_on,
    o.observed_month,
    o.amount as outcome_amount,
    o.quantity as outcome_quantity,
    o.shared_key
from prediction as p
left join latest_outcome as o
    on p.prediction_id = o.prediction_id and o.outcome_type = 'primary'
union all
select
    p.*,
    o.outcome_type,
    o.outcome,
    o.observed_at,
    o.observed_on,
    o.observed_month,
    o.amount as outcome_amount,
    o.quantity as outcome_quantity,
    o.shared_key
from prediction as p
inner join latest_outcome as o on p.prediction_id = o.prediction_id
where o.outcome_type <> 'primary'

/* example
# p1 was delivered twice: the later version counts. p2's outcome was observed twice: the later
# observation counts. p3 has not been observed yet. p4 has an outcome of a second type too.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  delivery_version: [{delivery_id: a, version: 1}, {delivery_id: b, version: 2}, {delivery_id: o, version: 3}]
  prediction_log:
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: s, decision: block, amount: 10, delivery_id: a, row_no: 1}
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: s, decision: block, amount: 20, delivery_id: b, row_no: 1}
    - {prediction_id: p2, predicted_at: 2026-10-02 10:00:00, horizon_at: 2026-11-01 10:00:00, day: 2026-10-02, system_id: s, decision: allow, amount: 30, delivery_id: a, row_no: 2}
    - {prediction_id: p3, predicted_at: 2026-10-31 10:00:00, horizon_at: 2026-11-30 10:00:00, day: 2026-10-31, system_id: s, decision: allow, amount: 40, delivery_id: a, row_no: 3}
    - {prediction_id: p4, predicted_at: 2026-10-31 10:00:00, horizon_at: 2026-11-30 10:00:00, day: 2026-10-31, system_id: s, decision: allow, amount: 50, delivery_id: a, row_no: 4}
    - {prediction_id: p5, predicted_at: 2026-11-01 10:00:00, horizon_at: 2026-12-01 10:00:00, day: 2026-11-01, system_id: s, decision: allow, amount: 60, delivery_id: a, row_no: 5}
  outcome_log:
    - {prediction_id: p1, outcome_type: primary, outcome: fraud, observed_at: 2026-10-05 00:00:00, observed_month: 2026-10-01, delivery_id: o, row_no: 1}
    - {prediction_id: p2, outcome_type: primary, outcome: legit, observed_at: 2026-10-05 00:00:00, observed_month: 2026-10-01, delivery_id: o, row_no: 2}
    - {prediction_id: p2, outcome_type: primary, outcome: fraud, observed_at: 2026-10-06 00:00:00, observed_month: 2026-10-01, delivery_id: o, row_no: 3}
    - {prediction_id: p2, outcome_type: primary, outcome: legit, observed_at: 2026-12-06 00:00:00, observed_month: 2026-12-01, delivery_id: o, row_no: 4}
    - {prediction_id: p4, outcome_type: primary, outcome: legit, observed_at: 2026-11-06 00:00:00, observed_month: 2026-11-01, delivery_id: o, row_no: 5}
    - {prediction_id: p4, outcome_type: refund, outcome: paid, observed_at: 2026-11-07 00:00:00, observed_month: 2026-11-01, amount: 5, delivery_id: o, row_no: 6}
expect:
  linked_prediction:
    - {prediction_id: p1, outcome_type: primary, outcome: fraud, amount: 20, outcome_amount: null}
    - {prediction_id: p2, outcome_type: primary, outcome: fraud, amount: 30, outcome_amount: null}
    - {prediction_id: p3, outcome_type: primary, outcome: null, amount: 40, outcome_amount: null}
    - {prediction_id: p4, outcome_type: primary, outcome: legit, amount: 50, outcome_amount: null}
    - {prediction_id: p4, outcome_type: refund, outcome: paid, amount: 50, outcome_amount: 5}
*/
