-- Fuel burned, minutes driven and routes that went wrong, less what the process before would have needed on the same routes.
-- grain: cell_id, driver
-- part of: value_lines
-- positive: the decision is one that the routing took; the outcome is a route without an exception
-- baseline: litres_per_km, minutes_per_route, exception_rate
-- driver: fuel_litre (litre): quantity of type `fuel`, against `litres_per_km` times that of type `distance`: deliver both for the same routes
-- driver: driving_minute (minute): quantity of type `duration`, against the routes whose minutes are known
-- driver: exception (case): routes whose outcome is not positive
with route as (
    select *
    from value_cell
    where scenario = 'edge_logistics' and decision <> 'none'
),

line as ( -- method §2.5; what is measured is compared only where it was measured
    select cell_id, 'fuel_litre' as driver, 'litre' as unit, 'outcome_quantity' as measure, 1 as factor, null as baseline_metric
    from route where outcome_type = 'fuel'
    union all
    select cell_id, 'driving_minute', 'minute', 'outcome_quantity', 1, null
    from route where outcome_type = 'duration'
    union all
    select cell_id, 'exception', 'case', 'case', 1, null
    from route where outcome_type = 'primary' and not is_positive_outcome
    union all
    select r.cell_id, f.driver, f.unit, f.measure, -b.value, b.metric
    from route as r inner join baseline_in_force as b using (system_id)
    inner join (values
        ('litres_per_km', 'distance', 'baseline_fuel_litre', 'litre', 'outcome_quantity'),
        ('minutes_per_route', 'duration', 'baseline_driving_minute', 'minute', 'case'),
        ('exception_rate', 'primary', 'baseline_exception', 'case', 'case')
    ) as f (metric, outcome_type, driver, unit, measure) using (metric, outcome_type)
)

select
    cell_id,
    driver,
    replace(driver, 'baseline_', '') as priced_as,
    unit,
    measure,
    cast(factor as decimal(18, 9)) as factor,
    'direct' as category,
    baseline_metric
from line

/* example
# 100 routes of 4,000 km burned 1,000 litres where 0.28 a km (1,120) were needed before, at 1.60; they took
# 5,500 minutes where 60 a route (6,000) were, at 0.60; 8 went wrong where 12 % (12) did, at 15.
# Data that no longer crosses the network is a cost saved, in the bills: never value (method §1.9, W18).
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: edge_logistics, positive_decisions: [reroute, keep], positive_outcomes: [on_time]}]
  baselines:
    - {system_id: s, version: v1, metric: litres_per_km, value: 0.28, unit: litres, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: minutes_per_route, value: 60, unit: minutes, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: exception_rate, value: 0.12, unit: fraction, window_end: 2025-12-31}
  prices:
    - {system_id: s, driver: fuel_litre, unit: litre, unit_price: -1.6, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: driving_minute, unit: minute, unit_price: -0.6, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: exception, unit: case, unit_price: -15, currency: USD, valid_from: 2026-01-01}
  outcome_cells:
    - {cell_id: fuel, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: reroute, link: linked, outcome_type: fuel, outcome: litres, cases: 100, outcome_quantity: 1000}
    - {cell_id: km, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: reroute, link: linked, outcome_type: distance, outcome: km, cases: 100, outcome_quantity: 4000}
    - {cell_id: time, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: reroute, link: linked, outcome_type: duration, outcome: minutes, cases: 100, outcome_quantity: 5500}
    - {cell_id: right, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: reroute, link: linked, outcome_type: primary, outcome: on_time, cases: 92}
    - {cell_id: late, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: keep, link: linked, outcome_type: primary, outcome: late, cases: 8}
expect:
  value_priced:
    - {cell_id: fuel, driver: fuel_litre, quantity: 1000, amount: -1600}
    - {cell_id: km, driver: baseline_fuel_litre, quantity: -1120, amount: 1792}
    - {cell_id: time, driver: driving_minute, quantity: 5500, amount: -3300}
    - {cell_id: time, driver: baseline_driving_minute, quantity: -6000, amount: 3600}
    - {cell_id: late, driver: exception, quantity: 8, amount: -120}
    - {cell_id: late, driver: baseline_exception, quantity: -0.96, amount: 14.4}
    - {cell_id: right, driver: baseline_exception, quantity: -11.04, amount: 165.6}
*/
