-- What US tax law takes for a property of its own: a purchase, or an improvement, of an asset with a recovery period.
-- grain: asset_id, placed_on
with placed as (
    select
        d.asset_id,
        case d.kind when 'purchase' then a.in_service_on else d.document_on end as placed_on,
        a.macrs_years,
        case when a.disposed_on <= last_day(r.month) then a.disposed_on end as disposed_on,
        d.amount,
        last_day(r.month) as until
    from asset_document as d
    inner join asset as a using (asset_id)
    cross join (select max(month) as month from run_month) as r
    where a.macrs_years is not null and d.kind in ('purchase', 'improvement')
)

select
    asset_id,
    placed_on,
    macrs_years,
    disposed_on,
    sum(amount) as basis
from placed
where placed_on <= until
group by asset_id, placed_on, macrs_years, disposed_on

/* example
# Improved in November by 20; what is sold after the run is not sold yet.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  run_month: [{month: 2026-11-01}]
  capex:
    - {delivery_id: d, row_no: 1, asset_id: g, acquired_on: 2026-10-04, in_service_on: 2026-10-10, cost: 100, currency: USD, system_id: s, macrs_years: 5, disposed_on: 2026-12-31}
    - {delivery_id: d, row_no: 2, asset_id: other, acquired_on: 2026-10-04, in_service_on: 2026-10-10, cost: 100, currency: USD, system_id: s}
  asset_events: [{delivery_id: e, row_no: 1, asset_id: g, event_on: 2026-11-12, kind: improvement, amount: 20}]
expect:
  tax_property:
    - {asset_id: g, placed_on: 2026-10-10, macrs_years: 5, disposed_on: null, basis: 100}
    - {asset_id: g, placed_on: 2026-11-12, macrs_years: 5, disposed_on: null, basis: 20}
*/
