"""A Parquet file gives the rows of the same CSV, whatever native types its columns have."""

from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest
from company import Company

Make = Callable[..., Company]
Row = dict[str, str]
# Of every column what it holds: an instant, a Day, a number, a whole number, a flag or text.
AT, ON, NUMBER, WHOLE, FLAG, TEXT = "at", "on", "number", "whole", "flag", "text"
PERIOD = {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}
DAY = {"start": "2026-10-05T00:00:00Z", "end": "2026-10-06T00:00:00Z"}
FILES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "focus": (
        "billing",
        {
            "BillingPeriodStart": (AT, PERIOD["start"]),
            "BillingPeriodEnd": (AT, PERIOD["end"]),
            "ChargePeriodStart": (AT, DAY["start"]),
            "ChargePeriodEnd": (AT, DAY["end"]),
            "ChargeCategory": (TEXT, "Usage"),
            "BilledCost": (NUMBER, "1.25"),
            "EffectiveCost": (NUMBER, "1.5"),
            "ListCost": (NUMBER, "2.5"),
            "ConsumedQuantity": (NUMBER, "7.5"),
            "BillingCurrency": (TEXT, "USD"),
            "BillingAccountId": (TEXT, "0042"),
            "x_ExportDateTime": (AT, "2026-11-02T00:00:00Z"),
        },
    ),
    "aws_cur": (
        "billing",
        {
            "bill_payer_account_id": (TEXT, "0042"),
            "bill_billing_period_start_date": (AT, PERIOD["start"]),
            "bill_billing_period_end_date": (AT, PERIOD["end"]),
            "line_item_usage_start_date": (AT, DAY["start"]),
            "line_item_usage_end_date": (AT, DAY["end"]),
            "line_item_line_item_type": (TEXT, "SavingsPlanRecurringFee"),
            "line_item_product_code": (TEXT, "ComputeSavingsPlans"),
            "line_item_unblended_cost": (NUMBER, "5.25"),
            "line_item_usage_amount": (NUMBER, "1.5"),
            "line_item_currency_code": (TEXT, "USD"),
            "savings_plan_total_commitment_to_date": (NUMBER, "5.25"),
            "savings_plan_used_commitment": (NUMBER, "3.125"),
        },
    ),
    "azure_cost": (
        "billing",
        {
            "BillingAccountId": (TEXT, "0042"),
            "BillingPeriodStartDate": (ON, "2026-10-01"),
            "BillingPeriodEndDate": (ON, "2026-10-31"),
            "Date": (ON, "2026-10-05"),
            "MeterCategory": (TEXT, "Virtual Machines"),
            "ChargeType": (TEXT, "Usage"),
            "CostInBillingCurrency": (NUMBER, "1.25"),
            "Quantity": (NUMBER, "2.5"),
            "BillingCurrency": (TEXT, "USD"),
        },
    ),
    "gcp_billing": (
        "billing",
        {
            "billing_account_id": (TEXT, "01AB"),
            "usage_start_time": (AT, DAY["start"]),
            "usage_end_time": (AT, DAY["end"]),
            "export_time": (AT, "2026-11-02T00:00:00Z"),
            "invoice.month": (TEXT, "202610"),
            "cost": (NUMBER, "10.5"),
            "cost_at_list": (NUMBER, "12.5"),
            "usage.amount": (NUMBER, "3600.5"),
            "currency": (TEXT, "USD"),
            "cost_type": (TEXT, "regular"),
        },
    ),
    "oci_cost": (
        "billing",
        {
            "lineItem/tenantId": (TEXT, "ocid1"),
            "lineItem/intervalUsageStart": (AT, DAY["start"]),
            "lineItem/intervalUsageEnd": (AT, DAY["end"]),
            "lineItem/isCorrection": (FLAG, "true"),
            "cost/myCost": (NUMBER, "1.25"),
            "cost/currencyCode": (TEXT, "USD"),
            "usage/billedQuantity": (NUMBER, "2.5"),
            "product/service": (TEXT, "COMPUTE"),
        },
    ),
    "openai_costs": (
        "billing",
        {
            "start_time": (WHOLE, "1790812800"),
            "end_time": (WHOLE, "1790899200"),
            "amount_value": (NUMBER, "1.25"),
            "amount_currency": (TEXT, "usd"),
            "input_tokens": (WHOLE, "7"),
            "output_tokens": (WHOLE, "8"),
            "project_id": (TEXT, "proj"),
        },
    ),
    "anthropic_cost": (
        "billing",
        {
            "starting_at": (AT, DAY["start"]),
            "ending_at": (AT, DAY["end"]),
            "amount": (NUMBER, "125.5"),
            "currency": (TEXT, "USD"),
            "description": (TEXT, "tokens"),
        },
    ),
    "capex": (
        "capex",
        {
            "asset_id": (TEXT, "gpu-1"),
            "acquired_on": (ON, "2026-10-05"),
            "in_service_on": (ON, "2026-10-06"),
            "cost": (NUMBER, "1200.5"),
            "currency": (TEXT, "USD"),
            "life_months": (WHOLE, "36"),
            "power_kw": (NUMBER, "0.75"),
            "system_id": (TEXT, "card-fraud"),
        },
    ),
    "asset_events": (
        "asset_events",
        {
            "asset_id": (TEXT, "gpu-1"),
            "event_on": (ON, "2026-10-05"),
            "kind": (TEXT, "impairment"),
            "amount": (NUMBER, "12.5"),
        },
    ),
    "operating_costs": (
        "operating_costs",
        {
            "entry_id": (TEXT, "e-1"),
            "document_on": (ON, "2026-10-05"),
            "service_start": (ON, "2026-10-01"),
            "amount": (NUMBER, "12.5"),
            "currency": (TEXT, "USD"),
            "category": (TEXT, "labour"),
            "system_id": (TEXT, "card-fraud"),
            "avoidable": (FLAG, "false"),
        },
    ),
    "fx": (
        "fx",
        {
            "on": (ON, "2026-10-05"),
            "currency": (TEXT, "USD"),
            "rate": (NUMBER, "1.0625"),
            "base": (TEXT, "EUR"),
        },
    ),
    "predictions": (
        "predictions",
        {
            "prediction_id": (TEXT, "p-1"),
            "predicted_at": (AT, DAY["start"]),
            "system_id": (TEXT, "card-fraud"),
            "model_version": (TEXT, "v1"),
            "decision": (TEXT, "block"),
            "score": (NUMBER, "0.5"),
            "amount": (NUMBER, "12.5"),
            "latency_ms": (NUMBER, "20.5"),
            "input_tokens": (WHOLE, "7"),
        },
    ),
    "outcomes": (
        "outcomes",
        {
            "prediction_id": (TEXT, "p-1"),
            "observed_at": (AT, DAY["start"]),
            "outcome": (TEXT, "fraud"),
            "amount": (NUMBER, "12.5"),
            "quantity": (NUMBER, "2.5"),
        },
    ),
}
VARIANTS = {  # instants, days, numbers, whole numbers, flags, texts
    "BigQuery": ("timestamptz", "date", "decimal(38, 9)", "bigint", "boolean", "varchar"),
    "pandas": ("timestamp_ns", "timestamp_ns", "double", "double", "boolean", "varchar"),
    "Athena": ("timestamp_ms", "date", "double", "integer", "boolean", "blob"),
    "Spark": ("timestamp", "timestamp", "decimal(18, 6)", "integer", "boolean", "varchar"),
    "seconds": ("timestamp_s", "timestamp_s", "float", "hugeint", "boolean", "enum"),
    "binary": ("blob", "blob", "blob", "blob", "blob", "blob"),
    "texts": ("varchar", "varchar", "varchar", "varchar", "varchar", "varchar"),
}


def company_of(make: Make, name: str) -> Company:
    dataset, _ = FILES[name]
    source = {"dataset": dataset, "path": "inbox/*", "time_zone": "UTC"}
    return make({**source, **({"format": name} if dataset == "billing" else {})})


def native(kinds: tuple[str, ...], holds: str, value: str) -> str:
    """SQL of a value in the type that a variant writes it in."""
    kind = dict(zip((AT, ON, NUMBER, WHOLE, FLAG, TEXT), kinds, strict=True))[holds]
    if holds == AT and kind not in ("timestamptz", "varchar"):
        value = value.removesuffix("Z")
    return f"'{value}'::enum('{value}')" if kind == "enum" else f"'{value}'::{kind}"


def put_parquet(company: Company, columns: dict[str, str]) -> None:
    file = company.put("inbox/a", b"")
    listed = ", ".join(f'{sql} as "{name}"' for name, sql in columns.items())
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"copy (select {listed}) to '{file}' (format parquet)")


def rows_of(company: Company, name: str) -> list[tuple[object, ...]]:
    dataset, _ = FILES[name]
    report = company.ingest(dataset)
    assert report.refused == (), report.refused[0].reason
    kept = "* exclude (delivery_id, x)" if dataset == "billing" else "* exclude (delivery_id)"
    return company.rows(f"select {kept} from {dataset}")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FILES)
def test_a_parquet_file_gives_the_rows_of_the_same_csv(make: Make, name: str, variant: str) -> None:
    _, columns = FILES[name]
    plain = company_of(make, name)
    plain.put("inbox/a", ",".join(columns) + "\n" + ",".join(v for _, v in columns.values()) + "\n")
    company = company_of(make, name)
    kinds = VARIANTS[variant]
    put_parquet(company, {key: native(kinds, *column) for key, column in columns.items()})
    assert rows_of(company, name) == rows_of(plain, name)


@pytest.mark.parametrize(
    "kind", ["timestamptz", "timestamp", "timestamp_ns", "timestamp_ms", "timestamp_s", "date"]
)
@pytest.mark.parametrize("name", ["focus", "gcp_billing"])
def test_a_native_export_time_says_which_export_is_newer(make: Make, name: str, kind: str) -> None:
    _, columns = FILES[name]
    exported = "x_ExportDateTime" if name == "focus" else "export_time"
    company = company_of(make, name)
    for day in (3, 2):
        put_parquet(
            company,
            {key: native(VARIANTS["BigQuery"], *column) for key, column in columns.items()}
            | {exported: f"'2026-11-0{day} 00:00:00'::{kind}"},
        )
        (company.folder / "inbox/a").rename(company.folder / f"inbox/day-{day}")
    assert company.ingest("billing").refused == ()
    assert company.rows(
        "select exported_at::date::varchar from deliveries join delivery_months "
        "using (dataset, delivery_id) where is_live"
    ) == [("2026-11-03",)]


@pytest.mark.parametrize("kind", ["integer", "double", "boolean", "varchar[]"])
def test_an_export_time_that_is_none_leaves_the_time_of_the_file(make: Make, kind: str) -> None:
    _, columns = FILES["gcp_billing"]
    company = company_of(make, "gcp_billing")
    put_parquet(
        company,
        {key: native(VARIANTS["BigQuery"], *column) for key, column in columns.items()}
        | {"export_time": f"null::{kind}"},
    )
    assert rows_of(company, "gcp_billing")
    assert company.rows("select exported_at from deliveries") == [(None,)]


def test_a_bigquery_row_with_structs_and_a_list_of_credits(make: Make) -> None:
    company = make({"dataset": "billing", "path": "inbox/*", "format": "gcp_billing"})
    put_parquet(
        company,
        {
            "billing_account_id": "'01AB'",
            "usage_start_time": "timestamptz '2026-10-05 00:00:00+00'",
            "usage_end_time": "timestamptz '2026-10-06 00:00:00+00'",
            "export_time": "timestamptz '2026-10-07 01:02:03.456789+00'",
            "invoice": "{'month': '202610'}",
            "project": "{'id': 'desk', 'labels': [{'key': 'a', 'value': 'b'}]}",
            "labels": "[{'key': 'system', 'value': 'card-fraud'}]",
            "cost": "20.0::double",
            "currency": "'USD'",
            "currency_conversion_rate": "1.0::double",
            "usage": "{'amount': 3600.0::double, 'unit': 'seconds'}",
            "credits": "[{'name': 'x', 'amount': -4.0::double}, {'name': 'y', 'amount': -1.0}]",
            "cost_type": "'regular'",
        },
    )
    assert company.ingest("billing").refused == ()
    assert company.rows("select billed_cost, sub_account_id, tags ->> 'system' from billing") == [
        (Decimal(15), "desk", "card-fraud")
    ]


@pytest.mark.parametrize(
    ("labels", "tag"),
    [
        ("map {'system': 'card-fraud'}", "card-fraud"),
        ("{'system': 'card-fraud'}", "card-fraud"),
        ("[{'key': 'system', 'value': 'card-fraud'}]", "card-fraud"),
        ("""'{"system": "card-fraud"}'""", "card-fraud"),
    ],
)
@pytest.mark.parametrize(("name", "column"), [("gcp_billing", "labels"), ("focus", "Tags")])
def test_tags_may_be_maps_structs_or_text(
    make: Make, name: str, column: str, labels: str, tag: str
) -> None:
    if (name, labels[0]) == ("focus", "["):
        pytest.skip("FOCUS has an object of tags, never a list")
    company = company_of(make, name)
    columns = {key: native(VARIANTS["BigQuery"], *c) for key, c in FILES[name][1].items()}
    put_parquet(company, columns | {column: labels})
    assert company.ingest("billing").refused == ()
    assert company.rows(f"select tags ->> 'system' from {FILES[name][0]}") == [(tag,)]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("capex", "disposed_on"),
        ("capex", "salvage_value"),
        ("operating_costs", "service_end"),
        ("predictions", "entity_id"),
        ("outcomes", "unit"),
        ("focus", "InvoiceId"),
    ],
)
@pytest.mark.parametrize("kind", ["integer", "double", "boolean"])
def test_a_column_without_any_value_may_have_any_type(
    make: Make, name: str, column: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data frame does not know the type of a column that is empty."""
    monkeypatch.setenv("ROI_PII_KEY", "a long key for tests")
    company = company_of(make, name)
    columns = {key: native(VARIANTS["Spark"], *c) for key, c in FILES[name][1].items()}
    put_parquet(company, columns | {column: f"null::{kind}"})
    assert len(rows_of(company, name)) == 1


def test_a_date_that_is_a_number_is_refused_by_column_and_type(make: Make) -> None:
    company = company_of(make, "operating_costs")
    columns = {k: native(VARIANTS["Spark"], *c) for k, c in FILES["operating_costs"][1].items()}
    put_parquet(company, columns | {"document_on": "20261005::integer"})
    (refusal,) = company.ingest("operating_costs").refused
    assert "document_on is INTEGER; expected text or DATE" in refusal.reason
