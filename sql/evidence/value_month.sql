-- What a system's predictions of a month are worth so far, how far that could move, and how many are behind it.
-- grain: month, system_id, model_version, serving_mode
with worth as (
    select
        month,
        system_id,
        model_version,
        serving_mode,
        is_control,
        propensity,
        sum(amount) as realised,
        sum(sum_squares) as sum_squares,
        case -- method §4.2: of what was released at random by its propensity, else s * sqrt(n)
            when propensity < 1 then sum(sum_squares) * (1 - propensity)
            else greatest(
                0,
                (sum(sum_squares) - sum(amount) ** 2 / nullif(sum(predictions) filter (where outcome_type = 'primary'), 0))
                * sum(predictions) filter (where outcome_type = 'primary')
                / nullif(sum(predictions) filter (where outcome_type = 'primary') - 1, 0)
            )
        end as variance
    from value_total
    where open_cell_id is null
    group by month, system_id, model_version, serving_mode, is_control, propensity
),

open_cell as (
    select
        month,
        system_id,
        model_version,
        serving_mode,
        min(amount) as low,
        max(amount) as high
    from value_total
    where open_cell_id is not null
    group by month, system_id, model_version, serving_mode, open_cell_id
),

unknown as (
    select
        month,
        system_id,
        model_version,
        serving_mode,
        sum(low) as low,
        sum(high) as high
    from open_cell
    group by month, system_id, model_version, serving_mode
)

select
    c.month,
    c.system_id,
    c.model_version,
    c.serving_mode,
    c.predictions, c.acted, c.linked, c.matured, c.pending, c.never_observed,
    coalesce(w.realised, 0) as realised,
    coalesce(w.sum_squares, 0) as sum_squares,
    coalesce(w.variance, 0) as variance,
    coalesce(w.realised, 0) + coalesce(u.low, 0) as low,
    coalesce(w.realised, 0) + coalesce(u.high, 0) as high
from evidence_count as c
left join (
    select
        r.month, r.system_id, r.model_version, r.serving_mode,
        sum(r.realised) as realised,
        sum(r.sum_squares) as sum_squares,
        sum(coalesce(k.variance, r.variance)) as variance
    from worth as r
    left join clustered_variance as k
        on k.driver = '' and k.month = r.month and k.system_id = r.system_id
        and k.model_version = r.model_version and k.serving_mode = r.serving_mode
        and k.is_control = r.is_control and k.propensity is not distinct from r.propensity
    group by r.month, r.system_id, r.model_version, r.serving_mode
) as w using (month, system_id, model_version, serving_mode)
left join unknown as u using (month, system_id, model_version, serving_mode)

/* example
# Three acted on, two known (worth 5 and -1); the third could be worth 5 or -1: between 3 and 9.
given:
  systems: [{system_id: s, scenario: x, outcome_horizon_days: 30}]
  run_scope: [{as_of_on: 2026-12-01}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud, predictions: 1, cases: 1}
    - {cell_id: c2, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, outcome: legit, predictions: 1, cases: 1}
    - {cell_id: c3, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: pending, outcome_type: primary, predictions: 1, cases: 1}
  value_priced:
    - {cell_id: c1, category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, amount: 5}
    - {cell_id: c2, category: direct, measure: case, unit_price: -1, rate: 1, factor: 1, amount: -1}
    - {cell_id: "c3?fraud", category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, amount: 5}
    - {cell_id: "c3?legit", category: direct, measure: case, unit_price: -1, rate: 1, factor: 1, amount: -1}
expect:
  value_month: [{month: 2026-10-01, system_id: s, predictions: 3, acted: 3, linked: 2, matured: 2, realised: 4, sum_squares: 26, variance: 36, low: 3, high: 9}]
*/
