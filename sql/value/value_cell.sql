-- A cell with its scenario, for the models that say what it is worth; and, for what is not known yet, the cell as it could turn out.
-- grain: cell_id
-- computed: once
with possible as (
    select
        c.*,
        c.cell_id || '?' || s.outcome as possible_id,
        s.outcome as possible_outcome,
        c.cell_id as open_cell_id
    from outcome_cells as c
    inner join possible_outcome as s using (system_id)
    anti join represented_cell as r using (cell_id)
    where c.link <> 'linked' and c.outcome_type = 'primary'
    union all
    select
        c.*,
        c.cell_id as possible_id,
        c.outcome as possible_outcome,
        null as open_cell_id
    from outcome_cells as c
    where c.link = 'linked'
)

select
    p.possible_id as cell_id,
    p.open_cell_id,
    p.month,
    p.day,
    p.observed_month,
    p.system_id,
    s.scenario,
    p.model_version,
    p.serving_mode,
    p.decision,
    p.arm,
    p.propensity,
    coalesce(p.arm = 'control' and p.propensity is null, false) as is_control,
    p.outcome_type,
    p.possible_outcome as outcome,
    p.is_correct,
    p.currency,
    p.predictions,
    p.cases,
    -- what a row of a sampled log stands for: it is one observation, not so many
    coalesce(p.cases_squared / nullif(p.cases, 0), 1) as mean_weight,
    p.amount,
    p.amount_squared,
    p.outcome_amount,
    p.outcome_amount_squared,
    p.amount_product,
    p.outcome_quantity,
    p.outcome_quantity_squared,
    list_contains(s.positive_decisions, p.decision) as is_positive_decision,
    list_contains(s.positive_outcomes, p.possible_outcome) as is_positive_outcome
from possible as p
inner join systems as s using (system_id)
where p.status = 'ok'

/* example
given:
  systems: [{system_id: s, scenario: fraud_detection, positive_decisions: [block], positive_outcomes: [fraud]}]
  outcome_cells:
    - {cell_id: c1, system_id: s, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud}
    - {cell_id: c2, system_id: s, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: legit}
    - {cell_id: c3, system_id: s, status: ok, decision: block, link: pending, outcome_type: primary}
expect:
  value_cell:
    - {cell_id: c1, open_cell_id: null, is_positive_decision: true, is_positive_outcome: true}
    - {cell_id: c2, open_cell_id: null, is_positive_decision: false, is_positive_outcome: false}
    - {cell_id: "c3?fraud", open_cell_id: c3, is_positive_decision: true, is_positive_outcome: true}
    - {cell_id: "c3?legit", open_cell_id: c3, is_positive_decision: true, is_positive_outcome: false}
*/
