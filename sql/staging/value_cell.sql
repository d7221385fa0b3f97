-- A cell with its scenario, for the models that say what it is worth; and, for what is not known yet, the cell as it could turn out.
-- grain: cell_id
with seen as (
    select distinct
        system_id,
        outcome
    from outcome_cells
    where link = 'linked' and outcome_type = 'primary'
        and month <= (select coalesce(max(month), date '9999-12-31') from run_month) -- a look back knows no later month
),

possible as (
    select
        c.* exclude (outcome, cell_id),
        c.cell_id || '?' || s.outcome as cell_id,
        s.outcome,
        c.cell_id as open_cell_id
    from outcome_cells as c
    inner join seen as s using (system_id)
    where c.link <> 'linked'
    union all
    select
        * exclude (outcome, cell_id),
        cell_id,
        outcome,
        null as open_cell_id
    from outcome_cells
    where link = 'linked'
)

select
    p.*,
    s.scenario,
    list_contains(s.positive_decisions, p.decision) as is_positive_decision,
    list_contains(s.positive_outcomes, p.outcome) as is_positive_outcome
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
