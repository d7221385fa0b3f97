-- What a tax return may deduct for an asset in a year by the MACRS tables: beside the books, in no total.
-- grain: asset_id, placed_in_service_on, tax_year
select
    t.asset_id,
    t.placed_in_service_on,
    t.tax_year,
    t.recovery_years,
    t.convention,
    t.basis,
    t.amount,
    sum(t.amount) over (partition by t.asset_id, t.placed_in_service_on order by t.tax_year) as deducted_so_far,
    t.missing_reason,
    t.is_provisional,
    s.reporting_currency as currency
from tax_depreciation as t
cross join setting as s

/* example
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  tax_depreciation:
    - {asset_id: gpu, placed_in_service_on: 2025-03-01, tax_year: 2025, recovery_years: 5, convention: half_year, basis: 5000, amount: 1000}
    - {asset_id: gpu, placed_in_service_on: 2025-03-01, tax_year: 2026, recovery_years: 5, convention: half_year, basis: 5000, amount: 1600}
expect:
  asset_tax_yearly:
    - {asset_id: gpu, tax_year: 2025, amount: 1000, deducted_so_far: 1000, currency: USD}
    - {asset_id: gpu, tax_year: 2026, amount: 1600, deducted_so_far: 2600, currency: USD}
*/
