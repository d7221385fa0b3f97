-- One asset of the register in the reporting currency, with its rules applied.
-- grain: asset_id
with facet as (
    select
        a.*,
        s.reporting_currency,
        cast(to_json({category: a.category, asset_class: a.asset_class, description: a.description, location: a.location, cost_class: a.cost_class}) as varchar) as facet
    from capex as a
    cross join setting as s
)

select
    a.* exclude (cost, salvage_value, disposal_proceeds, system_id, allocation_key, category, cost_class, facet, reporting_currency),
    a.cost as original_cost,
    case when a.currency = a.reporting_currency then 1 else x.rate end as rate,
    case when a.currency = a.reporting_currency then cast(a.cost as decimal(38, 2)) else cast(cast(a.cost as decimal(38, 9)) * x.rate as decimal(38, 2)) end as cost,
    case when a.currency = a.reporting_currency then cast(coalesce(a.salvage_value, 0) as decimal(38, 2)) else cast(cast(coalesce(a.salvage_value, 0) as decimal(38, 9)) * x.rate as decimal(38, 2)) end as salvage_value,
    case when a.currency = a.reporting_currency then cast(coalesce(a.disposal_proceeds, 0) as decimal(38, 2)) else cast(cast(coalesce(a.disposal_proceeds, 0) as decimal(38, 9)) * x.rate as decimal(38, 2)) end as disposal_proceeds,
    case when a.allocation_key is null then coalesce(a.system_id, r.system_id, case when r.allocation_key is null then 'unallocated' end) end as system_id,
    coalesce(a.allocation_key, case when a.system_id is null and r.system_id is null then r.allocation_key end) as allocation_key,
    coalesce(r.category, a.category, a.asset_class, 'hardware') as category,
    coalesce(r.cost_class, a.cost_class, 'capex') as cost_class,
    r.regulatory_category
from facet as a
left join cost_rule as r
    on r.dataset = 'capex' and r.month = date_trunc('month', a.acquired_on) and r.facet = a.facet
asof left join fx_rate as x on x.currency = a.currency and x.rated_on <= a.acquired_on
