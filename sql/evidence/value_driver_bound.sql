-- How far the predictions that are still open could move a driver.
-- grain: month, system_id, model_version, serving_mode, driver
with way as ( -- in how many ways an open cell can turn out
    select
        open_cell_id,
        count(*) as ways
    from value_cell
    where open_cell_id is not null
    group by open_cell_id
),

open_cell as (
    select
        p.month,
        p.system_id,
        p.model_version,
        p.serving_mode,
        p.driver,
        case when count(*) < any_value(w.ways) then least(min(p.amount), 0) else min(p.amount) end as low,
        case when count(*) < any_value(w.ways) then greatest(max(p.amount), 0) else max(p.amount) end as high
    from value_priced as p
    inner join way as w using (open_cell_id)
    group by p.month, p.system_id, p.model_version, p.serving_mode, p.driver, p.open_cell_id
)

select
    month,
    system_id,
    model_version,
    serving_mode,
    driver,
    sum(low) as low,
    sum(high) as high
from open_cell
group by month, system_id, model_version, serving_mode, driver

/* example
# An open cell could be fraud (worth 5 for this driver) or honest (the driver does not speak of it).
given:
  systems: [{system_id: s, scenario: x}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud}
    - {cell_id: c2, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: linked, outcome_type: primary, outcome: honest}
    - {cell_id: c3, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: block, link: pending, outcome_type: primary}
  value_priced: [{cell_id: "c3?fraud", open_cell_id: c3, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: fraud_stopped, amount: 5}]
expect:
  value_driver_bound: [{month: 2026-10-01, system_id: s, driver: fraud_stopped, low: 0, high: 5}]
*/
