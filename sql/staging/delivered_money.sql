-- What was delivered, counted when it came in: bills and predictions by their receipts, ledgers and register by their rows.
-- grain: month, dataset, source_id, currency
select
    m.month,
    r.dataset,
    case when r.dataset = 'billing' then r.source_id else 'all' end as source_id,
    case when r.dataset = 'billing' then m.currency else 'predictions' end as currency,
    sum(case when r.dataset = 'billing' then m.amount else cast(m.rows as decimal(38, 18)) end) as amount
from delivery_months as m
inner join deliveries as r using (dataset, delivery_id)
where m.is_live and r.dataset in ('billing', 'predictions')
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
