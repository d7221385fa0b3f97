-- Fraud stopped, alerts reviewed and honest customers stopped, less what the process before would have done with the same cases.
-- grain: cell_id, driver
-- part of: value_lines
-- positive: the decision stops the payment; the outcome is fraud
-- baseline: recall, false_positive_rate
-- driver: fraud_stopped (amount): frauds among positive decisions
-- driver: chargeback_avoided (case): frauds among positive decisions
-- driver: alert_reviewed (case): positive decisions
-- driver: good_customer_stopped (amount): honest ones among positive decisions
with policy as ( -- what each driver counts: in which measure, on which decisions and outcomes (method §2.2)
    select *
    from (values
        ('fraud_stopped', 'amount', true, false),
        ('chargeback_avoided', 'case', true, false),
        ('alert_reviewed', 'case', true, true),
        ('good_customer_stopped', 'amount', false, true)
    ) as t (driver, measure, is_on_fraud, is_on_honest)
),

baseline as (
    select
        system_id,
        max(value) filter (where metric = 'recall') as recall,
        max(value) filter (where metric = 'false_positive_rate') as false_positive_rate
    from baseline_in_force
    group by system_id
)

select
    c.cell_id,
    p.driver,
    p.driver as priced_as,
    p.measure as unit,
    p.measure,
    cast(1 as decimal(18, 9)) as factor,
    'direct' as category,
    cast(null as varchar) as baseline_metric
from value_cell as c
inner join policy as p on case when c.is_positive_outcome then p.is_on_fraud else p.is_on_honest end
where c.scenario = 'fraud_detection' and c.outcome_type = 'primary' and c.is_positive_decision
union all
select
    c.cell_id,
    'baseline_' || p.driver,
    p.driver,
    p.measure,
    p.measure,
    -case when c.is_positive_outcome then b.recall else b.false_positive_rate end,
    'direct',
    case when c.is_positive_outcome then 'recall' else 'false_positive_rate' end
from value_cell as c
inner join policy as p on case when c.is_positive_outcome then p.is_on_fraud else p.is_on_honest end
inner join baseline as b using (system_id)
where c.scenario = 'fraud_detection' and c.outcome_type = 'primary'

/* example
# W01 at a thousandth, 94 % recall at 2 % false positives: of 5 frauds of 180 4.7 are stopped, and of 995
# honest customers of 90 19.9, where the process before stops 60 % and 3 %. Model 741.308, baseline 403.212.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  systems: [{system_id: s, scenario: fraud_detection, positive_decisions: [block], positive_outcomes: [fraud]}]
  baselines:
    - {system_id: s, version: v1, metric: recall, value: 0.60, window_start: 2025-01-01, window_end: 2025-12-31}
    - {system_id: s, version: v1, metric: false_positive_rate, value: 0.03, window_start: 2025-01-01, window_end: 2025-12-31}
  prices:
    - {system_id: s, driver: fraud_stopped, unit: amount, unit_price: 0.85, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: chargeback_avoided, unit: case, unit_price: 25, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: alert_reviewed, unit: case, unit_price: -3, currency: USD, valid_from: 2026-01-01}
    - {system_id: s, driver: good_customer_stopped, unit: amount, unit_price: -0.012, currency: USD, valid_from: 2026-01-01}
  outcome_cells:
    - {cell_id: tp, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: block, link: linked, outcome_type: primary, outcome: fraud, observed_month: 2026-10-01, cases: 4.7, amount: 846}
    - {cell_id: fn, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: fraud, observed_month: 2026-10-01, cases: 0.3, amount: 54}
    - {cell_id: fp, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: block, link: linked, outcome_type: primary, outcome: legit, observed_month: 2026-10-01, cases: 19.9, amount: 1791}
    - {cell_id: tn, month: 2026-10-01, day: 2026-10-02, system_id: s, status: ok, decision: allow, link: linked, outcome_type: primary, outcome: legit, observed_month: 2026-10-01, cases: 975.1, amount: 87759}
expect:
  value_priced:
    - {cell_id: tp, driver: fraud_stopped, amount: 719.1}
    - {cell_id: tp, driver: chargeback_avoided, amount: 117.5}
    - {cell_id: tp, driver: alert_reviewed, amount: -14.1}
    - {cell_id: fp, driver: alert_reviewed, amount: -59.7}
    - {cell_id: fp, driver: good_customer_stopped, amount: -21.492}
    - {cell_id: tp, driver: baseline_fraud_stopped, amount: -431.46}
    - {cell_id: tp, driver: baseline_chargeback_avoided, amount: -70.5}
    - {cell_id: tp, driver: baseline_alert_reviewed, amount: 8.46}
    - {cell_id: fn, driver: baseline_fraud_stopped, amount: -27.54}
    - {cell_id: fn, driver: baseline_chargeback_avoided, amount: -4.5}
    - {cell_id: fn, driver: baseline_alert_reviewed, amount: 0.54}
    - {cell_id: fp, driver: baseline_alert_reviewed, amount: 1.791}
    - {cell_id: fp, driver: baseline_good_customer_stopped, amount: 0.64476}
    - {cell_id: tn, driver: baseline_alert_reviewed, amount: 87.759}
    - {cell_id: tn, driver: baseline_good_customer_stopped, amount: 31.59324}
*/
