-- How wrong a month's value may be because prices are estimates: their standard errors, in money.
-- grain: month, system_id
with counted as ( -- one price is one number: what it multiplies in a month is wrong by the same factor
    select
        v.month,
        v.system_id,
        v.priced_as,
        v.unit,
        p.valid_from,
        p.standard_error,
        sum(v.quantity * v.rate) as quantity
    from value_priced as v
    inner join prices as p
        on p.system_id = v.system_id and p.driver = v.priced_as and p.unit = v.unit
        and v.day between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
    where v.open_cell_id is null and v.category = 'direct' and p.standard_error > 0
    group by v.month, v.system_id, v.priced_as, v.unit, p.valid_from, p.standard_error
)

select
    month,
    system_id,
    cast(sqrt(sum((quantity * 1e0 * standard_error) ** 2)) as decimal(28, 6)) as standard_error
from counted
group by month, system_id

/* example
# 80 more frauds stopped than before at 3 ± 0.1 each, and 20 calls at 2 ± 0.3: sqrt(8² + 6²) = 10.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  prices:
    - {system_id: s, driver: fraud_stopped, unit: case, unit_price: 3, standard_error: 0.1, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: call, unit: case, unit_price: 2, standard_error: 0.3, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: late, unit: case, unit_price: 2, currency: USD, valid_from: 2026-01-01}
  value_priced:
    - {cell_id: c1, month: 2026-10-01, day: 2026-10-02, system_id: s, driver: fraud_stopped, priced_as: fraud_stopped, unit: case, category: direct, quantity: 100, rate: 1}
    - {cell_id: c2, month: 2026-10-01, day: 2026-10-02, system_id: s, driver: baseline_fraud_stopped, priced_as: fraud_stopped, unit: case, category: direct, quantity: -20, rate: 1}
    - {cell_id: c3, month: 2026-10-01, day: 2026-10-02, system_id: s, driver: call, priced_as: call, unit: case, category: direct, quantity: 20, rate: 1}
    - {cell_id: c4, month: 2026-10-01, day: 2026-10-02, system_id: s, driver: late, priced_as: late, unit: case, category: direct, quantity: 50, rate: 1}
expect:
  price_error: [{month: 2026-10-01, system_id: s, standard_error: 10}]
*/
