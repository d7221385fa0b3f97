-- What invoices and bookings say: in the month of the document (cash), over the service period (accrual).
-- grain: delivery_id, row_no, month, basis
-- part of: cost_lines
select
    delivery_id,
    row_no,
    cast(date_trunc('month', document_on) as date) as month,
    'cash' as basis,
    system_id,
    allocation_key,
    'invoice' as kind,
    category,
    cost_class,
    regulatory_category,
    amount,
    is_avoidable and committed_until is null as is_avoidable,
    'operating_costs' as source,
    source_id,
    currency,
    cast(original_amount as decimal(38, 18)) as original_amount,
    cost_pool,
    account,
    service
from entry
union all
select
    e.delivery_id,
    e.row_no,
    coalesce(p.month, cast(date_trunc('month', e.start_on) as date)) as charged_month,
    'accrual',
    e.system_id,
    e.allocation_key,
    'invoice',
    e.category,
    e.cost_class,
    e.regulatory_category,
    coalesce(p.amount, e.amount),
    e.is_avoidable and (e.committed_until is null or e.committed_until < charged_month),
    'operating_costs',
    e.source_id,
    e.currency,
    cast(null as decimal(38, 18)),
    e.cost_pool,
    e.account,
    e.service
from entry as e
left join cost_spread as p on p.dataset = 'operating_costs' and p.delivery_id = e.delivery_id and p.row_no = e.row_no

/* example
# A yearly licence paid in October; committed until the end of it, so it cannot be avoided before.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  operating_costs:
    - {delivery_id: d, row_no: 1, document_on: 2026-10-01, service_start: 2026-10-01, service_end: 2026-11-30, amount: 610, currency: USD, category: licence, system_id: s, committed_until: 2026-11-01}
expect:
  operating:
    - {row_no: 1, month: 2026-10-01, basis: cash, amount: 610, is_avoidable: false}
    - {row_no: 1, month: 2026-10-01, basis: accrual, amount: 310, is_avoidable: false}
    - {row_no: 1, month: 2026-11-01, basis: accrual, amount: 300, is_avoidable: false}
*/
