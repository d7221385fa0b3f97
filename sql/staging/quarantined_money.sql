-- Money on bill rows that were quarantined, as far as it can be read.
-- grain: month, dataset, source_id, currency
select
    q.month,
    q.dataset,
    d.source_id,
    case
        when regexp_full_match(json_extract_string(q.row, '$.billing_currency'), '[A-Z]{3}')
            then json_extract_string(q.row, '$.billing_currency')
        else 'unknown'
    end as currency,
    sum(q.amount) as amount
from quarantine as q
inner join receipt as d using (dataset, delivery_id)
where q.dataset = 'billing' and q.amount is not null and (d.notes ->> 'withdrawn') is null
group by 1, 2, 3, 4

/* example
# One row of 5 dollars was quarantined for a bad date of its charge; another has no readable amount;
# a third has a name where its currency should be, which is never shown;
# the same file read with former settings of its source counts no more.
given:
  receipt: [{dataset: billing, delivery_id: a, source_id: aws}, {dataset: billing, delivery_id: b, source_id: aws, notes: '{"withdrawn": true}'}]
  quarantine:
    - {dataset: billing, delivery_id: a, row_no: 7, reason: bad charge_period_start, row: '{"billing_currency": "USD"}', month: 2026-10-01, amount: 5}
    - {dataset: billing, delivery_id: a, row_no: 8, reason: bad billed_cost, row: '{"billing_currency": "USD"}', month: 2026-10-01}
    - {dataset: billing, delivery_id: a, row_no: 9, reason: unknown billing_currency, row: '{"billing_currency": "Jane Doe"}', month: 2026-10-01, amount: 2}
    - {dataset: billing, delivery_id: b, row_no: 7, reason: bad charge_period_start, row: '{"billing_currency": "USD"}', month: 2026-10-01, amount: 5}
expect:
  quarantined_money:
    - {month: 2026-10-01, dataset: billing, source_id: aws, currency: USD, amount: 5}
    - {month: 2026-10-01, dataset: billing, source_id: aws, currency: unknown, amount: 2}
*/
