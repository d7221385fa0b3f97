-- How many predictions of a month were acted on, have an outcome, can no longer change, and will never be known.
-- grain: month, system_id, model_version, serving_mode
with judged as ( -- nobody acted on what was held out; what was released at random stands for its like
    select
        c.*,
        c.decision <> 'none' and c.status = 'ok' and r.cell_id is null
            and not coalesce(c.arm = 'control' and c.propensity is null, false) as is_acted,
        c.link = 'linked' as is_linked,
        c.day + s.outcome_horizon_days < e.as_of_on as is_past_horizon
    from outcome_cells as c
    left join systems as s using (system_id)
    left join represented_cell as r using (cell_id)
    cross join run_scope as e
    where c.outcome_type = 'primary'
)

select
    month,
    system_id,
    model_version,
    serving_mode,
    sum(predictions) as predictions,
    coalesce(sum(predictions) filter (where is_acted), 0) as acted,
    coalesce(sum(predictions) filter (where is_acted and is_linked), 0) as linked,
    coalesce(sum(predictions) filter (where is_acted and is_linked and is_past_horizon), 0) as matured,
    coalesce(sum(predictions) filter (where is_acted and not is_linked and not is_past_horizon), 0) as pending,
    coalesce(sum(predictions) filter (where is_acted and not is_linked and is_past_horizon), 0) as never_observed
from judged
group by month, system_id, model_version, serving_mode

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
  evidence_count: [{month: 2026-10-01, system_id: s, predictions: 4, acted: 3, linked: 2, matured: 1, pending: 1, never_observed: 0}]
*/
