-- One amount of money of an asset, as its document says it and in the reporting currency, rounded half-even to the cent.
-- grain: asset_id, kind, document_on
-- computed: once
with document as ( -- what was paid or got has the rate of its day, what measures the cost that of the purchase
    select source_id, delivery_id, row_no, asset_id, 'purchase' as kind, acquired_on as document_on,
        acquired_on as rate_on, currency, cost as original_amount
    from capex
    union all
    select source_id, delivery_id, row_no, asset_id, 'salvage', acquired_on, acquired_on, currency, salvage_value
    from capex where salvage_value is not null
    union all
    select source_id, delivery_id, row_no, asset_id, 'proceeds', disposed_on, disposed_on, currency, disposal_proceeds
    from capex where disposed_on is not null and disposal_proceeds is not null
    union all
    select e.source_id, e.delivery_id, e.row_no, asset_id, e.kind, e.event_on,
        case when e.kind = 'improvement' then e.event_on else c.acquired_on end, c.currency, e.amount
    from asset_events as e inner join capex as c using (asset_id)
    where e.kind <> 'transfer'
    union all
    select e.source_id, e.delivery_id, e.row_no, asset_id, 'part_proceeds', e.event_on, e.event_on, c.currency, e.proceeds
    from asset_events as e inner join capex as c using (asset_id)
    where e.kind = 'partial_disposal' and e.proceeds is not null
),

rated as (
    select
        d.*,
        cast(
            cast(d.original_amount as decimal(38, 9))
            * case when d.currency = s.reporting_currency then 1 else x.rate end as decimal(38, 18)
        ) as exact
    from document as d
    cross join setting as s
    asof left join fx_rate as x on x.currency = d.currency and x.rated_on <= d.rate_on
)

select
    * exclude (exact),
    cast(
        case when exact % 0.02 = 0.005 then exact - 0.001 else exact end as decimal(38, 2)
    ) as amount
from rated

/* example
# 0.10 EUR at 1.25 is 0.125 USD: half to even gives 0.12; what was got for it has the rate of that day.
given:
  setting: [{reporting_currency: USD, time_zone: UTC}]
  fx:
    - {"on": 2026-10-02, base: EUR, currency: USD, rate: 1.25}
    - {"on": 2026-10-09, base: EUR, currency: USD, rate: 1.50}
  capex:
    - {delivery_id: d, row_no: 1, asset_id: g, acquired_on: 2026-10-04, cost: 0.10, currency: EUR, disposed_on: 2026-10-20, disposal_proceeds: 0.05}
  asset_events: [{delivery_id: e, row_no: 1, asset_id: g, event_on: 2026-10-12, kind: impairment, amount: 0.02}]
expect:
  asset_document:
    - {asset_id: g, kind: purchase, document_on: 2026-10-04, original_amount: 0.10, amount: 0.12}
    - {asset_id: g, kind: proceeds, document_on: 2026-10-20, original_amount: 0.05, amount: 0.08}
    - {asset_id: g, kind: impairment, document_on: 2026-10-12, original_amount: 0.02, amount: 0.02}
*/
