-- What one cell is worth over all drivers, with the sum of the squared values of its rows (method §4.2); a row of a sampled log counts by its weight.
-- grain: cell_id
select
    c.cell_id,
    c.open_cell_id,
    c.month,
    c.system_id,
    c.model_version,
    c.serving_mode,
    c.outcome_type,
    c.is_control,
    c.propensity,
    c.predictions,
    coalesce(v.amount, 0) as amount,
    c.mean_weight * coalesce( -- 2e0: a product of three decimals would have no digits left for large amounts
        v.per_case ** 2 * c.cases
        + v.per_amount ** 2 * coalesce(c.amount_squared, 0)
        + v.per_outcome_amount ** 2 * coalesce(c.outcome_amount_squared, 0)
        + v.per_outcome_quantity ** 2 * coalesce(c.outcome_quantity_squared, 0)
        + 2e0 * v.per_case * v.per_outcome_quantity * coalesce(c.outcome_quantity, 0)
        + 2e0 * v.per_case * v.per_amount * coalesce(c.amount, 0)
        + 2e0 * v.per_case * v.per_outcome_amount * coalesce(c.outcome_amount, 0)
        + 2e0 * v.per_amount * v.per_outcome_amount * coalesce(c.amount_product, 0),
        0
    ) as sum_squares
from value_cell as c
left join value_coefficient as v using (cell_id)

/* example
# Two predictions of 500 and 300 at 0.9 of the amount less 10 a case: 440 and 260; squares 261,200. Of c2 one in
# ten was logged: two rows of 10 x 5, whose squares are 2,500 each, not ten of 25.
given:
  systems: [{system_id: s, scenario: x}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, status: ok, link: linked, outcome_type: primary, outcome: fraud, decision: block, cases: 2, amount: 800, amount_squared: 340000}
    - {cell_id: c2, month: 2026-10-01, system_id: s, status: ok, link: linked, outcome_type: primary, outcome: fraud, decision: block, cases: 20, cases_squared: 200}
  value_priced:
    - {cell_id: c2, category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, amount: 100}
    - {cell_id: c1, category: direct, measure: amount, unit_price: 0.9, rate: 1, factor: 1, amount: 720}
    - {cell_id: c1, category: direct, measure: case, unit_price: -10, rate: 1, factor: 1, amount: -20}
expect:
  value_total:
    - {cell_id: c1, amount: 700, sum_squares: 261200}
    - {cell_id: c2, amount: 100, sum_squares: 5000}
*/
