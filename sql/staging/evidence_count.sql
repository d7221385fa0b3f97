-- How many predictions of a month were acted on, have an outcome, and can no longer change.
-- grain: month, system_id, model_version, serving_mode
select
    c.month,
    c.system_id,
    c.model_version,
    c.serving_mode,
    sum(c.predictions) as predictions,
    coalesce(sum(c.predictions) filter (where c.decision <> 'none' and c.status = 'ok'), 0) as acted,
    coalesce(
        sum(c.predictions) filter (where c.decision <> 'none' and c.status = 'ok' and c.link = 'linked'), 0
    ) as linked,
    coalesce(
        sum(c.predictions) filter (
            where c.decision <> 'none' and c.status = 'ok' and c.link = 'linked'
            and c.day + s.outcome_horizon_days < r.as_of_on
        ), 0
    ) as matured
from outcome_cells as c
left join systems as s using (system_id)
cross join run_scope as r
where c.outcome_type = 'primary'
group by c.month, c.system_id, c.model_version, c.serving_mode

/* example
# Four decisions: one on an error, two with an outcome; by 2 December the horizon of 30 days of the one
# of 2 October has passed, that of the one of 31 October is still a day short.
given:
  systems: [{system_id: s, scenario: x, outcome_horizon_days: 32}]
  run_scope: [{as_of_on: 2026-12-01}]
  outcome_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, predictions: 1}
    - {month: 2026-10-01, day: 2026-10-31, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, predictions: 1}
    - {month: 2026-10-01, day: 2026-10-31, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: pending, outcome_type: primary, predictions: 1}
    - {month: 2026-10-01, day: 2026-10-31, system_id: s, model_version: v, serving_mode: batch, status: error, decision: block, link: pending, outcome_type: primary, predictions: 1}
expect:
  evidence_count: [{month: 2026-10-01, system_id: s, predictions: 4, acted: 3, linked: 2, matured: 1}]
*/
