-- One asset of the register in the reporting currency, with what the rules say of it.
-- grain: asset_id
with rated as (
    select
        a.*,
        s.reporting_currency,
        case when a.currency = s.reporting_currency then 1 else x.rate end as rate,
        cast(
            to_json({
                category: a.category,
                asset_class: a.asset_class,
                description: a.description,
                location: a.location,
                cost_class: a.cost_class
            }) as varchar
        ) as facet
    from capex as a
    cross join setting as s
    asof left join fx_rate as x on x.currency = a.currency and x.rated_on <= a.acquired_on
)

select
    a.source_id,
    a.delivery_id,
    a.row_no,
    a.asset_id,
    a.acquired_on,
    a.in_service_on,
    a.life_months,
    a.method,
    a.proration,
    a.disposed_on,
    a.currency,
    a.rate,
    a.cost as original_cost,
    cast(cast(a.cost as decimal(38, 9)) * a.rate as decimal(38, 2)) as cost,
    cast(cast(coalesce(a.salvage_value, 0) as decimal(38, 9)) * a.rate as decimal(38, 2)) as salvage_value,
    cast(cast(coalesce(a.disposal_proceeds, 0) as decimal(38, 9)) * a.rate as decimal(38, 2)) as disposal_proceeds,
    case
        when a.allocation_key is not null then null
        else coalesce(a.system_id, r.system_id, case when r.allocation_key is null then 'unallocated' end)
    end as system_id,
    coalesce(
        a.allocation_key,
        case when a.system_id is null and r.system_id is null then r.allocation_key end
    ) as allocation_key,
    coalesce(r.category, a.category, a.asset_class, 'hardware') as category,
    coalesce(r.cost_class, a.cost_class, 'capex') as cost_class,
    r.regulatory_category
from rated as a
left join cost_rule as r
    on r.dataset = 'capex' and r.month = date_trunc('month', a.acquired_on) and r.facet = a.facet

/* example
# 1,000 EUR bought at 1.25; a rule names its category.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx: [{"on": 2026-10-02, base: EUR, currency: USD, rate: 1.25}]
  cost_categories: [{rule_order: 1, dataset: capex, match_column: asset_class, match_op: equals, match_value: gpu, category: accelerators}]
  capex: [{delivery_id: d, row_no: 1, asset_id: g1, asset_class: gpu, acquired_on: 2026-10-04, cost: 1000, currency: EUR, system_id: s}]
expect:
  asset: [{asset_id: g1, cost: 1250, salvage_value: 0, system_id: s, category: accelerators, cost_class: capex}]
*/
