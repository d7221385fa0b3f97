-- How well the value of a month is known: A by a randomised holdout, B by a randomised release (method §4.1).
-- grain: month, system_id
select
    month,
    system_id,
    'A' as evidence_grade
from trial_share
where treated_predictions >= 2 and control_predictions >= 2
union all
select distinct
    c.month,
    c.system_id,
    'B' as evidence_grade
from outcome_cells as c
anti join trial_share as t
    on t.month = c.month and t.system_id = c.system_id
    and t.treated_predictions >= 2 and t.control_predictions >= 2
where c.propensity < 1 and c.link = 'linked' and c.outcome_type = 'primary' and c.status = 'ok'

/* example
given:
  outcome_cells:
    - {month: 2026-10-01, system_id: a, arm: treatment, status: ok, link: linked, outcome_type: primary, predictions: 90, cases: 90}
    - {month: 2026-10-01, system_id: a, arm: control, status: ok, link: linked, outcome_type: primary, predictions: 10, cases: 10}
    - {month: 2026-10-01, system_id: b, propensity: 0.02, status: ok, link: linked, outcome_type: primary, predictions: 9, cases: 9}
    - {month: 2026-10-01, system_id: c, status: ok, link: linked, outcome_type: primary, predictions: 9, cases: 9}
expect:
  evidence_month:
    - {month: 2026-10-01, system_id: a, evidence_grade: A}
    - {month: 2026-10-01, system_id: b, evidence_grade: B}
*/
