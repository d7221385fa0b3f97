-- Energy or floor space of a system that is both computed from kilowatts and invoiced, so that it would cost twice.
-- grain: month, system_id, category, location
-- guard: refuses
with computed_for as (
    select distinct c.month, c.category, a.location, coalesce(k.system_id, c.system_id) as system_id
    from computed_cost as c
    inner join asset as a using (asset_id)
    left join allocation as k on k.allocation_key = c.allocation_key
    where c.original_amount <> 0
),

invoiced as (
    select e.category, o.entry_id, o.location, e.start_on, e.end_on, coalesce(k.system_id, e.system_id) as system_id
    from entry as e
    inner join operating_costs as o using (delivery_id, row_no)
    left join allocation as k on k.allocation_key = e.allocation_key
    where e.category in ('energy', 'facilities') and e.original_amount <> 0
)

select
    c.month,
    c.system_id,
    c.category,
    c.location,
    min(i.entry_id) as entry_id
from computed_for as c
inner join invoiced as i
    on i.category = c.category
    and i.system_id = c.system_id
    and i.start_on < c.month + interval 1 month
    and i.end_on > c.month
    and (i.location is null or i.location = c.location)
where c.system_id <> 'unallocated'
group by c.month, c.system_id, c.category, c.location

/* example
# The invoice of another location is not the same money.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  capex: [{delivery_id: d, row_no: 1, asset_id: gpu, acquired_on: 2026-09-20, cost: 120, currency: USD, system_id: s, location: fra1}]
  computed_cost: [{asset_id: gpu, month: 2026-10-01, category: energy, system_id: s, original_amount: 100}]
  operating_costs:
    - {delivery_id: o, row_no: 1, entry_id: e1, document_on: 2026-10-31, amount: 80, currency: USD, category: energy, system_id: s, location: ams2}
    - {delivery_id: o, row_no: 2, entry_id: e2, document_on: 2026-10-31, amount: 90, currency: USD, category: energy, system_id: s, location: fra1}
expect:
  double_counted_energy: [{month: 2026-10-01, system_id: s, category: energy, location: fra1, entry_id: e2}]
*/
