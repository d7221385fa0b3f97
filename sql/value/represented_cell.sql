-- Decisions of a randomised release that were not released: the released ones, weighted, stand for them too.
-- grain: cell_id
with released as (
    select distinct
        month,
        system_id,
        decision,
        propensity
    from outcome_cells
    where propensity is not null and link = 'linked' and outcome_type = 'primary' and status = 'ok'
)

select c.cell_id
from outcome_cells as c
semi join released as r using (month, system_id, decision, propensity)
where c.link <> 'linked' and c.arm is distinct from 'control' -- an arm of control says: released, and still open

/* example
# Of the blocked 2 in 100 are let through at random; nothing was let through of the reviewed.
given:
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, decision: block, propensity: 0.02, status: ok, link: linked, outcome_type: primary, outcome: fraud}
    - {cell_id: c2, month: 2026-10-01, system_id: s, decision: block, propensity: 0.02, status: ok, link: pending, outcome_type: primary}
    - {cell_id: c3, month: 2026-10-01, system_id: s, decision: block, propensity: 0.02, arm: control, status: ok, link: pending, outcome_type: primary}
    - {cell_id: c4, month: 2026-10-01, system_id: s, decision: review, propensity: 0.02, status: ok, link: pending, outcome_type: primary}
expect:
  represented_cell: [{cell_id: c2}]
*/
