-- What was delivered, counted when it came in: bills and predictions by their receipts, ledgers and register by their rows, what was got for an asset as less.
-- grain: month, dataset, source_id, currency
select
    b.month,
    b.dataset,
    r.source_id,
    b.currency,
    sum(b.amount) as amount
from delivery_money as b
inner join receipt as r using (dataset, delivery_id)
semi join delivery_months as m
    on m.dataset = b.dataset and m.delivery_id = b.delivery_id and m.month = b.month and m.is_live
group by b.month, b.dataset, r.source_id, b.currency
union all
select
    month,
    dataset,
    'all' as source_id,
    'predictions' as currency,
    sum(cast(rows as decimal(38, 18)))
from delivery_months
where is_live and dataset = 'predictions'
group by month, dataset
union all
select
    cast(date_trunc('month', document_on) as date),
    'operating_costs',
    source_id,
    currency,
    sum(cast(amount as decimal(38, 18)))
from operating_costs
group by 1, 2, 3, 4
union all
select
    cast(date_trunc('month', document_on) as date),
    'capex',
    source_id,
    currency,
    sum(cast(amount as decimal(38, 18)))
from (
    select acquired_on as document_on, source_id, currency, cost as amount from capex
    union all
    select disposed_on, source_id, currency, -disposal_proceeds from capex where disposal_proceeds <> 0
    union all
    select e.event_on, e.source_id, coalesce(c.currency, 'unknown'),
        case e.kind when 'improvement' then e.amount else -e.proceeds end
    from asset_events as e left join capex as c using (asset_id)
    where e.kind = 'improvement' or (e.kind = 'partial_disposal' and e.proceeds <> 0)
)
group by 1, 2, 3, 4
union all
select month, source, source_id, currency, sum(original_amount)
from computed_cost
group by month, source, source_id, currency

/* example
# Two live bills of October; one that a newer export replaced does not count.
given:
  receipt: [{dataset: billing, delivery_id: a, source_id: aws}, {dataset: billing, delivery_id: b, source_id: aws}]
  delivery_months:
    - {dataset: billing, delivery_id: a, month: 2026-10-01, rows: 2, is_live: true}
    - {dataset: billing, delivery_id: b, month: 2026-10-01, rows: 2, is_live: false}
    - {dataset: predictions, delivery_id: p, month: 2026-10-01, rows: 100, is_live: true}
  delivery_money:
    - {dataset: billing, delivery_id: a, month: 2026-10-01, currency: USD, amount: 7}
    - {dataset: billing, delivery_id: b, month: 2026-10-01, currency: USD, amount: 9}
  operating_costs: [{source_id: opex, document_on: 2026-10-04, currency: EUR, amount: 3}]
  capex: [{source_id: register, asset_id: a, acquired_on: 2026-10-04, currency: USD, cost: 360, disposed_on: 2026-10-30, disposal_proceeds: 20}]
  asset_events: [{source_id: events, asset_id: a, event_on: 2026-10-09, kind: improvement, amount: 40}]
expect:
  delivered_money:
    - {month: 2026-10-01, dataset: billing, source_id: aws, currency: USD, amount: 7}
    - {month: 2026-10-01, dataset: predictions, source_id: all, currency: predictions, amount: 100}
    - {month: 2026-10-01, dataset: operating_costs, source_id: opex, currency: EUR, amount: 3}
    - {month: 2026-10-01, dataset: capex, source_id: register, currency: USD, amount: 340}
    - {month: 2026-10-01, dataset: capex, source_id: events, currency: USD, amount: 40}
*/
