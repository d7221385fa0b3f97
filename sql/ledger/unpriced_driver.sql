-- A driver that was counted on days for which it has no price.
-- grain: priced_as, unit, system_id
-- guard: refuses
select
    priced_as,
    unit,
    system_id,
    min(day) as first_on,
    max(day) as last_on,
    sum(quantity) as quantity
from value_priced
where open_cell_id is null and unit_price is null
group by priced_as, unit, system_id

/* example
given:
  value_priced:
    - {cell_id: c1, driver: stopped, priced_as: stopped, unit: case, system_id: a, day: 2026-10-02, quantity: 3, unit_price: 5}
    - {cell_id: c2, driver: review, priced_as: review, unit: case, system_id: a, day: 2026-10-02, quantity: 2}
    - {cell_id: c3, driver: review, priced_as: review, unit: case, system_id: a, day: 2026-10-05, quantity: 4}
expect:
  unpriced_driver: [{priced_as: review, unit: case, system_id: a, first_on: 2026-10-02, last_on: 2026-10-05, quantity: 6}]
*/
