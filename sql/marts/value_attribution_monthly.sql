-- What a driver brought in a month, how much of it is known, and how far it could still move.
-- grain: month, system_id, view, model_version, serving_mode, driver
select
    l.month,
    l.system_id,
    l.basis as view,
    l.model_version,
    l.serving_mode,
    l.driver,
    l.category,
    m.predictions,
    m.acted,
    m.linked,
    m.matured,
    m.pending,
    m.never_observed,
    cast(m.linked / nullif(m.acted, 0) as decimal(18, 6)) as coverage,
    cast(m.matured / nullif(m.acted, 0) as decimal(18, 6)) as evidence_share,
    cast(d.maturity as decimal(18, 6)) as maturity,
    l.quantity,
    l.unit,
    l.amount,
    case when l.basis = 'cohort' and l.belongs_month = l.month then l.amount + coalesce(b.low, 0) end as amount_low,
    case when l.basis = 'cohort' and l.belongs_month = l.month then l.amount + coalesce(b.high, 0) end as amount_high,
    case
        when l.basis = 'cohort' and l.belongs_month = l.month and l.category = 'direct'
            then cast(l.amount as decimal(28, 6))
            * case when l.amount < 0 and l.driver <> 'shared_outcomes' then a.loss_factor else a.gain_factor end
    end as amount_accrued,
    case when l.basis = 'cohort' then a.method end as accrual_method,
    cast(sqrt(q.variance) as decimal(28, 6)) as standard_error,
    case when l.category = 'direct' then coalesce(e.evidence_grade, g.evidence_grade, 'D') else 'D' end as evidence_grade,
    l.category = 'direct' and coalesce(g.is_incremental, e.evidence_grade is not null) as is_incremental,
    s.reporting_currency as currency
from ledger_monthly as l
cross join setting as s
left join value_month as m
    on l.basis = 'cohort' and l.belongs_month = l.month
    and m.month = l.month and m.system_id = l.system_id
    and m.model_version = l.model_version and m.serving_mode = l.serving_mode
left join maturity as d on l.basis = 'cohort' and d.month = l.month and d.system_id = l.system_id
left join development_monthly as a on a.month = l.month and a.system_id = l.system_id
left join driver_variance as q
    on l.basis = 'cohort' and q.month = l.month and q.system_id = l.system_id
    and q.model_version = l.model_version and q.serving_mode = l.serving_mode and q.driver = l.driver
left join value_driver_bound as b
    on b.month = l.month and b.system_id = l.system_id
    and b.model_version = l.model_version and b.serving_mode = l.serving_mode and b.driver = l.driver
left join evidence_grade as g on g.system_id = l.system_id
left join evidence_month as e on e.month = l.belongs_month and e.system_id = l.system_id
where l.side = 'value'

/* example
# Two of three acted decisions are known: 5 and -1; the third is open and could be either.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: x, outcome_horizon_days: 30}]
  run_scope: [{as_of_on: 2026-12-01}]
  evidence_grade: [{system_id: s, evidence_grade: C, is_incremental: true}]
  maturity: [{month: 2026-10-01, system_id: s, maturity: 1}]
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: f, predictions: 1, cases: 1}
    - {cell_id: c2, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: linked, outcome_type: primary, outcome: l, predictions: 1, cases: 1}
    - {cell_id: c3, month: 2026-10-01, day: 2026-10-02, system_id: s, model_version: v, serving_mode: batch, status: ok, decision: b, link: pending, outcome_type: primary, predictions: 1, cases: 1}
  value_priced:
    - {cell_id: c1, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: b/f, category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, quantity: 1, amount: 5}
    - {cell_id: c2, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: b/l, category: direct, measure: case, unit_price: -1, rate: 1, factor: 1, quantity: 1, amount: -1}
    - {cell_id: "c3?f", open_cell_id: c3, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: b/f, category: direct, measure: case, unit_price: 5, rate: 1, factor: 1, quantity: 1, amount: 5}
    - {cell_id: "c3?l", open_cell_id: c3, month: 2026-10-01, system_id: s, model_version: v, serving_mode: batch, driver: b/l, category: direct, measure: case, unit_price: -1, rate: 1, factor: 1, quantity: 1, amount: -1}
  ledger_monthly:
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: value, basis: cohort, driver: b/f, model_version: v, serving_mode: batch, category: direct, quantity: 1, unit: case, amount: 5}
    - {month: 2026-10-01, belongs_month: 2026-10-01, system_id: s, side: value, basis: cohort, driver: b/l, model_version: v, serving_mode: batch, category: direct, quantity: 1, unit: case, amount: -1}
expect:
  value_attribution_monthly:
    - {driver: b/f, acted: 3, linked: 2, coverage: 0.666667, maturity: 1, amount: 5, amount_low: 5, amount_high: 10, evidence_grade: C}
    - {driver: b/l, acted: 3, linked: 2, coverage: 0.666667, maturity: 1, amount: -1, amount_low: -2, amount_high: -1, evidence_grade: C}
*/
