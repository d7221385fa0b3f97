-- What logs of calls think a month's calls cost beside what the bill says for them; it is never added to any cost.
-- grain: month, bill, provider
with estimated as (
    select
        month,
        bill,
        case when bill = '' then provider end as alone, -- of one bill all providers are compared together
        string_agg(distinct provider, ', ' order by provider) as provider,
        sum(calls) as calls,
        sum(estimate) as estimate
    from spend_estimate
    group by 1, 2, 3
),

named as (
    select distinct bill, split_part(bill, '/', 1) as source_id, nullif(substr(bill, instr(bill || '/', '/') + 1), '') as service
    from billed_by
),

charged as (
    select
        cast(date_trunc('month', b.charge_period_start) as date) as month,
        n.bill,
        case when bool_and(b.billing_currency = 'USD') then sum(b.effective_cost) end as billed -- an estimate is in dollars
    from billing as b
    inner join named as n on n.source_id = b.source_id and coalesce(n.service = b.service_name, n.service is null)
    where coalesce(b.charge_category, 'Usage') = 'Usage'
    group by 1, 2
)

select
    month,
    bill,
    coalesce(e.provider, '') as provider,
    cast(coalesce(e.calls, 0) as bigint) as calls,
    cast(e.estimate as decimal(38, 18)) as estimate,
    cast(c.billed as decimal(38, 18)) as billed,
    cast(c.billed - e.estimate as decimal(38, 18)) as difference,
    cast(c.billed / nullif(e.estimate, 0) as decimal(28, 6)) as ratio,
    case
        when bill = '' then 'no_bill_named'
        when c.month is null then 'no_bill'
        when c.billed is null then 'other_currency'
        when e.month is null then 'no_calls'
        when e.estimate = 0 then 'no_estimate'
    end as missing_reason,
    'USD' as currency
from estimated as e
full join charged as c using (month, bill)
semi join run_month using (month)

/* example
# The gateway saw 8 of the 10 dollars of OpenAI's October; nobody said who bills `other`; AWS billed nothing.
given:
  run_month: [{month: 2026-10-01}]
  billed_by: [{source_id: gateway, provider: openai, bill: openai-bill}, {source_id: gateway, provider: bedrock, bill: aws/Amazon Bedrock}, {source_id: gateway, provider: x, bill: aws/X}]
  spend_estimate:
    - {month: 2026-10-01, source_id: gateway, provider: openai, bill: openai-bill, calls: 70, estimate: 7}
    - {month: 2026-10-01, source_id: second, provider: azure, bill: openai-bill, calls: 10, estimate: 1}
    - {month: 2026-10-01, source_id: gateway, provider: other, bill: "", calls: 1, estimate: 2}
    - {month: 2026-10-01, source_id: gateway, provider: bedrock, bill: aws/Amazon Bedrock, calls: 3, estimate: 1.5}
  billing:
    - {source_id: openai-bill, delivery_id: d, row_no: 1, charge_period_start: 2026-10-04 00:00:00, charge_category: Usage, effective_cost: 10, billing_currency: USD}
    - {source_id: openai-bill, delivery_id: d, row_no: 2, charge_period_start: 2026-10-04 00:00:00, charge_category: Tax, effective_cost: 2, billing_currency: USD}
    - {source_id: aws, delivery_id: d, row_no: 3, charge_period_start: 2026-10-04 00:00:00, service_name: DNS, charge_category: Usage, effective_cost: 90, billing_currency: USD}
    - {source_id: aws, delivery_id: d, row_no: 4, charge_period_start: 2026-10-04 00:00:00, service_name: X, charge_category: Usage, effective_cost: 5, billing_currency: EUR}
expect:
  spend_estimate_monthly:
    - {month: 2026-10-01, bill: openai-bill, provider: "azure, openai", calls: 80, estimate: 8, billed: 10, difference: 2, ratio: 1.25, missing_reason: null}
    - {month: 2026-10-01, bill: "", provider: other, calls: 1, estimate: 2, billed: null, difference: null, ratio: null, missing_reason: no_bill_named}
    - {month: 2026-10-01, bill: aws/Amazon Bedrock, provider: bedrock, calls: 3, estimate: 1.5, billed: null, difference: null, ratio: null, missing_reason: no_bill}
    - {month: 2026-10-01, bill: aws/X, provider: "", calls: 0, estimate: null, billed: null, difference: null, ratio: null, missing_reason: other_currency}
*/
