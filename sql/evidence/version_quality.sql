-- How right a model version was in a month on decisions whose outcome is known, and what its errors cost against right ones.
-- grain: month, system_id, model_version
with known as (
    select
        c.month,
        c.system_id,
        c.model_version,
        c.decision,
        c.outcome,
        c.predictions,
        c.is_correct,
        v.amount,
        -- rows nobody acted on (a version in the shadow of another) are judged by their label alone
        case
            when c.decision <> 'none'
                then coalesce(c.is_positive_decision = c.is_positive_outcome, c.is_correct)
        end as is_right
    from value_cell as c
    inner join value_total as v using (cell_id)
    where c.open_cell_id is null and c.outcome_type = 'primary'
        and coalesce(c.month <= (select max(month) from run_month), true) -- a look back knows no later month
),

truth as ( -- a model that can be wrong about every outcome is judged by it; else the outcome is what it brought about
    select
        system_id,
        bool_and(errors > 0) as is_truth
    from (
        select
            system_id,
            outcome,
            count(*) filter (where not is_right) as errors
        from known
        where is_right is not null
        group by system_id, outcome
    )
    group by system_id
),

class as ( -- right and wrong about the same outcome, or the same decision with the right and the wrong outcome
    select
        k.month,
        k.system_id,
        k.model_version,
        sum(k.predictions) filter (where k.is_right is not null) as decisions,
        sum(k.predictions) filter (where k.is_right) as right_decisions,
        sum(k.predictions) filter (where not k.is_right) as errors,
        sum(k.amount) filter (where k.is_right) / nullif(sum(k.predictions) filter (where k.is_right), 0)
        - sum(k.amount) filter (where not k.is_right)
        / nullif(sum(k.predictions) filter (where not k.is_right), 0) as error_worth,
        sum(k.predictions) filter (where k.is_correct is not null) as labelled,
        sum(k.predictions) filter (where k.is_correct) as right_labels
    from known as k
    left join truth as t using (system_id)
    group by k.month, k.system_id, k.model_version, case when t.is_truth then k.outcome else k.decision end
)

select
    month,
    system_id,
    model_version,
    cast(coalesce(sum(decisions), 0) as bigint) as decisions,
    cast(coalesce(sum(right_decisions), 0) as bigint) as right_decisions,
    cast(coalesce(sum(labelled), 0) as bigint) as labelled,
    cast(coalesce(sum(right_labels), 0) as bigint) as right_labels,
    cast(coalesce(sum(errors) filter (where error_worth is not null), 0) as bigint) as priced_errors,
    cast(coalesce(sum(errors * error_worth), 0) as decimal(38, 6)) as errors_worth
from class
group by month, system_id, model_version

/* example
# s: eight frauds of ten stopped, worth 5 each, two missed at -10: an error about a fraud costs 15. Nine of
# ten honest ones let through at 0, one stopped at -3: an error about them costs 3. In all 2 x 15 + 3.
# t: of ten answers eight helped, worth 5, two did not, -1; the model decides what the outcome will be, so
# an answer that helps is compared with one that does not: 2 x 6.
given:
  systems:
    - {system_id: s, scenario: x, positive_decisions: [block], positive_outcomes: [fraud]}
    - {system_id: t, scenario: x, positive_decisions: [answer], positive_outcomes: [helped]}
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud, predictions: 8, cases: 8}
    - {cell_id: c2, month: 2026-10-01, system_id: s, model_version: v, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: fraud, predictions: 2, cases: 2}
    - {cell_id: c3, month: 2026-10-01, system_id: s, model_version: v, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: legit, predictions: 9, cases: 9}
    - {cell_id: c4, month: 2026-10-01, system_id: s, model_version: v, status: ok, decision: block, link: linked, outcome_type: primary, outcome: legit, predictions: 1, cases: 1}
    - {cell_id: c5, month: 2026-10-01, system_id: s, model_version: w, status: ok, decision: none, link: linked, outcome_type: primary, outcome: legit, is_correct: true, predictions: 7, cases: 7}
    - {cell_id: d1, month: 2026-10-01, system_id: t, model_version: v, status: ok, decision: answer, link: linked, outcome_type: primary, outcome: helped, predictions: 8, cases: 8}
    - {cell_id: d2, month: 2026-10-01, system_id: t, model_version: v, status: ok, decision: answer, link: linked, outcome_type: primary, outcome: called, predictions: 2, cases: 2}
  value_priced:
    - {cell_id: c1, category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, amount: 40}
    - {cell_id: c2, category: direct, measure: case, unit_price: -10, rate: 1, factor: 1, amount: -20}
    - {cell_id: c4, category: direct, measure: case, unit_price: -3, rate: 1, factor: 1, amount: -3}
    - {cell_id: d1, category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, amount: 40}
    - {cell_id: d2, category: direct, measure: case, unit_price: -1, rate: 1, factor: 1, amount: -2}
expect:
  version_quality:
    - {month: 2026-10-01, system_id: s, model_version: v, decisions: 20, right_decisions: 17, labelled: 0, right_labels: 0, priced_errors: 3, errors_worth: 33}
    - {month: 2026-10-01, system_id: s, model_version: w, decisions: 0, right_decisions: 0, labelled: 7, right_labels: 7, priced_errors: 0, errors_worth: 0}
    - {month: 2026-10-01, system_id: t, model_version: v, decisions: 10, right_decisions: 8, labelled: 0, right_labels: 0, priced_errors: 2, errors_worth: 12}
*/
