"""OpenAI's organization costs and usage APIs, or the CSV that the dashboard writes of them.

Decisions:
- Costs are dollars as JSON numbers; their text is read, never a float.
- A usage page has tokens and no money: its rows cost 0 and say so, their tokens are kept. Costs
  and usage of one month are two sources, or the newer delivery would replace the other.
- There is no billing period: the month of the bucket, in UTC, is the period.
"""

from pathlib import Path

from roi_pipeline.ingest.formats import documents
from roi_pipeline.ingest.formats.declared import Bill, Fill, always
from roi_pipeline.ingest.formats.spelling import EXACT, month_after, month_of, number
from roi_pipeline.ingest.rescue import Rescued

_RESULT = rb'"object"\s*:\s*"organization\.[a-z_.]+\.result"'


def _instant(seconds: str) -> str:
    moment = f"make_timestamp(try_cast({seconds} as bigint) * 1000000)"
    return f"coalesce(strftime({moment}, '%Y-%m-%dT%H:%M:%SZ'), {seconds})"


_START, _END = _instant("{start_time!}"), _instant("{end_time!}")
_TOKENS = (
    f"case when {{input_tokens}} is not null then {number('{input_tokens}')} + "
    f"coalesce({number('{output_tokens}')}, 0) else {number('{quantity}')} end"
)
_MODEL = "coalesce({model}, split_part({line_item}, ', ', 1))"
_NO_MONEY = "{amount_value} is null and {input_tokens} is not null"


def read(path: Path, name: str, target: Path) -> tuple[Rescued, tuple[str, ...]]:
    """The results of a file of pages as rows."""
    return documents.read(path, name, target, _RESULT)


BILL = Bill(
    name="openai_costs",
    title="OpenAI costs and usage",
    marks=("start_time", "end_time", "amount_value|input_tokens"),
    documents=b'"organization.',
    fills=(
        Fill("billing_account_id", "organization_id"),
        Fill("sub_account_id", "project_id"),
        Fill(
            "billing_period_start", month_of(f"({_START})"), filled="from the month of start_time"
        ),
        Fill(
            "billing_period_end", month_after(f"({_START})"), filled="from the month of start_time"
        ),
        Fill("charge_period_start", _START, why="Unix seconds"),
        Fill("charge_period_end", _END, why="Unix seconds"),
        always("charge_category", "start_time", "Usage"),
        Fill("charge_description", "line_item|model"),
        Fill(
            "billed_cost",
            "coalesce({amount_value}, case when {input_tokens} is not null then '0' end)",
            filled="0: a usage page has no money",
            when=_NO_MONEY,
        ),
        Fill(
            "effective_cost",
            "coalesce({amount_value}, case when {input_tokens} is not null then '0' end)",
            filled="from billed_cost: the API has no amortised cost",
        ),
        Fill(
            "billing_currency",
            "coalesce(upper({amount_currency}), "
            "case when {input_tokens} is not null then 'USD' end)",
            filled="USD: a usage page has no money",
            when=_NO_MONEY,
            why="in capitals",
        ),
        Fill("consumed_quantity", _TOKENS, type=EXACT, why="usage: input and output tokens"),
        Fill(
            "consumed_unit",
            "case when {input_tokens} is not null then 'Tokens' end",
            filled="Tokens: what a usage page counts",
            when="{input_tokens} is not null",
        ),
        always("service_category", "start_time", "AI and Machine Learning"),
        always("service_name", "start_time", "OpenAI API"),
        Fill("sku_meter", "line_item"),
        Fill(
            "sku_price_details",
            f"case when {_MODEL} <> '' then json_object('ModelId', {_MODEL})::varchar end",
            filled="ModelId from model or line_item",
            when=f"{_MODEL} <> ''",
            why="when the page is grouped by line_item (costs) or model (usage)",
        ),
    ),
    export="`GET /v1/organization/costs?start_time=…&bucket_width=1d&group_by=line_item,"
    "project_id` with an admin key, every page saved as it is, one file a page in one folder a "
    "month; or Usage, Export, in the dashboard (CSV).",
    notes=(
        "A usage page (`/v1/organization/usage/completions`) may be delivered too, as a source of "
        "its own: its rows cost nothing, their tokens stand beside the bill.",
        "A file holds one page, several one after the other, or a list of them.",
    ),
    example="inbox/billing/openai/*/*.json",
)
