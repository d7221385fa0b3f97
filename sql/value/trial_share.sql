-- How many decisions of a month were the system's own and how many were held out at random for the process without it.
-- grain: month, system_id
select
    month,
    system_id,
    coalesce(sum(cases) filter (where arm is distinct from 'control'), 0) as treated,
    sum(cases) filter (where arm = 'control') as control,
    coalesce(sum(predictions) filter (where arm is distinct from 'control'), 0) as treated_predictions,
    sum(predictions) filter (where arm = 'control') as control_predictions
from outcome_cells
where link = 'linked' and outcome_type = 'primary' and status = 'ok' and propensity is null
group by month, system_id
having count(*) filter (where arm = 'control') > 0

/* example
given:
  outcome_cells:
    - {month: 2026-10-01, system_id: s, arm: treatment, status: ok, link: linked, outcome_type: primary, predictions: 90, cases: 90}
    - {month: 2026-10-01, system_id: s, arm: control, status: ok, link: linked, outcome_type: primary, predictions: 10, cases: 10}
    - {month: 2026-10-01, system_id: s, arm: control, status: ok, link: pending, outcome_type: primary, predictions: 10, cases: 10}
    - {month: 2026-10-01, system_id: t, status: ok, link: linked, outcome_type: primary, predictions: 5, cases: 5}
expect:
  trial_share: [{month: 2026-10-01, system_id: s, treated: 90, control: 10}]
*/
