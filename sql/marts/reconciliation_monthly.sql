-- Whether every delivered unit of money, and every delivered prediction, is in the books: the difference is 0 or nothing is published.
-- grain: month, dataset, source_id, currency
with booked as (
    select
        month,
        dataset,
        source_id,
        currency,
        coalesce(sum(amount) filter (where system_id not in ('unallocated', 'superseded')), 0) as allocated,
        coalesce(sum(amount) filter (where system_id = 'unallocated'), 0) as unallocated,
        coalesce(sum(amount) filter (where system_id = 'superseded'), 0) as superseded
    from booked_money
    group by month, dataset, source_id, currency
)

select
    month,
    dataset,
    source_id,
    currency,
    coalesce(d.amount, 0) + coalesce(q.amount, 0) as total_in,
    coalesce(b.allocated, 0) as allocated,
    coalesce(b.unallocated, 0) as unallocated,
    coalesce(b.superseded, 0) as superseded,
    coalesce(q.amount, 0) as quarantined,
    coalesce(d.amount, 0)
        - coalesce(b.allocated, 0) - coalesce(b.unallocated, 0) - coalesce(b.superseded, 0) as difference
from delivered_money as d
full join booked as b using (month, dataset, source_id, currency)
left join quarantined_money as q using (month, dataset, source_id, currency)

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  delivered_money:
    - {month: 2026-10-01, dataset: billing, source_id: aws, currency: USD, amount: 10}
    - {month: 2026-10-01, dataset: predictions, source_id: all, currency: predictions, amount: 100}
  quarantined_money: [{month: 2026-10-01, dataset: billing, source_id: aws, currency: USD, amount: 1}]
  booked_money:
    - {month: 2026-10-01, dataset: billing, source_id: aws, currency: USD, system_id: s, amount: 6}
    - {month: 2026-10-01, dataset: billing, source_id: aws, currency: USD, system_id: unallocated, amount: 4}
    - {month: 2026-10-01, dataset: predictions, source_id: all, currency: predictions, system_id: s, amount: 98}
    - {month: 2026-10-01, dataset: predictions, source_id: all, currency: predictions, system_id: superseded, amount: 1}
expect:
  reconciliation_monthly:
    - {dataset: billing, total_in: 11, allocated: 6, unallocated: 4, superseded: 0, quarantined: 1, difference: 0}
    - {dataset: predictions, total_in: 100, allocated: 98, unallocated: 0, superseded: 1, quarantined: 0, difference: 1}
*/
