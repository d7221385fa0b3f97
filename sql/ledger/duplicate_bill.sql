-- Two deliveries in use that bill an account for the same month: the very same charges, or the same period from two sources.
-- grain: billing_month, account, delivery_id, other_delivery_id
-- guard: refuses
with part as (
    select
        source_id,
        delivery_id,
        billing_month,
        coalesce(billing_account_id, '') as account,
        billing_currency as currency,
        count(*) as rows,
        sum(billed_cost) as billed_cost,
        bit_xor(hash(
            charge_period_start, charge_period_end, charge_category, charge_description, resource_id, sku_id,
            billed_cost, effective_cost
        )) as content
    from billing
    where billing_month in (
        select month from delivery_months
        where dataset = 'billing' and is_live
        group by month
        having count(distinct delivery_id) > 1
    )
    group by source_id, delivery_id, billing_month, account, currency
)

select
    a.billing_month,
    a.account,
    a.delivery_id,
    b.delivery_id as other_delivery_id,
    a.source_id,
    b.source_id as other_source_id,
    f.path,
    o.path as other_path,
    a.billed_cost,
    a.currency,
    a.rows = b.rows and a.billed_cost = b.billed_cost and a.content = b.content as is_identical,
    a.rows
from part as a
inner join part as b
    on b.billing_month = a.billing_month
    and b.account = a.account
    and b.currency = a.currency
    and b.delivery_id > a.delivery_id
    and (
        (b.source_id <> a.source_id and a.account <> '')
        or (b.rows = a.rows and b.billed_cost = a.billed_cost and b.content = a.content)
    )
inner join receipt as f on f.dataset = 'billing' and f.delivery_id = a.delivery_id
inner join receipt as o on o.dataset = 'billing' and o.delivery_id = b.delivery_id
where a.billed_cost <> 0 and b.billed_cost <> 0

/* example
# a and b hold the same charge; c is another bill of the same account and month from another source; what
# names no account may be anybody's.
given:
  receipt:
    - {dataset: billing, delivery_id: a, source_id: aws, path: a.csv}
    - {dataset: billing, delivery_id: b, source_id: aws, path: b.csv}
    - {dataset: billing, delivery_id: c, source_id: cur, path: c.csv}
    - {dataset: billing, delivery_id: e, source_id: one, path: e.csv}
    - {dataset: billing, delivery_id: f, source_id: two, path: f.csv}
  delivery_months:
    - {dataset: billing, delivery_id: a, month: 2026-10-01, is_live: true}
    - {dataset: billing, delivery_id: b, month: 2026-10-01, is_live: true}
    - {dataset: billing, delivery_id: c, month: 2026-10-01, is_live: true}
    - {dataset: billing, delivery_id: e, month: 2026-10-01, is_live: true}
    - {dataset: billing, delivery_id: f, month: 2026-10-01, is_live: true}
  billing:
    - {source_id: aws, delivery_id: a, row_no: 1, billing_account_id: "42", billing_month: 2026-10-01, billing_currency: USD, billed_cost: 7, effective_cost: 7}
    - {source_id: aws, delivery_id: b, row_no: 1, billing_account_id: "42", billing_month: 2026-10-01, billing_currency: USD, billed_cost: 7, effective_cost: 7}
    - {source_id: cur, delivery_id: c, row_no: 1, billing_account_id: "42", billing_month: 2026-10-01, billing_currency: USD, billed_cost: 6, effective_cost: 6}
    - {source_id: one, delivery_id: e, row_no: 1, billing_month: 2026-10-01, billing_currency: USD, billed_cost: 3, effective_cost: 3}
    - {source_id: two, delivery_id: f, row_no: 1, billing_month: 2026-10-01, billing_currency: USD, billed_cost: 4, effective_cost: 4}
expect:
  duplicate_bill:
    - {billing_month: 2026-10-01, account: "42", delivery_id: a, other_delivery_id: b, path: a.csv, other_path: b.csv, billed_cost: 7, is_identical: true}
    - {billing_month: 2026-10-01, account: "42", delivery_id: a, other_delivery_id: c, path: a.csv, other_path: c.csv, billed_cost: 7, is_identical: false}
    - {billing_month: 2026-10-01, account: "42", delivery_id: b, other_delivery_id: c, path: b.csv, other_path: c.csv, billed_cost: 7, is_identical: false}
*/
