"""Oracle Cloud cost reports: one file an hour or so, one row a resource and hour.

Decisions:
- `cost/myCost` is the bill. The report has no amortised cost and no billing period: the month of
  the usage is the period.
- Every `tags/…` column is a tag; which there are differs from file to file.
- A correction names the line it corrects in `lineItem/backreferenceNo`, which stays in `x`.
"""

from roi_pipeline.ingest.formats.declared import Bill, Fill
from roi_pipeline.ingest.formats.spelling import month_after, month_of

_START = "{lineItem/intervalUsageStart!}"

BILL = Bill(
    name="oci_cost",
    title="Oracle Cloud Infrastructure cost report",
    marks=("cost/myCost", "lineItem/intervalUsageStart"),
    tags_below=("tags/",),
    fills=(
        Fill("billing_account_id", "lineItem/tenantId"),
        Fill("sub_account_id", "product/compartmentId"),
        Fill(
            "billing_period_start",
            month_of(_START),
            filled="from the month of lineItem/intervalUsageStart",
        ),
        Fill(
            "billing_period_end",
            month_after(_START),
            filled="from the month of lineItem/intervalUsageStart",
        ),
        Fill("charge_period_start", "lineItem/intervalUsageStart", why="with or without seconds"),
        Fill("charge_period_end", "lineItem/intervalUsageEnd"),
        Fill(
            "charge_category",
            "case when {cost/myCost!} is not null then 'Usage' end",
            filled="Usage: the report has no other charges",
        ),
        Fill(
            "charge_class",
            "case when lower({lineItem/isCorrection}) = 'true' then 'Correction' end",
            filled="from lineItem/isCorrection",
            when="lower({lineItem/isCorrection}) = 'true'",
        ),
        Fill("charge_description", "product/Description"),
        Fill("billed_cost", "cost/myCost"),
        Fill(
            "effective_cost",
            "{cost/myCost!}",
            filled="from cost/myCost: the report has no amortised cost",
        ),
        Fill("billing_currency", "cost/currencyCode"),
        Fill("consumed_quantity", "usage/billedQuantity"),
        Fill("consumed_unit", "cost/skuUnitDescription"),
        Fill("pricing_unit", "cost/billingUnitReadable"),
        Fill(
            "service_category",
            "product/service",
            words={
                "COMPUTE": "Compute",
                **dict.fromkeys(("OBJECTSTORE", "BLOCK_STORAGE", "FILE_STORAGE"), "Storage"),
                "NETWORK": "Networking",
                **dict.fromkeys(("DATABASE", "MYSQL"), "Databases"),
                "TELEMETRY": "Management and Governance",
                **dict.fromkeys(("GENERATIVE_AI", "DATA_SCIENCE"), "AI and Machine Learning"),
            },
            filled="from product/service",
            why="the report has no category; services that are not in the list have none",
        ),
        Fill("service_name", "product/service"),
        Fill("sku_id", "cost/productSku"),
        Fill("sku_meter", "product/Description"),
        Fill("resource_id", "product/resourceId"),
        Fill("region_id", "product/region"),
    ),
    export="Billing and Cost Management, Cost and Usage Reports: the files `reports/cost-csv/…`. "
    "They come in pieces that never replace each other: write `mechanism: append`.",
    notes=(
        "`mechanism: append` adds up what the hours deliver; a correction is a row of its own that "
        "refers back to the one it corrects.",
        "Cost reports name many people in their tags. Tags stay in the portfolio's state and are "
        "not published.",
    ),
    example="inbox/billing/oci/*.csv.gz",
)
