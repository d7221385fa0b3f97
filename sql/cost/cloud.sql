-- What the cloud and API bills say: billed in the billing month (cash), used up in the charge months (accrual).
-- grain: delivery_id, row_no, month, basis
-- part of: cost_lines
select
    delivery_id,
    row_no,
    billing_month as month,
    'cash' as basis,
    system_id,
    allocation_key,
    'cloud' as kind,
    billed_category as category,
    cost_class,
    regulatory_category,
    case when rate = 1 then billed_cost else cast(cast(billed_cost as decimal(38, 9)) * rate as decimal(38, 18)) end as amount,
    is_avoidable,
    'billing' as source,
    source_id,
    currency,
    billed_cost as original_amount,
    cost_pool,
    cast(null as decimal(38, 6)) as consumed_quantity, -- counted once, where it is used up
    consumed_unit,
    meter,
    account,
    service
from charge
union all
select
    c.delivery_id,
    c.row_no,
    coalesce(p.month, cast(date_trunc('month', c.start_on) as date)),
    'accrual',
    c.system_id,
    c.allocation_key,
    'cloud',
    c.category,
    c.cost_class,
    c.regulatory_category,
    case
        when c.rate = 1 then coalesce(p.amount, c.effective_cost)
        when p.amount is null then cast(cast(c.effective_cost as decimal(38, 9)) * c.rate as decimal(38, 18))
        else cast(cast(p.amount_before + p.amount as decimal(38, 9)) * c.rate as decimal(38, 18))
            - cast(cast(p.amount_before as decimal(38, 9)) * c.rate as decimal(38, 18))
    end,
    c.is_avoidable,
    'billing',
    c.source_id,
    c.currency,
    coalesce(p.amount, c.effective_cost),
    c.cost_pool,
    case when p.amount is null then c.consumed_quantity end,
    c.consumed_unit,
    c.meter,
    c.account,
    c.service
from charge as c
left join cost_spread as p on p.dataset = 'billing' and p.delivery_id = c.delivery_id and p.row_no = c.row_no

/* example
# A correction of October usage on November's bill: cash in November, accrual in October. A reservation's fee
# of 100, 30 of it for hours nobody used: paid for compute, of which 30 were used up as unused commitment.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  billing:
    - {delivery_id: d, row_no: 1, billing_currency: USD, billed_cost: 1500, effective_cost: 1500, billing_month: 2026-10-01, billing_period_start: 2026-10-01 00:00:00, billing_period_end: 2026-11-01 00:00:00, charge_period_start: 2026-10-31 23:00:00, charge_period_end: 2026-11-01 00:00:00, service_category: Compute}
    - {delivery_id: d, row_no: 2, billing_currency: USD, billed_cost: -300, effective_cost: -300, billing_month: 2026-11-01, billing_period_start: 2026-11-01 00:00:00, billing_period_end: 2026-12-01 00:00:00, charge_period_start: 2026-10-01 00:00:00, charge_period_end: 2026-10-01 01:00:00, service_category: Compute}
    - {delivery_id: d, row_no: 3, billing_currency: USD, billed_cost: 0, effective_cost: 61, billing_month: 2026-11-01, billing_period_start: 2026-11-01 00:00:00, billing_period_end: 2026-12-01 00:00:00, charge_period_start: 2026-10-01 00:00:00, charge_period_end: 2026-12-01 00:00:00, service_category: Compute}
    - {delivery_id: d, row_no: 4, billing_currency: USD, billed_cost: 100, effective_cost: 30, billing_month: 2026-11-01, billing_period_start: 2026-11-01 00:00:00, billing_period_end: 2026-12-01 00:00:00, charge_period_start: 2026-11-01 00:00:00, charge_period_end: 2026-12-01 00:00:00, service_category: Compute, charge_category: Purchase, commitment_discount_status: Unused}
expect:
  cloud:
    - {row_no: 1, month: 2026-10-01, basis: cash, category: compute, amount: 1500}
    - {row_no: 1, month: 2026-10-01, basis: accrual, category: compute, amount: 1500}
    - {row_no: 2, month: 2026-11-01, basis: cash, category: compute, amount: -300}
    - {row_no: 2, month: 2026-10-01, basis: accrual, category: compute, amount: -300}
    - {row_no: 3, month: 2026-11-01, basis: cash, category: compute, amount: 0}
    - {row_no: 3, month: 2026-10-01, basis: accrual, category: compute, amount: 31}
    - {row_no: 3, month: 2026-11-01, basis: accrual, category: compute, amount: 30}
    - {row_no: 4, month: 2026-11-01, basis: cash, category: compute, amount: 100}
    - {row_no: 4, month: 2026-11-01, basis: accrual, category: unused_commitment, amount: 30}
*/
