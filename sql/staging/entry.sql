-- One invoice or booking of the operating cost ledger, in the reporting currency, rounded to the cent once.
-- grain: delivery_id, row_no
-- computed: once
with converted as (
    select
        e.*,
        s.reporting_currency,
        cast(cast(e.amount as decimal(38, 9)) * x.rate as decimal(38, 18)) as exact
    from operating_costs as e
    cross join setting as s
    asof left join fx_rate as x on x.currency = e.currency and x.rated_on <= e.document_on
),

rounded as ( -- half to even: an even cent and exactly half a cent rounds down
    select
        c.*,
        case
            when c.currency = c.reporting_currency then cast(c.amount as decimal(38, 18))
            when c.exact % 0.02 = 0.005 then cast(round(c.exact - 0.001, 2) as decimal(38, 18))
            when c.exact % 0.02 = -0.005 then cast(round(c.exact + 0.001, 2) as decimal(38, 18))
            else cast(round(c.exact, 2) as decimal(38, 18))
        end as reported,
        coalesce(c.service_start, c.document_on) as start_on
    from converted as c
)

select
    e.source_id,
    e.delivery_id,
    e.row_no,
    e.document_on,
    e.currency,
    e.amount as original_amount,
    e.reported as amount,
    e.start_on,
    greatest(e.start_on, coalesce(e.service_end, e.start_on)) + 1 as end_on,
    case
        when e.allocation_key is not null then null
        else coalesce(e.system_id, r.system_id, case when r.allocation_key is null then 'unallocated' end)
    end as system_id,
    coalesce(
        e.allocation_key,
        case when e.system_id is null and r.system_id is null then r.allocation_key end
    ) as allocation_key,
    coalesce(r.category, e.category) as category,
    coalesce(r.cost_class, e.cost_class, 'opex') as cost_class,
    r.regulatory_category,
    r.cost_pool,
    e.vendor as account,
    e.category as service,
    coalesce(e.avoidable, true) as is_avoidable,
    e.committed_until
from rounded as e
left join cost_rule as r
    on r.dataset = 'operating_costs'
    and r.month = date_trunc('month', e.document_on)
    and r.facet = cast(
        to_json({
            category: e.category,
            vendor: e.vendor,
            description: e.description,
            cost_class: e.cost_class
        }) as varchar
    )

/* example
# 100.10 EUR at 1.25 is 125.125 USD: half to even gives 125.12.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx: [{"on": 2026-10-02, base: EUR, currency: USD, rate: 1.25}]
  operating_costs:
    - {row_no: 1, entry_id: e1, document_on: 2026-10-04, amount: 100.10, currency: EUR, category: licence, system_id: s}
    - {row_no: 2, entry_id: e2, document_on: 2026-10-04, amount: 9.999, currency: USD, category: licence}
expect:
  entry:
    - {row_no: 1, amount: 125.12, system_id: s, start_on: 2026-10-04, end_on: 2026-10-05}
    - {row_no: 2, amount: 9.999, system_id: unallocated, start_on: 2026-10-04, end_on: 2026-10-05}
*/
