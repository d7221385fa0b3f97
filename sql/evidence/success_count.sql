-- How many predictions of a month in a serving mode turned out right: what a successful outcome is.
-- grain: month, system_id, serving_mode
select
    month,
    system_id,
    serving_mode,
    coalesce(
        sum(predictions) filter (where coalesce(is_positive_decision = is_positive_outcome, is_correct)), 0
    ) as successful_outcomes
from value_cell
where open_cell_id is null and outcome_type = 'primary'
group by month, system_id, serving_mode

/* example
# Nine rightly allowed, two frauds blocked, one missed.
given:
  systems: [{system_id: s, scenario: x, positive_decisions: [block], positive_outcomes: [fraud]}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, serving_mode: batch, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: legit, predictions: 9}
    - {cell_id: c2, month: 2026-10-01, system_id: s, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud, predictions: 2}
    - {cell_id: c3, month: 2026-10-01, system_id: s, serving_mode: batch, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: fraud, predictions: 1}
expect:
  success_count: [{month: 2026-10-01, system_id: s, serving_mode: batch, successful_outcomes: 11}]
*/
