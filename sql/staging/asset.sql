-- One asset of the register in the reporting currency, with what the rules say of it.
-- grain: asset_id
-- computed: once
with money as (
    select
        asset_id,
        max(amount) filter (where kind = 'purchase') as cost,
        coalesce(max(amount) filter (where kind = 'salvage'), 0) as salvage_value,
        coalesce(max(amount) filter (where kind = 'proceeds'), 0) as disposal_proceeds
    from asset_document
    group by asset_id
),

described as (
    select
        *,
        cast(
            to_json({
                category: category,
                asset_class: asset_class,
                description: description,
                location: location,
                cost_class: cost_class
            }) as varchar
        ) as facet
    from capex
)

select
    a.* exclude (facet, cost, salvage_value, disposal_proceeds, system_id, allocation_key, category, cost_class, accelerators),
    m.cost,
    m.salvage_value,
    m.disposal_proceeds,
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
    coalesce( -- a register that does not count them has one a line of such a class
        a.accelerators,
        case when concat_ws(' ', a.asset_class, r.category, a.category) similar to '(?i).*(accelerator|gpu|tpu|npu).*' then 1 end
    ) as accelerators,
    r.regulatory_category,
    r.cost_pool
from described as a
inner join money as m using (asset_id)
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
  asset: [{asset_id: g1, cost: 1250, salvage_value: 0, system_id: s, category: accelerators, cost_class: capex, accelerators: 1}]
*/
