-- Hours of people, errors and other costs of deciding, less what the process before took for as many decisions; and decisions it could not have made.
-- grain: cell_id, driver
-- part of: value_lines
-- positive: a decision and an outcome that belong together; an error is one of the two without the other
-- baseline: hours_per_decision, error_rate
-- driver: labour_hour (hour): quantity of outcomes of type `labour`
-- driver: error (case): a positive decision without a positive outcome, or the reverse
-- driver: other_cost (amount): amount of outcomes of type `other_cost`
-- driver: decision_added (case): decisions of a day above `decisions_per_day`
-- metric: `other_cost_per_decision`
-- metric: `decisions_per_day`
with decided as (
    select *
    from value_cell
    where scenario = 'decision_support' and decision <> 'none'
),

day_total as ( -- decisions of a day, those without an outcome yet once each
    select system_id, day, sum(cases) as cases
    from (
        select system_id, day, coalesce(open_cell_id, cell_id) as cell, max(cases) as cases
        from decided where outcome_type = 'primary'
        group by system_id, day, cell
    )
    group by system_id, day
),

line as ( -- method §2.1: unit cost = hours x wage + errors x cost of an error + other, without TCO
    select cell_id, 'labour_hour' as driver, 'hour' as unit, 'outcome_quantity' as measure, 1 as factor, null as baseline_metric
    from decided where outcome_type = 'labour'
    union all
    select cell_id, 'error', 'case', 'case', 1, null
    from decided where outcome_type = 'primary' and is_positive_decision <> is_positive_outcome
    union all
    select cell_id, 'other_cost', 'amount', 'outcome_amount', 1, null
    from decided where outcome_type = 'other_cost'
    union all
    select c.cell_id, f.driver, f.unit, 'case', -b.value, b.metric
    from decided as c inner join baseline_in_force as b using (system_id)
    inner join (values
        ('hours_per_decision', 'baseline_labour_hour', 'hour'),
        ('error_rate', 'baseline_error', 'case'),
        ('other_cost_per_decision', 'baseline_other_cost', 'amount')
    ) as f (metric, driver, unit) using (metric)
    where c.outcome_type = 'primary'
    union all
    select cell_id, 'decision_added', 'case', 'case', 1 - cast(b.value / d.cases as decimal(18, 9)), null
    from decided inner join baseline_in_force as b using (system_id) inner join day_total as d using (system_id, day)
    where outcome_type = 'primary' and b.metric = 'decisions_per_day'
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
# W26 in small: 100 decisions that took 0.05 hours at 40, 6 % errors at 15 and 0.10 each before: 3.00 a
# decision. Now 1 hour in all, 4 errors and 10 of other costs: 1.10. Worth 190, and 20 more decisions than
# the 80 that were made a day before, at 0.50 each.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: decision_support, positive_decisions: [grant], positive_outcomes: [repaid]}]
  baselines:
    - {system_id: s, version: v1, metric: hours_per_decision, value: 0.05, unit: hours, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: error_rate, value: 0.06, unit: fraction, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: other_cost_per_decision, value: 0.1, unit: USD, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: decisions_per_day, value: 80, unit: decisions, window_end: 2025-12-31}
  prices:
    - {system_id: s, driver: labour_hour, unit: hour, unit_price: -40, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: error, unit: case, unit_price: -15, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: other_cost, unit: amount, unit_price: -1, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: decision_added, unit: case, unit_price: 0.5, currency: USD, valid_from: 2026-01-01}
  outcome_cells:
    - {cell_id: right, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: grant, link: linked, outcome_type: primary, outcome: repaid, cases: 96}
    - {cell_id: wrong, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: refuse, link: linked, outcome_type: primary, outcome: repaid, cases: 4}
    - {cell_id: hours, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: refuse, link: linked, outcome_type: labour, outcome: hours, cases: 5, outcome_quantity: 1}
    - {cell_id: other, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: grant, link: linked, outcome_type: other_cost, outcome: postage, cases: 100, outcome_amount: 10}
expect:
  value_priced:
    - {cell_id: hours, driver: labour_hour, quantity: 1, amount: -40}
    - {cell_id: right, driver: baseline_labour_hour, quantity: -4.8, amount: 192}
    - {cell_id: wrong, driver: baseline_labour_hour, quantity: -0.2, amount: 8}
    - {cell_id: wrong, driver: error, quantity: 4, amount: -60}
    - {cell_id: right, driver: baseline_error, quantity: -5.76, amount: 86.4}
    - {cell_id: wrong, driver: baseline_error, quantity: -0.24, amount: 3.6}
    - {cell_id: other, driver: other_cost, quantity: 10, amount: -10}
    - {cell_id: right, driver: baseline_other_cost, quantity: -9.6, amount: 9.6}
    - {cell_id: wrong, driver: baseline_other_cost, quantity: -0.4, amount: 0.4}
    - {cell_id: right, driver: decision_added, quantity: 19.2, amount: 9.6}
    - {cell_id: wrong, driver: decision_added, quantity: 0.8, amount: 0.4}
*/
