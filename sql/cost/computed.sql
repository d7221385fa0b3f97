-- What was measured rather than invoiced, in the month of the measure in both views.
-- grain: delivery_id, row_no, month, basis, category, system_id
-- part of: cost_lines
select
    c.delivery_id,
    c.row_no,
    c.month,
    b.basis,
    c.system_id,
    c.allocation_key,
    'computed' as kind,
    c.category,
    'opex' as cost_class,
    cast(null as varchar) as regulatory_category,
    c.amount,
    true as is_avoidable,
    c.source,
    c.source_id,
    c.currency,
    c.original_amount
from computed_cost as c
cross join (values ('cash'), ('accrual')) as b (basis)

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  computed_cost: [{delivery_id: f, row_no: 1, month: 2026-09-01, category: energy, system_id: s, source: computed/energy, currency: USD, original_amount: 100, amount: 100}]
expect:
  computed:
    - {month: 2026-09-01, basis: cash, system_id: s, kind: computed, category: energy, amount: 100}
    - {month: 2026-09-01, basis: accrual, system_id: s, kind: computed, category: energy, amount: 100}
*/
