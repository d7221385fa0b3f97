-- What a decision counts for an outcome that has a shared key; turn 1 is its system's first hand in it, later ones count the same again.
-- grain: shared_key, outcome_type, system_id, turn
with cell as ( -- any cell of the same key: what a case is worth does not depend on the delay
    select
        day, system_id, model_version, serving_mode, decision, arm, propensity, outcome_type, outcome,
        observed_month, is_correct, currency,
        min(cell_id) as cell_id
    from outcome_cells
    semi join shared_cells using (month, system_id)
    where status = 'ok' and link = 'linked'
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
),

hand as (
    select
        s.shared_key,
        s.outcome_type,
        s.system_id,
        s.month,
        s.observed_month,
        s.model_version,
        s.serving_mode,
        s.touched_at,
        s.cell_id as hand_id,
        s.predictions,
        cast(
            v.per_case * s.cases
            + v.per_amount * coalesce(s.amount, 0)
            + v.per_outcome_amount * coalesce(s.outcome_amount, 0)
            + v.per_outcome_quantity * coalesce(s.outcome_quantity, 0)
            as decimal(38, 15)
        ) as claims,
        row_number() over (
            partition by s.shared_key, s.outcome_type, s.system_id order by s.touched_at, s.month, s.cell_id
        ) as turn
    from shared_cells as s
    inner join cell as c
        on c.day = s.day
        and c.system_id = s.system_id
        and c.model_version is not distinct from s.model_version
        and c.serving_mode = s.serving_mode
        and c.decision is not distinct from s.decision
        and c.arm is not distinct from s.arm
        and c.propensity is not distinct from s.propensity
        and c.outcome_type = s.outcome_type
        and c.outcome = s.outcome
        and c.observed_month = s.observed_month
        and c.is_correct is not distinct from s.is_correct
        and c.currency is not distinct from s.currency
    inner join value_coefficient as v on v.cell_id = c.cell_id -- a cell that no driver speaks of claims nothing
    where (s.arm is distinct from 'control' or s.propensity is not null) -- who was held out had no hand in it
        and coalesce(s.month <= (select max(month) from run_month), true) -- a look back knows no later month
)

select
    shared_key, outcome_type, system_id, month, observed_month, model_version, serving_mode, touched_at,
    hand_id,
    predictions, -- made at the same instant
    case when predictions = 1 then claims else cast(claims / predictions as decimal(38, 15)) end as claim,
    turn
from hand

/* example
# Deal d7 of 500 was mailed by b at 1 of its amount less 20 a decision, and twice at one instant of the next day.
given:
  value_priced:
    - {cell_id: b2, category: direct, measure: outcome_amount, unit_price: 1, rate: 1, factor: 1, amount: 500}
    - {cell_id: b2, category: direct, measure: case, unit_price: -20, rate: 1, factor: 1, amount: -20}
    - {cell_id: b3, category: direct, measure: outcome_amount, unit_price: 1, rate: 1, factor: 1, amount: 500}
  outcome_cells:
    - {cell_id: b2, day: 2026-10-02, month: 2026-10-01, system_id: b, serving_mode: batch, decision: mail, status: ok, link: linked, outcome_type: primary, outcome: won, observed_month: 2026-10-01, cases: 1}
    - {cell_id: b3, day: 2026-10-03, month: 2026-10-01, system_id: b, serving_mode: batch, decision: mail, status: ok, link: linked, outcome_type: primary, outcome: won, observed_month: 2026-10-01, cases: 1}
  shared_cells:
    - {day: 2026-10-02, month: 2026-10-01, system_id: b, serving_mode: batch, decision: mail, outcome_type: primary, outcome: won, observed_month: 2026-10-01, shared_key: d7, touched_at: 2026-10-02 10:00:00, predictions: 1, cases: 1, outcome_amount: 500}
    - {day: 2026-10-03, month: 2026-10-01, system_id: b, serving_mode: batch, decision: mail, outcome_type: primary, outcome: won, observed_month: 2026-10-01, shared_key: d7, touched_at: 2026-10-03 10:00:00, predictions: 2, cases: 2, outcome_amount: 1000}
expect:
  shared_claim:
    - {shared_key: d7, system_id: b, touched_at: 2026-10-02 10:00:00, claim: 480, turn: 1}
    - {shared_key: d7, system_id: b, touched_at: 2026-10-03 10:00:00, predictions: 2, claim: 500, turn: 2}
*/
