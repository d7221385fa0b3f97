-- What a model version served in a month, and what became known of it, row by row of the logs.
-- grain: month, system_id, model_version
with served as (
    select
        month,
        system_id,
        model_version,
        sum(predictions) as predictions,
        coalesce(sum(predictions) filter (where status = 'error'), 0) as errors,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cached_tokens) as cached_tokens,
        sum(compute_seconds) as compute_seconds
    from usage_cells
    group by month, system_id, model_version
),

known as (
    select
        c.month,
        c.system_id,
        c.model_version,
        sum(c.predictions) filter (where c.link = 'linked') as linked_outcomes,
        sum(c.predictions) filter (where c.link = 'impossible') as impossible_outcomes,
        sum(c.predictions) filter (where c.link = 'late') as late_outcomes,
        sum(c.predictions) filter (
            where c.link in ('pending', 'late') and c.day + s.outcome_horizon_days < r.as_of_on
        ) as never_observed
    from outcome_cells as c
    left join systems as s using (system_id)
    cross join run_scope as r
    where c.outcome_type = 'primary'
    group by c.month, c.system_id, c.model_version
),

replaced as (
    select
        month,
        system_id,
        model_version,
        sum(predictions) as duplicate_predictions,
        sum(outcomes) as duplicate_outcomes
    from superseded_cells
    group by month, system_id, model_version
)

select
    s.*,
    coalesce(k.linked_outcomes, 0) as linked_outcomes,
    coalesce(k.impossible_outcomes, 0) as impossible_outcomes,
    coalesce(k.late_outcomes, 0) as late_outcomes,
    coalesce(k.never_observed, 0) as never_observed,
    coalesce(d.duplicate_predictions, 0) as duplicate_predictions,
    coalesce(d.duplicate_outcomes, 0) as duplicate_outcomes
from served as s
left join known as k using (month, system_id, model_version)
left join replaced as d using (month, system_id, model_version)

/* example
# Of four calls one failed; of two an outcome came, one of them before the prediction; the horizon of 30
# days of the one of 2 October has passed without an outcome, that of 20 November has not.
given:
  systems: [{system_id: s, scenario: x, outcome_horizon_days: 30}]
  run_scope: [{as_of_on: 2026-12-01}]
  usage_cells:
    - {month: 2026-11-01, day: 2026-11-02, system_id: s, model_version: v, status: ok, predictions: 1}
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, status: ok, latency_ms_bucket: 10, predictions: 3, input_tokens: 50}
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, status: error, predictions: 1}
  outcome_cells:
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, outcome_type: primary, link: linked, predictions: 1}
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, outcome_type: primary, link: impossible, predictions: 1}
    - {month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, outcome_type: primary, link: pending, predictions: 1}
    - {month: 2026-11-01, day: 2026-11-20, system_id: s, model_version: v, outcome_type: primary, link: pending, predictions: 1}
  superseded_cells: [{month: 2026-10-01, system_id: s, model_version: v, predictions: 0, outcomes: 2}]
expect:
  usage_month:
    - {month: 2026-10-01, predictions: 4, errors: 1, input_tokens: 50, linked_outcomes: 1, impossible_outcomes: 1, never_observed: 1, duplicate_outcomes: 2}
    - {month: 2026-11-01, predictions: 1, errors: 0, input_tokens: null, linked_outcomes: 0, impossible_outcomes: 0, never_observed: 0, duplicate_outcomes: 0}
*/
