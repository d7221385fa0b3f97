-- How many observations of outcomes were delivered for a month, whether a prediction is known to them or not.
-- grain: day
select
    o.observed_month as day,
    count(*) as outcomes
from outcome_log as o
inner join scope as c on o.observed_month between c.first_day and c.last_day
group by 1

/* example
# Two outcomes came in October, one of them of no prediction anybody knows; that of November is another month's.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  prediction_log: [{prediction_id: p1, day: 2026-10-02, system_id: s, row_no: 1}]
  outcome_log:
    - {prediction_id: p1, outcome_type: primary, observed_month: 2026-10-01, row_no: 1}
    - {prediction_id: x9, outcome_type: primary, observed_month: 2026-10-01, row_no: 2}
    - {prediction_id: x8, outcome_type: primary, observed_month: 2026-11-01, row_no: 3}
expect:
  observed_cells: [{day: 2026-10-01, outcomes: 2}]
*/
