-- What a log thinks its calls cost in a month, by provider, in dollars, with the bill that holds the same dollars.
-- grain: month, source_id, provider
with told as (
    select
        d.source_id,
        d.delivery_id,
        unnest(from_json(
            coalesce(o.notes, d.notes) -> 'spend',
            '[{"month": "DATE", "provider": "VARCHAR", "amount": "DECIMAL(38,18)", "calls": "BIGINT"}]'
        )) as spent
    from receipt as d
    left join receipt as o -- a corrected version keeps the estimates of the log
        on o.dataset = d.dataset and o.delivery_id = (d.notes ->> 'corrects')
    where d.dataset = 'predictions'
)

select
    t.spent.month as month,
    t.source_id,
    t.spent.provider as provider,
    coalesce(b.bill, '') as bill,
    cast(sum(t.spent.calls) as bigint) as calls,
    cast(sum(t.spent.amount) as decimal(38, 18)) as estimate
from told as t
semi join delivery_months as m
    on m.dataset = 'predictions' and m.delivery_id = t.delivery_id and m.month = t.spent.month and m.is_live
left join billed_by as b on b.source_id = t.source_id and b.provider = t.spent.provider
group by 1, 2, 3, 4

/* example
# A newer export took October's place in file a; b is c as corrected and has its estimates.
given:
  billed_by: [{source_id: gateway, provider: openai, bill: openai-bill}, {source_id: gateway, provider: bedrock, bill: aws/Amazon Bedrock}]
  receipt:
    - {dataset: predictions, delivery_id: a, source_id: gateway, notes: '{"spend": [{"month": "2026-10-01", "provider": "openai", "amount": "9", "calls": 9}, {"month": "2026-11-01", "provider": "openai", "amount": "0.00003", "calls": 2}]}'}
    - {dataset: predictions, delivery_id: b, source_id: gateway, notes: '{"corrects": "c"}'}
    - {dataset: predictions, delivery_id: c, source_id: gateway, notes: '{"spend": [{"month": "2026-10-01", "provider": "bedrock", "amount": "1.5", "calls": 3}, {"month": "2026-10-01", "provider": "other", "amount": "2", "calls": 1}]}'}
  delivery_months:
    - {dataset: predictions, delivery_id: a, month: 2026-10-01, is_live: false}
    - {dataset: predictions, delivery_id: a, month: 2026-11-01, is_live: true}
    - {dataset: predictions, delivery_id: b, month: 2026-10-01, is_live: true}
    - {dataset: predictions, delivery_id: c, month: 2026-10-01, is_live: false}
expect:
  spend_estimate:
    - {month: 2026-11-01, source_id: gateway, provider: openai, bill: openai-bill, calls: 2, estimate: 0.00003}
    - {month: 2026-10-01, source_id: gateway, provider: bedrock, bill: aws/Amazon Bedrock, calls: 3, estimate: 1.5}
    - {month: 2026-10-01, source_id: gateway, provider: other, bill: "", calls: 1, estimate: 2}
*/
