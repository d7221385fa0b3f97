"""Google Cloud billing export, standard and detailed, as BigQuery or a script wrote it out.

Decisions:
- `billed_cost` is cost plus its credits, which are negative: that is what the invoice adds up.
  Both stay in `x`.
- The export has no amortised cost, so `effective_cost` is the billed one.
- Nested columns are read from Parquet and JSON lines as they are, and from a flat CSV with dots or
  underscores; lists are JSON or, as Python prints them, with single quotes.
"""

from roi_pipeline.ingest.formats.declared import Bill, Fill
from roi_pipeline.ingest.formats.spelling import EXACT, number, pairs, sum_of

_NET = f"{number('{cost!}')} + {sum_of('{credits}', 'amount')}"
_MONTH = "left({invoice.month!}, 4) || '-' || right({invoice.month!}, 2) || '-01'"
_KNOWN_TYPES = {"regular": "Usage", "tax": "Tax"}
_HAS_CREDITS = "contains({credits}, 'amount')"
_IS_TOKENS = "({usage.unit} = 'count' and {sku.description} ilike '%token%')"

BILL = Bill(
    name="gcp_billing",
    title="Google Cloud billing export to BigQuery, standard and detailed",
    marks=("cost", "usage_start_time", "invoice.month|invoice"),
    exported_at="export_time",
    fills=(
        Fill("billing_account_id", "billing_account_id"),
        Fill("sub_account_id", "project.id"),
        Fill(
            "billing_period_start",
            _MONTH,
            filled="from invoice.month",
        ),
        Fill(
            "billing_period_end",
            f"coalesce(strftime(try_cast({_MONTH} as timestamp) + interval 1 month, '%Y-%m-%d'), "
            "{invoice.month!})",
            filled="from invoice.month",
        ),
        Fill("charge_period_start", "usage_start_time"),
        Fill("charge_period_end", "usage_end_time"),
        Fill(
            "charge_category",
            "coalesce({cost_type}, 'regular')",
            words=_KNOWN_TYPES,
            otherwise="Adjustment",
            filled="Usage: the file has no cost type",
            when="{cost_type} is null",
            why="from cost_type; adjustments and rounding errors are an Adjustment",
        ),
        Fill(
            "charge_class",
            "case when {cost_type} = 'adjustment' then 'Correction' end",
            filled="Correction: an adjustment corrects an earlier invoice",
            when="{cost_type} = 'adjustment'",
        ),
        Fill("charge_description", "sku.description"),
        Fill(
            "billed_cost",
            _NET,
            type=EXACT,
            filled="from cost + credits",
            when=_HAS_CREDITS,
            why="cost plus the amounts of its credits, which are negative",
        ),
        Fill(
            "effective_cost",
            _NET,
            type=EXACT,
            filled="from billed_cost: the export has no amortised cost",
        ),
        Fill("list_cost", "cost_at_list"),
        Fill("billing_currency", "currency"),
        Fill("consumed_quantity", "usage.amount"),
        Fill(
            "consumed_unit",
            f"case when {_IS_TOKENS} then 'tokens' else {{usage.unit}} end",
            filled="tokens: what the SKU counts",
            when=_IS_TOKENS,
            why="a count of tokens by the name of its SKU is one",
        ),
        Fill("pricing_quantity", "usage.amount_in_pricing_units"),
        Fill("pricing_unit", "usage.pricing_unit"),
        Fill(
            "service_category",
            "service.description",
            words={
                **dict.fromkeys(
                    ("Vertex AI", "Gemini API", "Cloud Machine Learning Engine"),
                    "AI and Machine Learning",
                ),
                **dict.fromkeys(("Compute Engine", "Kubernetes Engine", "Cloud Run"), "Compute"),
                "Cloud Storage": "Storage",
                "Networking": "Networking",
                "BigQuery": "Analytics",
                "Cloud SQL": "Databases",
            },
            filled="from service.description",
            why="the export has no category; services that are not in the list have none",
        ),
        Fill("service_name", "service.description"),
        Fill("sku_id", "sku.id"),
        Fill("sku_meter", "sku.description"),
        Fill(
            "resource_id",
            "resource.global_name|resource.name",
            why="detailed export only",
        ),
        Fill("region_id", "location.region|location.location"),
        Fill(
            "commitment_discount_id",
            "subscription.instance_id",
            why="spend-based commitments only",
        ),
        Fill("tags", pairs("{labels}"), why="the labels of the resource, as one object"),
    ),
    export="Billing, Billing export, BigQuery export: “Detailed usage cost”. Then export the month "
    "from BigQuery, as Parquet or newline-delimited JSON (CSV only after the nested columns were "
    "flattened): `select * from export where invoice.month = '202610'`.",
    notes=(
        "Choose by `invoice.month`, not by day of usage, so that the file adds up to the invoice.",
        "Committed use discounts are credits of the usage they cover and fees of their own; the "
        "export spreads nothing, so cash and accrual differ only by the days of usage.",
    ),
    example="inbox/billing/gcp/*/*.parquet",
)
