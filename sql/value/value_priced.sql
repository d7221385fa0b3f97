-- What a cell counts for a driver, at the price in force on the day of the prediction.
-- grain: cell_id, driver
-- build: whole
with counted as (
    select
        c.*,
        case when c.is_control then 'control_' else '' end || l.driver as driver,
        l.priced_as,
        l.unit,
        l.measure,
        case -- method §4.1: control stands for all, against; the released for all like them
            when c.is_control then cast(
                -l.factor * coalesce(cast(t.treated / nullif(t.control, 0) as decimal(18, 9)), 0) as decimal(28, 9)
            )
            when c.propensity is null then l.factor -- nearly every line: a product of decimals is dear
            else cast(l.factor * cast(1 / c.propensity as decimal(18, 9)) as decimal(28, 9))
        end as factor,
        l.category,
        l.baseline_metric,
        case l.measure
            when 'case' then c.cases
            when 'amount' then coalesce(c.amount, 0)
            when 'outcome_amount' then coalesce(c.outcome_amount, 0)
            when 'outcome_quantity' then coalesce(c.outcome_quantity, 0)
        end as measured
    from value_lines as l
    inner join value_cell as c using (cell_id)
    left join trial_share as t on t.month = c.month and t.system_id = c.system_id
),

priced as (
    select
        c.*,
        p.unit_price,
        s.reporting_currency,
        case when c.measure like '%amount' then coalesce(c.currency, p.currency) else p.currency end as money
    from counted as c
    cross join setting as s
    left join prices as p
        on p.system_id = c.system_id
        and p.driver = c.priced_as
        and p.unit = c.unit
        and c.day between p.valid_from and coalesce(p.valid_to, date '9999-12-31')
)

select
    p.cell_id,
    p.open_cell_id,
    p.month,
    p.day,
    p.observed_month,
    p.system_id,
    p.model_version,
    p.serving_mode,
    p.decision,
    p.outcome,
    p.driver,
    p.priced_as,
    p.measure,
    p.factor,
    p.category,
    p.baseline_metric,
    p.unit,
    p.unit_price,
    cast(case when p.money = p.reporting_currency then 1 else x.rate end as decimal(20, 9)) as rate,
    p.money as currency,
    cast(p.measured * p.factor as decimal(38, 9)) as quantity,
    cast(
        cast(p.measured * p.factor as decimal(38, 9))
        * case when p.money = p.reporting_currency then p.unit_price else cast(p.unit_price * x.rate as decimal(28, 9)) end
        as decimal(38, 18)
    ) as amount
from priced as p
asof left join fx_rate as x on x.currency = p.money and x.rated_on <= p.day

/* example
# 0.5 euros a case on the day of the prediction, at 1.25 dollars a euro; the next day the price is 0.6.
# c3 was released with a chance of 1 in 50, so one stands for 50. Of t, 30 were decided by the system and
# 10 held out: what one held out is worth is taken off three times.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx: [{"on": 2026-10-01, base: EUR, currency: USD, rate: 1.25}]
  systems: [{system_id: s, scenario: x}, {system_id: t, scenario: x}]
  prices:
    - {system_id: s, driver: call_saved, unit: case, unit_price: 0.5, currency: EUR, valid_from: 2026-01-01, valid_to: 2026-10-02}
    - {system_id: s, driver: call_saved, unit: case, unit_price: 0.6, currency: EUR, valid_from: 2026-10-03}
    - {system_id: t, driver: call_saved, unit: case, unit_price: 2, currency: USD, valid_from: 2026-01-01}
  value_lines:
    - {cell_id: c1, driver: call_saved, priced_as: call_saved, unit: case, measure: case, factor: 1, category: direct}
    - {cell_id: c2, driver: call_saved, priced_as: call_saved, unit: case, measure: case, factor: 2, category: direct}
    - {cell_id: c3, driver: call_saved, priced_as: call_saved, unit: case, measure: case, factor: 1, category: direct}
    - {cell_id: t1, driver: call_saved, priced_as: call_saved, unit: case, measure: case, factor: 1, category: direct}
    - {cell_id: t2, driver: call_saved, priced_as: call_saved, unit: case, measure: case, factor: 0.5, category: direct}
  outcome_cells:
    - {cell_id: c1, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: a, link: linked, outcome_type: primary, outcome: o, cases: 10}
    - {cell_id: c2, month: 2026-10-01, day: 2026-10-03, system_id: s, status: ok, decision: a, link: linked, outcome_type: primary, outcome: o, cases: 10}
    - {cell_id: c3, month: 2026-10-01, day: 2026-10-03, system_id: s, status: ok, decision: a, propensity: 0.02, link: linked, outcome_type: primary, outcome: o, cases: 1}
    - {cell_id: t1, month: 2026-10-01, day: 2026-10-03, system_id: t, status: ok, decision: a, arm: treatment, link: linked, outcome_type: primary, outcome: o, cases: 30}
    - {cell_id: t2, month: 2026-10-01, day: 2026-10-03, system_id: t, status: ok, decision: a, arm: control, link: linked, outcome_type: primary, outcome: o, cases: 10}
expect:
  value_priced:
    - {cell_id: c1, quantity: 10, unit_price: 0.5, rate: 1.25, amount: 6.25}
    - {cell_id: c2, quantity: 20, unit_price: 0.6, rate: 1.25, amount: 15}
    - {cell_id: c3, quantity: 50, unit_price: 0.6, rate: 1.25, amount: 37.5}
    - {cell_id: t1, quantity: 30, unit_price: 2, rate: 1, amount: 60}
    - {cell_id: t2, quantity: -15, unit_price: 2, rate: 1, amount: -30}
*/
