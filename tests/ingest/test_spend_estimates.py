"""What a gateway's log thinks its calls cost stands beside the bill, and in no cost."""

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from company import BILL, BILLING, SYSTEM, Company, lines

from roi_pipeline import warehouse
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models import registry
from roi_pipeline.pipeline import settings
from roi_pipeline.pipeline.settings import Scope

OCTOBER = date(2026, 10, 1)
GATEWAY = {
    "dataset": "predictions",
    "id": "gateway",
    "path": "inbox/gateway/*",
    "format": "litellm_spend",
    "columns": {"system_id": "=card-fraud", "decision": "=answered"},
}
TOLD = (
    "select bill, provider, calls, estimate, billed, difference, ratio, missing_reason "
    "from spend_estimate_monthly order by bill, provider"
)


def company_of(make: Callable[..., Company], billed_by: dict[str, str], **keys: Any) -> Company:
    return make(
        {**GATEWAY, "billed_by": billed_by},
        {"dataset": "billing", "id": "openai-bill", "path": "inbox/openai/*"},
        {"dataset": "billing", "id": "aws", "path": "inbox/aws/*"},
        systems=[SYSTEM | {"invested_on": "2025-01-01"}],
        **keys,
    )


def call(number: int, spend: object, at: str = "2026-10-05T08:00:00Z", **other: Any) -> str:
    record = {
        "request_id": f"chatcmpl-{number}",
        "startTime": at,
        "endTime": at,
        "model": "gpt-x",
        "custom_llm_provider": "openai",
        "prompt_tokens": 120,
        "completion_tokens": 30,
        "spend": spend,
        **other,
    }
    return json.dumps(record) + "\n"


def told(company: Company, month: date = OCTOBER) -> list[tuple[Any, ...]]:
    """The mart of a month, from what was taken in."""
    company.ingest("predictions")
    company.ingest("billing")
    found = registry.load()
    scope = Scope.through(company.portfolio, month)
    settings.write(company.con, settings.rows_of(company.portfolio, found, scope, {}))
    for name in ("spend_estimate", "spend_estimate_monthly"):
        query = f"create or replace temp view {name} as {found[name].sql}"
        company.con.execute(query)
    assert warehouse.count(company.con, "spend_estimate_monthly") > 0
    return company.rows(TOLD.replace(" order", " where month = ? order"), month)


def test_an_estimate_stands_beside_its_bill(make: Callable[..., Company]) -> None:
    company = company_of(make, {"openai": "openai-bill", "bedrock": "aws/Amazon Bedrock"})
    company.put("inbox/openai/a.csv", lines(BILLING, [BILL.format(cost="0.35")]))
    bedrock = BILL.format(cost="2") + ",Amazon Bedrock"
    company.put(
        "inbox/aws/a.csv",
        lines(f"{BILLING},ServiceName", [bedrock, BILL.format(cost="90") + ",DNS"]),
    )
    calls = [
        call(1, 0.1),
        call(2, 3e-05),
        call(3, 0.2),
        call(4, "n/a"),
        call(5, 9, "2026-11-01T00:00:00Z"),
    ]
    calls += [
        call(6, 1.5, model="bedrock/claude", custom_llm_provider=""),
        call(7, 4, custom_llm_provider="<b>"),
    ]
    company.put("inbox/gateway/a.jsonl", "".join(calls))
    assert told(company) == [
        ("", "unnamed", 1, 4, None, None, None, "no_bill_named"),
        (
            "aws/Amazon Bedrock",
            "bedrock",
            1,
            Decimal("1.5"),
            2,
            Decimal("0.5"),
            Decimal("1.333333"),
            None,
        ),
        (
            "openai-bill",
            "openai",
            3,
            Decimal("0.30003"),
            Decimal("0.35"),
            Decimal("0.04997"),
            Decimal("1.166550"),
            None,
        ),
    ]


def test_a_newer_log_of_a_month_replaces_its_estimate(make: Callable[..., Company]) -> None:
    company = make({**GATEWAY, "mechanism": "overwrite"})
    company.put("inbox/gateway/a.jsonl", call(1, 1) + call(2, 1))
    assert told(company) == [("", "openai", 2, 2, None, None, None, "no_bill_named")]
    company.put("inbox/gateway/a.jsonl", call(1, 1) + call(2, 1) + call(3, 5))
    assert told(company) == [("", "openai", 3, 7, None, None, None, "no_bill_named")]


def test_the_month_is_the_one_of_the_portfolios_zone(make: Callable[..., Company]) -> None:
    company = company_of(make, {}, time_zone="Asia/Kolkata")
    company.put(
        "inbox/gateway/a.jsonl",
        call(1, 1, "2026-09-30T18:30:00Z") + call(2, 7, "2026-09-30T18:29:59Z"),
    )
    assert told(company) == [("", "openai", 1, 1, None, None, None, "no_bill_named")]


def test_a_bill_that_no_source_has_is_named(make: Callable[..., Company]) -> None:
    with pytest.raises(ConfigurationError, match=r"billed_by.openai 'opnai': .*openai-bill, aws"):
        company_of(make, {"openai": "opnai"})


def test_published_prices_against_a_published_bill(
    make: Callable[..., Company], shared: Path
) -> None:
    """The tokens that the FOCUS example bills, as calls priced by LiteLLM's list for gpt-4o: 13
    million in at 2.50 and 2.5 million out at 10 are 57.50, the bill says 104.50."""
    published = shared / "data" / "billing"
    bill = published / "focus_spec_ai" / "multi_model_usage.csv"
    listed = published / "llm_api" / "litellm_model_prices_2025-08.json"
    prices = json.loads(listed.read_text())["gpt-4o"]
    company = company_of(make, {"openai": "openai-bill"})
    company.put("inbox/openai/bill.csv", bill.read_bytes())
    calls = []
    for number, row in enumerate(csv.DictReader(bill.open(encoding="utf-8"))):
        side = "input" if "Input" in row["SkuMeter"] else "output"
        spend = int(row["ConsumedQuantity"]) * prices[f"{side}_cost_per_token"]
        calls.append(call(number, spend, row["ChargePeriodStart"]))
    company.put("inbox/gateway/a.jsonl", "".join(calls))
    ((bill_name, _, count, estimate, billed, difference, _, reason),) = told(
        company, date(2025, 5, 1)
    )
    assert (bill_name, count, reason) == ("openai-bill", 4, None)
    assert (round(estimate, 12), billed) == (Decimal("57.5"), Decimal("104.5"))  # a sum of floats
    assert difference == billed - estimate
