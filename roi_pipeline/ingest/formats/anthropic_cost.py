"""Anthropic's cost report API: amounts are cents, as decimal text.

Decisions:
- `123.45` USD means 1.2345 dollars (the lowest unit of the currency). Of another currency the
  lowest unit is not known here, so a file in one is refused.
- There is no billing period: the month of the bucket, in UTC, is the period.
"""

from pathlib import Path

from roi_pipeline.ingest.formats import documents
from roi_pipeline.ingest.formats.declared import Bill, Fill, always
from roi_pipeline.ingest.formats.spelling import month_after, month_of
from roi_pipeline.ingest.layout import Refusal
from roi_pipeline.ingest.rescue import Rescued

_RESULT = rb'"amount"\s*:'
_DOLLARS = "(try_cast({amount!} as decimal(34,20)) * 0.01)::decimal(38,22)"
_DETAILS = """json_merge_patch('{}', json_object(
    'ModelId', {model}, 'TokenType', {token_type}, 'ContextWindow', {context_window},
    'ServiceTier', {service_tier}))::varchar"""


def read(path: Path, name: str, target: Path) -> tuple[Rescued, tuple[str, ...]]:
    """The results of a file of pages as rows."""
    return documents.read(path, name, target, _RESULT)


BILL = Bill(
    name="anthropic_cost",
    title="Anthropic cost report",
    marks=("starting_at", "ending_at", "amount"),
    documents=b'"starting_at"',
    fills=(
        Fill("billing_account_id", "organization_id"),
        Fill("sub_account_id", "workspace_id"),
        Fill(
            "billing_period_start",
            month_of("{starting_at!}"),
            filled="from the month of starting_at",
        ),
        Fill(
            "billing_period_end",
            month_after("{starting_at!}"),
            filled="from the month of starting_at",
        ),
        Fill("charge_period_start", "starting_at"),
        Fill("charge_period_end", "ending_at"),
        always("charge_category", "starting_at", "Usage"),
        Fill("charge_description", "description"),
        Fill(
            "billed_cost",
            _DOLLARS,
            type="DECIMAL(38,22)",
            filled="from amount / 100: the report is in cents",
        ),
        Fill(
            "effective_cost",
            _DOLLARS,
            type="DECIMAL(38,22)",
            filled="from billed_cost: the report has no amortised cost",
        ),
        Fill("billing_currency", "currency"),
        always("service_category", "starting_at", "AI and Machine Learning"),
        always("service_name", "starting_at", "Anthropic API"),
        Fill("sku_meter", "token_type|cost_type"),
        Fill(
            "sku_price_details",
            f"case when {{model}} <> '' then {_DETAILS} end",
            filled="from model, token_type, context_window and service_tier",
            when="{model} <> ''",
            why="when the report is grouped by description",
        ),
    ),
    refusals=(
        Refusal(
            "in another currency than USD",
            "billing_currency <> 'USD'",
            "amounts are in the currency's lowest unit, which is known of USD only; convert them "
            "and deliver the bill as focus",
        ),
    ),
    export="`GET /v1/organizations/cost_report?starting_at=…&group_by[]=description"
    "&group_by[]=workspace_id` with an admin key, every page saved as it is, one file a page in "
    "one folder a month.",
    notes=("A file holds one page, several one after the other, or a list of them.",),
    example="inbox/billing/anthropic/*/*.json",
)
