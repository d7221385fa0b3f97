-- One billing line, with all that a rule can look at written as one JSON text.
-- grain: delivery_id, row_no
select
    *,
    cast(date_trunc('month', charge_period_start) as date) as month,
    cast(
        to_json({
            source_id: source_id,
            billing_account_id: billing_account_id,
            sub_account_id: sub_account_id,
            invoice_id: invoice_id,
            charge_category: charge_category,
            charge_description: charge_description,
            service_category: service_category,
            service_name: service_name,
            sku_id: sku_id,
            sku_meter: sku_meter,
            resource_id: resource_id,
            region_id: region_id,
            commitment_discount_id: commitment_discount_id,
            commitment_discount_status: commitment_discount_status,
            tags: tags
        }) as varchar
    ) as facet
from billing

/* example
given:
  billing: [{row_no: 1, charge_period_start: 2026-10-31 23:00:00, service_name: GPU, tags: '{"system": "card-fraud"}'}]
expect:
  charge_facet: [{row_no: 1, month: 2026-10-01, service_name: GPU}]
*/
