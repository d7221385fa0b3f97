-- What the books hold of each delivered unit, in the unit it came in: a currency, or `predictions` for the log.
-- grain: month, dataset, source_id, currency, system_id
select
    month,
    source as dataset,
    source_id,
    currency,
    system_id,
    sum(original_amount) as amount
from cost_share
where basis = 'cash'
group by month, source, source_id, currency, system_id
union all
select
    month,
    'predictions',
    'all',
    'predictions',
    system_id,
    cast(sum(predictions) as decimal(38, 18))
from outcome_cells
where outcome_type = 'primary'
group by month, system_id
union all
select
    month,
    'predictions',
    'all',
    'predictions',
    'superseded',
    cast(sum(predictions) as decimal(38, 18))
from superseded_cells
group by month

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  operating_costs: [{source_id: opex, delivery_id: d, row_no: 1, document_on: 2026-10-04, amount: 3, currency: USD, category: energy, system_id: s}]
  outcome_cells: [{month: 2026-10-01, system_id: s, outcome_type: primary, predictions: 98}]
  superseded_cells: [{month: 2026-10-01, system_id: s, predictions: 2}]
expect:
  booked_money:
    - {month: 2026-10-01, dataset: operating_costs, source_id: opex, currency: USD, system_id: s, amount: 3}
    - {month: 2026-10-01, dataset: predictions, source_id: all, currency: predictions, system_id: s, amount: 98}
    - {month: 2026-10-01, dataset: predictions, source_id: all, currency: predictions, system_id: superseded, amount: 2}
*/
