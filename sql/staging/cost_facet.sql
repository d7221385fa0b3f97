-- What a rule can look at: each different set of names and tags on the lines of a bill, a ledger or the asset register.
-- grain: dataset, month, facet
select distinct
    'billing' as dataset,
    month,
    facet
from charge_facet
union all
select distinct
    'operating_costs',
    cast(date_trunc('month', document_on) as date),
    cast(
        to_json({
            category: category,
            vendor: vendor,
            description: description,
            cost_class: cost_class
        }) as varchar
    )
from operating_costs
union all
select distinct
    'capex',
    cast(date_trunc('month', acquired_on) as date),
    cast(
        to_json({
            category: category,
            asset_class: asset_class,
            description: description,
            location: location,
            cost_class: cost_class
        }) as varchar
    )
from capex

/* example
# Two invoices that look alike to a rule are looked at once.
given:
  operating_costs:
    - {row_no: 1, document_on: 2026-10-04, category: energy, vendor: grid, amount: 1}
    - {row_no: 2, document_on: 2026-10-09, category: energy, vendor: grid, amount: 2}
  capex: [{row_no: 1, acquired_on: 2026-09-04, asset_class: gpu}]
expect:
  cost_facet:
    - {dataset: operating_costs, month: 2026-10-01}
    - {dataset: capex, month: 2026-09-01}
*/
