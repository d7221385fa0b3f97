-- One billing line in the reporting currency, with the system, category and class that the rules give it.
-- grain: delivery_id, row_no
-- computed: once
with rated as (
    select
        f.*,
        cast(f.billing_period_start + interval 14 hours as date) as billed_on, -- east of UTC a month begins on the day before
        cast(f.billing_period_end - interval 1 second as date) as document_on,
        s.reporting_currency
    from charge_facet as f
    cross join setting as s
)

select
    b.source_id,
    b.delivery_id,
    b.row_no,
    b.billing_currency as currency,
    b.billed_cost,
    b.effective_cost,
    b.billing_month,
    cast(b.charge_period_start as date) as start_on,
    greatest(cast(b.charge_period_start as date) + 1, cast(b.charge_period_end as date)) as end_on,
    b.document_on,
    case when b.billing_currency = b.reporting_currency then 1 else x.rate end as rate,
    coalesce(
        r.system_id, case when r.allocation_key is null then 'unallocated' end
    ) as system_id,
    r.allocation_key,
    case
        when r.category is not null then r.category
        when b.charge_category = 'Tax' then 'tax'
        else coalesce(lower(replace(b.service_category, ' ', '_')), 'uncategorised')
    end as ruled_category,
    b.commitment_discount_status is not distinct from 'Unused' as is_unused, -- whatever the rules say of its service
    case when is_unused then 'unused_commitment' else ruled_category end as category,
    -- AWS puts the fee of a reservation, used or not, and the cost of its unused rest on one line.
    case
        when is_unused and b.charge_category is distinct from 'Purchase' then category
        else ruled_category
    end as billed_category,
    coalesce(r.cost_class, 'opex') as cost_class,
    r.regulatory_category,
    r.cost_pool,
    cast(
        b.consumed_quantity * case
            when b.consumed_unit ilike '%1000000 token%' or b.consumed_unit ilike '%1m token%' then 1000000
            when b.consumed_unit ilike '%1000 token%' or b.consumed_unit ilike '%1k token%' then 1000
            else 1
        end as decimal(38, 6)
    ) as consumed_quantity,
    case
        when b.consumed_unit ilike '%token%' then 'tokens'
        when regexp_full_match(b.consumed_unit, '[A-Za-z0-9 /._-]{1,40}') then lower(b.consumed_unit) -- it is published
    end as consumed_unit,
    t.meter,
    coalesce(b.sub_account_id, b.billing_account_id) as account,
    coalesce(b.service_name, b.service_category) as service,
    b.commitment_discount_id is null and b.charge_category is distinct from 'Purchase' as is_avoidable
from rated as b
left join cost_rule as r on r.dataset = 'billing' and r.month = b.month and r.facet = b.facet
left join token_meter as t
    on t.sku_meter is not distinct from b.sku_meter
    and t.sku_price_details is not distinct from b.sku_price_details
    and t.consumed_unit is not distinct from b.consumed_unit
    and t.service_category is not distinct from b.service_category
asof left join fx_rate as x on x.currency = b.billing_currency and x.rated_on <= b.document_on

/* example
# A yen charge is worth what the last rate before the end of its billing period says.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx:
    - {"on": 2026-10-30, base: EUR, currency: USD, rate: 1.25}
    - {"on": 2026-10-30, base: EUR, currency: JPY, rate: 160}
  billing:
    - {row_no: 1, billing_currency: USD, billed_cost: 5, billing_month: 2026-10-01, billing_period_start: 2026-10-01 00:00:00, billing_period_end: 2026-11-01 00:00:00, charge_period_start: 2026-10-04 00:00:00, charge_period_end: 2026-10-05 00:00:00, service_category: AI and Machine Learning, sku_meter: Cache Read Input Tokens, consumed_quantity: 3, consumed_unit: 1K Tokens}
    - {row_no: 2, billing_currency: JPY, billed_cost: 800, billing_month: 2026-10-01, billing_period_start: 2026-10-01 00:00:00, billing_period_end: 2026-11-01 00:00:00, charge_period_start: 2026-10-04 00:00:00, charge_period_end: 2026-10-05 00:00:00, charge_category: Tax}
    - {row_no: 3, billing_currency: USD, billed_cost: 1, billing_month: 2026-10-01, billing_period_start: 2026-10-01 00:00:00, billing_period_end: 2026-11-01 00:00:00, charge_period_start: 2026-10-04 00:00:00, charge_period_end: 2026-10-05 00:00:00, service_category: Compute, commitment_discount_id: c, commitment_discount_status: Unused}
expect:
  charge:
    - {row_no: 1, billing_month: 2026-10-01, system_id: unallocated, category: ai_and_machine_learning, rate: 1, is_avoidable: true, consumed_quantity: 3000, consumed_unit: tokens, meter: cached}
    - {row_no: 2, billing_month: 2026-10-01, system_id: unallocated, category: tax, rate: 0.0078125, is_avoidable: true, consumed_quantity: null, consumed_unit: null, meter: null}
    - {row_no: 3, billing_month: 2026-10-01, system_id: unallocated, category: unused_commitment, rate: 1, is_avoidable: false, consumed_quantity: null, consumed_unit: null, meter: null}
*/
