-- Money on rows that were set aside, as far as it can be read.
-- grain: month, dataset, source_id, currency
select
    cast(date_trunc('month', try_cast(json_extract_string(q.row, '$.billing_period_start') as timestamp)) as date) as month,
    q.dataset,
    r.source_id,
    json_extract_string(q.row, '$.billing_currency') as currency,
    sum(try_cast(json_extract_string(q.row, '$.billed_cost') as decimal(38, 18))) as amount
from quarantine as q
inner join deliveries as r using (dataset, delivery_id)
where q.dataset = 'billing'
group by all
