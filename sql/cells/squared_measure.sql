-- A linked prediction with the squares of its measures; of large ones the squared whole units are a column of their own.
-- grain: prediction_id, outcome_type
with measured as (
    select
        *,
        abs(amount) >= 1000000000 or abs(outcome_amount) >= 1000000000 as is_large,
        abs(outcome_quantity) >= 1000000 as is_large_quantity,
        cast(amount as decimal(19, 2)) as a,
        cast(floor(amount) as decimal(19, 0)) as whole_a,
        cast(outcome_amount as decimal(19, 2)) as o,
        cast(floor(outcome_amount) as decimal(19, 0)) as whole_o,
        cast(outcome_quantity as decimal(19, 4)) as q, -- 19 digits: two of 18 or less are multiplied in 64 bits
        cast(floor(outcome_quantity) as decimal(19, 0)) as whole_q
    from linked_prediction
)

select -- a sum of 38 digits does not hold many squares of 24 digits and their decimals; a square is both parts added
    *,
    case when is_large then a * a - whole_a * whole_a else a * a end as amount_square,
    case when is_large then whole_a * whole_a end as large_amount_square,
    case when is_large then o * o - whole_o * whole_o else o * o end as outcome_square,
    case when is_large then whole_o * whole_o end as large_outcome_square,
    case when is_large then a * o - whole_a * whole_o else a * o end as product,
    case when is_large then whole_a * whole_o end as large_product,
    case when is_large_quantity then q * q - whole_q * whole_q else q * q end as quantity_square,
    case when is_large_quantity then whole_q * whole_q end as large_quantity_square
from measured

/* example
# 12.5 minutes squared are 156.25; 3,000,000.5 are 9 * 10^12 in whole minutes and 3,000,000.25 for the rest.
given:
  scope: [{first_day: 2026-10-01, last_day: 2026-10-31}]
  prediction_log:
    - {prediction_id: p1, predicted_at: 2026-10-02 10:00:00, day: 2026-10-02, system_id: s, amount: 500, weight: 1, row_no: 1}
    - {prediction_id: p2, predicted_at: 2026-10-02 10:00:00, day: 2026-10-02, system_id: s, weight: 1, row_no: 2}
  outcome_log:
    - {prediction_id: p1, outcome_type: primary, outcome: minutes, observed_at: 2026-10-05 00:00:00, quantity: 12.5, row_no: 1}
    - {prediction_id: p2, outcome_type: primary, outcome: minutes, observed_at: 2026-10-05 00:00:00, quantity: 3000000.5, row_no: 2}
expect:
  squared_measure:
    - {prediction_id: p1, amount_square: 250000, large_amount_square: null, quantity_square: 156.25, large_quantity_square: null}
    - {prediction_id: p2, amount_square: null, large_amount_square: null, quantity_square: 3000000.25, large_quantity_square: 9000000000000}
*/
