-- What was delivered, counted when it came in: bills and predictions by their receipts, ledgers and register by their rows.
-- grain: month, dataset, source_id, currency
select
    b.month,
    b.dataset,
    r.source_id,
    b.currency,
    sum(b.amount) as amount
from delivery_money as b
inner join deliveries as r using (dataset, delivery_id)
semi join delivery_months as m
    on m.dataset = b.dataset and m.delivery_id = b.delivery_id and m.month = b.month and m.is_live
group by all
union all
select
    month,
    dataset,
    'all' as source_id,
    'predictions' as currency,
    sum(cast(rows as decimal(38, 18)))
from delivery_months
where is_live and dataset = 'predictions'
group by all
union all
select
    cast(date_trunc('month', document_on) as date),
    'operating_costs',
    source_id,
    currency,
    sum(cast(amount as decimal(38, 18)))
from operating_costs
group by all
union all
select
    cast(date_trunc('month', acquired_on) as date),
    'capex',
    source_id,
    currency,
    sum(cast(cost as decimal(38, 18)))
from capex
group by all
