-- Defects let through, good units rejected and minutes of inspection, less what the process before would have had on the same units.
-- grain: cell_id, driver
-- part of: value_lines
-- positive: the decision rejects the unit; the outcome is a defect
-- baseline: escape_rate (units or defects), false_reject_rate
-- driver: escape (case): defects that were not rejected
-- driver: false_reject (case): good units rejected
-- driver: inspection_minute (minute): quantity of outcomes of type `inspection`
-- metric: `inspection_minutes` a unit; `false_reject_rate` is one of all units
with unit as (
    select
        *,
        is_positive_outcome and not is_positive_decision as is_escape,
        is_positive_decision and not is_positive_outcome as is_false_reject
    from value_cell
    where scenario = 'quality_control' and decision <> 'none'
),

line as ( -- method §2.3; what a case has now and what the process before would have had
    select cell_id, 'escape' as driver, 'case' as unit, 'case' as measure, 1 as factor, null as baseline_metric
    from unit where outcome_type = 'primary' and is_escape
    union all
    select cell_id, 'false_reject', 'case', 'case', 1, null
    from unit where outcome_type = 'primary' and is_false_reject
    union all
    select cell_id, 'inspection_minute', 'minute', 'outcome_quantity', 1, null
    from unit where outcome_type = 'inspection'
    union all
    select
        u.cell_id, f.driver, f.unit, 'case',
        -b.value * case -- §0 D6: 0.4 % of all units is not 0.4 % of the defects; the row's unit says which
            when b.metric <> 'escape_rate' or b.unit = 'units' then 1
            when b.unit = 'defects' then cast(u.is_positive_outcome as integer)
        end,
        b.metric
    from unit as u inner join baseline_in_force as b using (system_id)
    inner join (values
        ('escape_rate', 'baseline_escape', 'case'),
        ('false_reject_rate', 'baseline_false_reject', 'case'),
        ('inspection_minutes', 'baseline_inspection_minute', 'minute')
    ) as f (metric, driver, unit) using (metric)
    where u.outcome_type = 'primary'
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
# W02, one day of 50,000 units: 3.2 % escaped before and 0.4 % (200) escape now, so 1,400 escapes less
# at 12.00; 0.5 % (250) good units are rejected where 0.4 % were, 50 more at 1.50. 100 units needed a
# look by a person, 3 minutes each, where every unit took 0.02 minutes: 300 against 1,000, at 0.50.
# The same rates told of the defects (plant b, 5 % of 50,000 are defects): 80 escapes before, 10 now.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems:
    - {system_id: a, scenario: quality_control, positive_decisions: [reject], positive_outcomes: [defect]}
    - {system_id: b, scenario: quality_control, positive_decisions: [reject], positive_outcomes: [defect]}
  baselines:
    - {system_id: a, version: v1, metric: escape_rate, value: 0.032, unit: units, window_end: 2025-12-31}
    - {system_id: a, version: v1, metric: false_reject_rate, value: 0.004, unit: units, window_end: 2025-12-31}
    - {system_id: a, version: v1, metric: inspection_minutes, value: 0.02, unit: minutes, window_end: 2025-12-31}
    - {system_id: b, version: v1, metric: escape_rate, value: 0.032, unit: defects, window_end: 2025-12-31}
    - {system_id: b, version: v1, metric: false_reject_rate, value: 0, unit: units, window_end: 2025-12-31}
  prices:
    - {system_id: a, driver: escape, unit: case, unit_price: -12, currency: USD, valid_from: 2026-01-01}
    - {system_id: a, driver: false_reject, unit: case, unit_price: -1.5, currency: USD, valid_from: 2026-01-01}
    - {system_id: a, driver: inspection_minute, unit: minute, unit_price: -0.5, currency: USD, valid_from: 2026-01-01}
    - {system_id: b, driver: escape, unit: case, unit_price: -12, currency: USD, valid_from: 2026-01-01}
    - {system_id: b, driver: false_reject, unit: case, unit_price: -1.5, currency: USD, valid_from: 2026-01-01}
  outcome_cells:
    - {cell_id: a-escape, month: 2026-10-01, day: 2026-10-02, system_id: a, status: ok, decision: pass, link: linked, outcome_type: primary, outcome: defect, cases: 200}
    - {cell_id: a-reject, month: 2026-10-01, day: 2026-10-02, system_id: a, status: ok, decision: reject, link: linked, outcome_type: primary, outcome: good, cases: 250}
    - {cell_id: a-rest, month: 2026-10-01, day: 2026-10-02, system_id: a, status: ok, decision: pass, link: linked, outcome_type: primary, outcome: good, cases: 49550}
    - {cell_id: a-look, month: 2026-10-01, day: 2026-10-02, system_id: a, status: ok, decision: reject, link: linked, outcome_type: inspection, outcome: minutes, cases: 100, outcome_quantity: 300}
    - {cell_id: b-escape, month: 2026-10-01, day: 2026-10-02, system_id: b, status: ok, decision: pass, link: linked, outcome_type: primary, outcome: defect, cases: 10}
    - {cell_id: b-found, month: 2026-10-01, day: 2026-10-02, system_id: b, status: ok, decision: reject, link: linked, outcome_type: primary, outcome: defect, cases: 2490}
    - {cell_id: b-rest, month: 2026-10-01, day: 2026-10-02, system_id: b, status: ok, decision: pass, link: linked, outcome_type: primary, outcome: good, cases: 47500}
expect:
  value_priced:
    - {cell_id: a-escape, driver: escape, quantity: 200, amount: -2400}
    - {cell_id: a-escape, driver: baseline_escape, quantity: -6.4, amount: 76.8}
    - {cell_id: a-reject, driver: baseline_escape, quantity: -8, amount: 96}
    - {cell_id: a-rest, driver: baseline_escape, quantity: -1585.6, amount: 19027.2}
    - {cell_id: a-reject, driver: false_reject, quantity: 250, amount: -375}
    - {cell_id: a-escape, driver: baseline_false_reject, quantity: -0.8, amount: 1.2}
    - {cell_id: a-reject, driver: baseline_false_reject, quantity: -1, amount: 1.5}
    - {cell_id: a-rest, driver: baseline_false_reject, quantity: -198.2, amount: 297.3}
    - {cell_id: a-look, driver: inspection_minute, quantity: 300, amount: -150}
    - {cell_id: a-escape, driver: baseline_inspection_minute, quantity: -4, amount: 2}
    - {cell_id: a-reject, driver: baseline_inspection_minute, quantity: -5, amount: 2.5}
    - {cell_id: a-rest, driver: baseline_inspection_minute, quantity: -991, amount: 495.5}
    - {cell_id: b-escape, driver: escape, quantity: 10, amount: -120}
    - {cell_id: b-escape, driver: baseline_escape, quantity: -0.32, amount: 3.84}
    - {cell_id: b-found, driver: baseline_escape, quantity: -79.68, amount: 956.16}
    - {cell_id: b-rest, driver: baseline_escape, quantity: 0, amount: 0}
    - {cell_id: b-escape, driver: baseline_false_reject, quantity: 0, amount: 0}
    - {cell_id: b-found, driver: baseline_false_reject, quantity: 0, amount: 0}
    - {cell_id: b-rest, driver: baseline_false_reject, quantity: 0, amount: 0}
*/
