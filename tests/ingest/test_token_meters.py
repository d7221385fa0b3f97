"""Token lines of every bill format: each in its own meter, each token once."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from company import Company

from roi_pipeline import workbench

MONTH = ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")


def table(*rows: Mapping[str, object]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def anthropic(lines: Mapping[str, str]) -> str:
    results = [
        {"currency": "USD", "amount": amount, "model": "m", "token_type": kind, "description": "m"}
        for kind, amount in lines.items()
    ]
    bucket = {"starting_at": MONTH[0], "ending_at": "2026-10-02T00:00:00Z", "results": results}
    return json.dumps({"data": [bucket], "has_more": False, "next_page": None})


def openai(lines: Mapping[str, str]) -> str:
    results = [
        {
            "object": "organization.costs.result",
            "amount": {"value": float(amount), "currency": "usd"},
            "line_item": item,
            "project_id": None,
        }
        for item, amount in lines.items()
    ]
    day = {"object": "bucket", "start_time": 1790812800, "end_time": 1790899200}
    page = {"object": "page", "data": [day | {"results": results}], "has_more": False}
    return json.dumps(page | {"next_page": None})


def cur(lines: Mapping[tuple[str, str, str], str]) -> str:
    return table(
        *(
            {
                "bill/PayerAccountId": "1",
                "bill/BillType": "Anniversary",
                "bill/BillingPeriodStartDate": MONTH[0],
                "bill/BillingPeriodEndDate": MONTH[1],
                "lineItem/LineItemType": "Usage",
                "lineItem/UsageStartDate": MONTH[0],
                "lineItem/UsageEndDate": "2026-10-02T00:00:00Z",
                "lineItem/ProductCode": product,
                "lineItem/UsageType": usage,
                "lineItem/UsageAmount": "3",
                "lineItem/CurrencyCode": "USD",
                "lineItem/UnblendedCost": amount,
                "pricing/unit": unit,
                "product/ProductName": "Model 4 (Amazon Bedrock Edition)" if "MP" in usage else "B",
            }
            for (product, usage, unit), amount in lines.items()
        )
    )


def azure(lines: Mapping[tuple[str, str], str]) -> str:
    return table(
        *(
            {
                "BillingAccountId": "1",
                "Date": "10/05/2026",
                "MeterCategory": "Foundry Models",
                "MeterName": meter,
                "ServiceFamily": "AI + Machine Learning",
                "UnitOfMeasure": unit,
                "Quantity": "3",
                "CostInBillingCurrency": amount,
                "BillingCurrency": "USD",
            }
            for (meter, unit), amount in lines.items()
        )
    )


def gcp(lines: Mapping[str, str]) -> str:
    return "".join(
        json.dumps(
            {
                "billing_account_id": "1",
                "service": {"description": "Vertex AI"},
                "sku": {"id": "s", "description": sku},
                "usage_start_time": MONTH[0],
                "usage_end_time": "2026-10-02T00:00:00Z",
                "usage": {"amount": 3, "unit": "count"},
                "cost": float(amount),
                "currency": "USD",
                "invoice": {"month": "202610"},
                "cost_type": "regular",
            }
        )
        + "\n"
        for sku, amount in lines.items()
    )


def focus(lines: Mapping[tuple[str, str], str]) -> str:
    return table(
        *(
            {
                "BillingPeriodStart": MONTH[0],
                "BillingPeriodEnd": MONTH[1],
                "ChargePeriodStart": MONTH[0],
                "ChargePeriodEnd": "2026-10-02T00:00:00Z",
                "ChargeCategory": "Usage",
                "BilledCost": amount,
                "EffectiveCost": amount,
                "BillingCurrency": "USD",
                "ConsumedQuantity": "3",
                "ConsumedUnit": "1M Tokens",
                "SkuMeter": meter,
                "SkuPriceDetails": details,
            }
            for (meter, details), amount in lines.items()
        )
    )


Bill = tuple[str, Callable[[Any], str], Mapping[Any, str], Mapping[str | None, tuple[str, Any]]]
MILLIONS = Decimal(3_000_000)
BILLS: dict[str, Bill] = {
    "anthropic_cost": (
        "json",
        anthropic,
        {
            "uncached_input_tokens": "30000",
            "cache_read_input_tokens": "100",
            "cache_creation.ephemeral_5m_input_tokens": "200",
            "cache_creation.ephemeral_1h_input_tokens": "300",
            "output_tokens": "700",
        },
        {
            "input": ("300", None),
            "cached": ("1", None),
            "cache_write": ("5", None),
            "output": ("7", None),
        },
    ),
    "openai_costs": (
        "json",
        openai,
        {
            "model-x-2026-08-06, input": "4",
            "model-x-2026-08-06, cached input": "2",
            "model-x-2026-08-06, output": "8",
            "web search tool calls": "16",
        },
        {"input": ("4", None), "cached": ("2", None), "output": ("8", None), None: ("16", None)},
    ),
    "aws_cur": (
        "csv",
        cur,
        {
            ("AmazonBedrock", "USE1-Lite-input-tokens", "1K tokens"): "1",
            ("AmazonBedrock", "USE1-Lite-cache-read-input-token-count", "1K tokens"): "2",
            ("AmazonBedrock", "USE1-Lite-cache-write-input-token-count", "1K tokens"): "4",
            ("AmazonBedrock", "USE1-Lite-output-tokens", "1K tokens"): "8",
            ("6zq2", "USE1-MP:USE1_InputTokenCount-Units", "Units"): "16",
            ("6zq2", "USE1-MP:USE1_CacheWriteInputTokenCount-Units", "Units"): "32",
            ("AmazonElastiCache", "USE1-CacheOutput:node", "Hrs"): "64",
        },
        {
            "input": ("17", Decimal(3_003_000)),
            "cached": ("2", Decimal(3000)),
            "cache_write": ("36", Decimal(3_003_000)),
            "output": ("8", Decimal(3000)),
            None: ("64", Decimal(3)),
        },
    ),
    "azure_cost": (
        "csv",
        azure,
        {
            ("model 4o 0806 Inp glbl Tokens", "1K"): "1",
            ("model 4o 0806 cached Inp glbl Tokens", "1K"): "2",
            ("model 4o 0806 Outp glbl Tokens", "1M"): "4",
            ("C1 Cache", "1 Hour"): "8",
        },
        {
            "input": ("1", Decimal(3000)),
            "cached": ("2", Decimal(3000)),
            "output": ("4", MILLIONS),
            None: ("8", None),
        },
    ),
    "gcp_billing": (
        "jsonl",
        gcp,
        {
            "Model Input Tokens": "1",
            "Generate content cached input token count": "2",
            "Generate content output token count for long input": "4",
            "Model Text Input, characters": "8",
        },
        {
            "input": ("1", Decimal(3)),
            "cached": ("2", Decimal(3)),
            "output": ("4", Decimal(3)),
            None: ("8", Decimal(3)),
        },
    ),
    "focus": (
        "csv",
        focus,
        {
            ("Input Tokens", '{"TokenDirection": "Input", "TokenCacheAction": "Uncached"}'): "1",
            ("Input Tokens", '{"TokenDirection": "Input", "TokenCacheAction": "Read"}'): "2",
            ("Cache Write Input Tokens", ""): "4",
            ("Output Cache", ""): "8",
            ("Reasoning Tokens", ""): "16",
            ("Output Tokens", '{"TokenType": "output"}'): "32",
        },
        {
            "input": ("1", MILLIONS),
            "cached": ("2", MILLIONS),
            "cache_write": ("4", MILLIONS),
            "cached_output": ("8", MILLIONS),
            "reasoning": ("16", MILLIONS),
            "output": ("32", MILLIONS),
        },
    ),
}


@pytest.fixture(scope="module")
def opened() -> duckdb.DuckDBPyConnection:
    con, found = workbench.empty()
    workbench.open_books(con, found)
    return con


@pytest.mark.parametrize("form", BILLS)
def test_each_token_of_a_bill_is_in_one_meter(
    make: Callable[..., Company], opened: duckdb.DuckDBPyConnection, form: str
) -> None:
    ending, write, lines, expected = BILLS[form]
    company = make({"dataset": "billing", "path": "inbox/*", "format": form})
    company.put(f"inbox/bill.{ending}", write(lines))
    assert company.ingest("billing").refused == ()
    billing = company.con.execute("select * from billing").pl()
    opened.execute("begin")
    try:
        workbench.give(opened, "setting", [{"reporting_currency": "USD", "time_zone": "UTC"}])
        opened.register("delivered", billing)
        opened.execute("insert into billing by name from delivered")
        found = opened.execute(
            "select meter, sum(effective_cost), sum(consumed_quantity) from charge group by meter"
        ).fetchall()
        used = {meter: (cost, quantity) for meter, cost, quantity in found}
        assert used == {
            meter: (Decimal(cost), quantity) for meter, (cost, quantity) in expected.items()
        }
    finally:
        opened.execute("rollback")
