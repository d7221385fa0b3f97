-- What a cell's predictions are worth each: so much a case and so much a unit of what they or their outcomes measure.
-- grain: cell_id
with priced as (
    select
        *,
        cast(cast(unit_price * rate as decimal(28, 9)) * factor as decimal(28, 9)) as price -- rounded twice: digits for both
    from value_priced
    where category = 'direct'
)

select
    cell_id,
    sum(amount) as amount,
    coalesce(sum(price) filter (where measure = 'case'), 0) as per_case,
    coalesce(sum(price) filter (where measure = 'amount'), 0) as per_amount,
    coalesce(sum(price) filter (where measure = 'outcome_amount'), 0) as per_outcome_amount,
    coalesce(sum(price) filter (where measure = 'outcome_quantity'), 0) as per_outcome_quantity
from priced
group by cell_id

/* example
# 0.9 of the amount less 10 a case; what is indirect is no part of it.
given:
  value_priced:
    - {cell_id: c1, category: direct, measure: amount, unit_price: 0.9, rate: 1, factor: 1, amount: 720}
    - {cell_id: c1, category: direct, measure: case, unit_price: -10, rate: 1, factor: 1, amount: -20}
    - {cell_id: c1, category: indirect, measure: case, unit_price: 99, rate: 1, factor: 1, amount: 198}
expect:
  value_coefficient: [{cell_id: c1, amount: 700, per_case: -10, per_amount: 0.9, per_outcome_amount: 0}]
*/
