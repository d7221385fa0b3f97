-- How often a model version was right and wrong on the predictions of a month whose outcome is known.
-- grain: month, system_id, model_version
select
    c.month,
    c.system_id,
    c.model_version,
    sum(c.predictions) as n,
    sum(c.predictions) filter (where c.is_positive_decision and c.is_positive_outcome) as tp,
    sum(c.predictions) filter (where c.is_positive_decision and not c.is_positive_outcome) as fp,
    sum(c.predictions) filter (where not c.is_positive_decision and c.is_positive_outcome) as fn,
    sum(c.predictions) filter (where not c.is_positive_decision and not c.is_positive_outcome) as tn,
    sum(c.predictions) filter (where c.is_positive_decision is not null) as judged,
    sum(c.predictions) filter (where c.is_correct) as correct,
    sum(c.predictions) filter (where c.is_correct is not null) as labelled
from value_cell as c
where c.open_cell_id is null and c.outcome_type = 'primary' and not c.is_control
group by c.month, c.system_id, c.model_version

/* example
# A month of only true negatives counts them; absent classes stay empty here and become 0 in the mart.
given:
  systems: [{system_id: s, scenario: x, positive_decisions: [block], positive_outcomes: [fraud]}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: legit, predictions: 9}
expect:
  quality_count: [{month: 2026-10-01, system_id: s, model_version: v, n: 9, tp: null, fp: null, fn: null, tn: 9, judged: 9}]
*/
