"""Real bills load with their known totals, or are refused for the right reason."""

import csv
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from company import Company

FOCUS = "data/billing"
USD = {"billing_currency": "=USD"}


def one_source(make: Callable[..., Company], dataset: str, **source: object) -> Company:
    return make({"dataset": dataset, "path": f"inbox/{dataset}/*", **source})


def totals(company: Company, column: str = "billed_cost") -> object:
    return company.value(f"select sum({column}) from billing")


def test_the_focus_sample_adds_up_per_provider_to_the_last_digit(
    shared: Path, bills: Company
) -> None:
    sample = shared / FOCUS / "focus_sample_1.0/focus_sample.csv"
    expected: dict[str, list[Decimal]] = {}
    with sample.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            sums = expected.setdefault(row["ProviderName"], [Decimal(0)] * 3)
            costs = (row["BilledCost"], row["ListCost"], row["EffectiveCost"])
            expected[row["ProviderName"]] = [
                a + Decimal(b) for a, b in zip(sums, costs, strict=True)
            ]
    bills.put("inbox/billing/focus_sample.csv", sample.read_bytes())

    (receipt,) = bills.ingest("billing").receipts

    assert (receipt.rows_read, receipt.rows_accepted, receipt.residue) == (1000, 1000, 0)
    assert receipt.notes["focus_version"] == "1.0"
    found = bills.rows(
        """select x ->> 'ProviderName', sum(billed_cost), sum(list_cost), sum(effective_cost),
            count(*) from billing group by 1"""
    )
    assert {provider: list(sums) for provider, *sums, _ in found} == expected
    assert {provider: rows for provider, *_, rows in found} == {
        "AWS": 942,
        "Microsoft": 51,
        "Oracle": 7,
    }
    late = bills.rows(
        """select billing_month, charge_period_start::date from billing
        where charge_period_start < billing_period_start"""
    )
    assert late == [(date(2024, 10, 1), date(2024, 9, 30))]
    assert bills.value("select count(*) from billing where tags ->> 'org' = 'trey'") > 0
    assert bills.value("select count(*) from billing where contracted_cost is null") == 7


CORRECTIONS = {
    "closed_s1_original": ("1500", "2025-05-04 00:00:00"),
    "closed_s1_delta": ("0", "2025-07-05 00:00:00"),
    "closed_s1_ledger": ("0", "2025-07-05 00:00:00"),
    "closed_s2_late_arriving_delta": ("1500", "2025-07-05 00:00:00"),
    "closed_s3_itemized_original": ("4.195398", "2025-05-04 00:00:00"),
    "closed_s3_itemized_delta": ("0.002", "2025-07-05 00:00:00"),
    "open_prev_s1_original": ("1500", "2025-06-04 00:00:00"),
    "open_prev_s1_replacement": ("1500", "2025-07-05 00:00:00"),
}


@pytest.mark.parametrize("name", CORRECTIONS)
def test_focus_correction_examples(shared: Path, make: Callable[..., Company], name: str) -> None:
    body = (shared / FOCUS / f"focus_spec_corrections/{name}.csv").read_bytes()
    without = one_source(make, "billing")
    without.put("inbox/billing/a.csv", body)
    assert "lacks 'billing_currency'" in without.ingest("billing").refused[0].reason
    company = one_source(make, "billing", columns=USD)
    company.put("inbox/billing/a.csv", body)
    (receipt,) = company.ingest("billing").receipts
    billed, exported_at = CORRECTIONS[name]
    assert receipt.money_total == totals(company) == Decimal(billed)
    assert str(receipt.exported_at).startswith(exported_at)
    assert receipt.rows_quarantined == 0
    classes = {found for (found,) in company.rows("select distinct charge_class from billing")}
    assert classes <= {None, "Correction"}, "(null) is no class"


def test_a_replacement_supersedes_the_snapshot_of_its_open_period(
    shared: Path, make: Callable[..., Company], oracles: Path
) -> None:
    oracle = json.loads((oracles / "billing.json").read_text())["focus_corrections"]
    for mechanism, total in (("overwrite", "overwrite_total"), ("append", "wrong_if_appended")):
        company = one_source(make, "billing", columns=USD, mechanism=mechanism)
        for part in ("replacement", "original"):
            source = shared / FOCUS / f"focus_spec_corrections/open_prev_s1_{part}.csv"
            company.put(f"inbox/billing/{part}.csv", source.read_bytes())
            company.ingest("billing")
        assert totals(company) == Decimal(oracle["open_prev_s1"][total])


def test_a_correction_of_a_closed_period_adds_up_by_resource(
    shared: Path, make: Callable[..., Company], oracles: Path
) -> None:
    oracle = json.loads((oracles / "billing.json").read_text())["focus_corrections"]["closed_s1"]
    company = one_source(make, "billing", columns=USD)
    for part in ("original", "delta"):
        source = shared / FOCUS / f"focus_spec_corrections/closed_s1_{part}.csv"
        company.put(f"inbox/billing/{part}.csv", source.read_bytes())
    company.ingest("billing")
    found = company.rows(
        "select resource_id, sum(billed_cost), sum(consumed_quantity) from billing group by 1"
    )
    assert {r: cost for r, cost, _ in found} == {
        r: Decimal(v) for r, v in oracle["net_by_resource"].items()
    }
    assert {r: n for r, _, n in found} == {r: Decimal(v) for r, v in oracle["qty"].items()}
    months = company.rows(
        "select strftime(month, '%Y-%m'), amount from delivery_months where is_live order by 1"
    )
    assert dict(months) == {k: Decimal(v) for k, v in oracle["billed_by_billing_period"].items()}


AI = {  # rows, billed, effective
    "cached_tokens_via_csp_marketplace": (2, "47.50", "47.50"),
    "csp_served_third_party_model": (2, "4.50", "4.50"),
    "drawdown_via_prepayment_ai_model_api": (3, "500000.00", "50.00"),
    "multi_model_invoice_via_csp_marketplace": (8, "2037.36", "2037.36"),
    "multi_model_usage": (4, None, None),
    "per_token_foundation_model_api": (2, "94.50", "94.50"),
}


@pytest.mark.parametrize("name", AI)
def test_focus_ai_examples(shared: Path, bills: Company, name: str) -> None:
    source = shared / FOCUS / f"focus_spec_ai/{name}.csv"
    with source.open(encoding="utf-8", newline="") as rows:
        expected = sum(Decimal(row["BilledCost"]) for row in csv.DictReader(rows))
    bills.put("inbox/billing/a.csv", source.read_bytes())
    (receipt,) = bills.ingest("billing").receipts
    count, billed, effective = AI[name]
    assert (receipt.rows_accepted, totals(bills)) == (count, expected)
    if billed is not None:
        assert (totals(bills), totals(bills, "effective_cost")) == (
            Decimal(billed),
            Decimal(effective),
        )
    tokens = bills.value(
        "select count(*) from billing where charge_category = 'Usage' "
        "and json_valid(sku_price_details) and (sku_price_details ->> 'ModelId') is not null"
    )
    assert tokens == bills.value("select count(*) from billing where charge_category = 'Usage'")


HOUR_30 = {  # a charge that ends at 2023-02-01T30:00:00Z
    "commitment_discount_purchase_scenario_2": "3",
    "commitment_discount_purchase_scenario_3": "4381.5",
}
BAD_DATES = "bad billing_period_start"
CUT = "the last line has no line end"
US_DATES = (
    *("simple_saas_agreements_a1", "simple_saas_agreements_a2", "simple_saas_agreements_a3"),
    "simple_saas_agreements_b",
)
NO_LINE_END = (
    *("saas_spend_agreements_a1", "saas_spend_agreements_a2", "saas_spend_agreements_b1"),
    *("saas_spend_agreements_b2", "simple_saas_agreements_c"),
    *(f"virtual_currency_pricing_model_{part}" for part in ("a1", "a2", "b1", "b2", "b3", "c")),
)
COMMITMENTS = {  # billed, effective
    "commitment_discount_purchase_scenario_1": ("8760", "0"),
    "commitment_discount_usage_scenario_1": ("0", "1"),
    "commitment_discount_usage_scenario_2": ("0", "1"),
    "commitment_discount_usage_scenario_3": ("0", "1"),
    "commitment_discount_usage_scenario_4": ("0.50", "1.50"),
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource": None,
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources": None,
    "one_hundred_percent_utilization_without_commitment_discount_flexibility": None,
    "zero_percent_utilization_without_commitment_discount_flexibility": ("3.50", "3.50"),
}


@pytest.mark.parametrize("name", COMMITMENTS)
def test_focus_commitment_examples(shared: Path, make: Callable[..., Company], name: str) -> None:
    company = one_source(make, "billing", columns=USD)
    source = shared / FOCUS / f"focus_spec_1.2_examples/{name}.csv"
    with source.open(encoding="utf-8-sig", newline="") as rows:
        read = list(csv.DictReader(rows))
    expected = [sum(Decimal(row[c]) for row in read) for c in ("BilledCost", "EffectiveCost")]
    company.put("inbox/billing/a.csv", source.read_bytes())
    (receipt,) = company.ingest("billing").receipts
    assert receipt.rows_accepted == len(read)
    assert [totals(company), totals(company, "effective_cost")] == expected
    if known := COMMITMENTS[name]:
        assert expected == [Decimal(value) for value in known]


@pytest.mark.parametrize("name", HOUR_30)
def test_focus_examples_with_an_hour_30_are_refused_or_put_aside_with_their_money(
    shared: Path, make: Callable[..., Company], name: str
) -> None:
    body = (shared / FOCUS / f"focus_spec_1.2_examples/{name}.csv").read_bytes()
    strict = one_source(make, "billing", columns=USD)
    strict.put("inbox/billing/a.csv", body)
    assert "bad charge_period_end 1" in strict.ingest("billing").refused[0].reason
    source = {"dataset": "billing", "path": "inbox/billing/*", "columns": USD}
    lenient = make(source, max_quarantined_share=0.5)
    lenient.put("inbox/billing/a.csv", body)
    (receipt,) = lenient.ingest("billing").receipts
    aside = lenient.value("select sum(amount) from quarantine")
    assert receipt.money_total + aside == Decimal(HOUR_30[name])


@pytest.mark.parametrize("name", [*US_DATES, *NO_LINE_END])
def test_focus_examples_with_us_dates_are_refused(shared: Path, bills: Company, name: str) -> None:
    body = (shared / FOCUS / f"focus_spec_1.2_examples/{name}.csv").read_bytes()
    bills.put("inbox/billing/a.csv", body)
    said = BAD_DATES if name in US_DATES else CUT
    assert said in bills.ingest("billing").refused[0].reason
    bills.put("inbox/billing/b.csv", body.rstrip(b"\r\n") + b"\n")
    reason = bills.ingest("billing").refused[-1].reason
    assert BAD_DATES in reason
    assert "dates are YYYY-MM-DD" in reason


def test_focus_examples_load_once_their_dates_are_written_out(shared: Path, bills: Company) -> None:
    body = (shared / FOCUS / "focus_spec_1.2_examples/simple_saas_agreements_a1.csv").read_text()
    for us, iso in (("5/1/25", "2025-05-01"), ("4/1/25", "2025-04-01"), ("4/1/26", "2026-04-01")):
        body = body.replace(f",{us},", f",{iso},").replace(f",{us},", f",{iso},")
    bills.put("inbox/billing/a.csv", body)
    (receipt,) = bills.ingest("billing").receipts
    assert receipt.money_total == 10_000, "$10,000.00 with a trailing blank"


def test_every_focus_example_is_accounted_for(shared: Path) -> None:
    found = {file.stem for file in (shared / FOCUS / "focus_spec_1.2_examples").glob("*.csv")}
    assert found == {*COMMITMENTS, *HOUR_30, *US_DATES, *NO_LINE_END}
    assert {f.stem for f in (shared / FOCUS / "focus_spec_ai").glob("*.csv")} == set(AI)
    found = {file.stem for file in (shared / FOCUS / "focus_spec_corrections").glob("*.csv")}
    assert found == set(CORRECTIONS)


@pytest.mark.parametrize(
    "path",
    [
        "focus_converters/sample-anonymous-aws-export-dataset.csv",
        "focus_converters/sample-anonymous-ea-export-dataset.csv",
        "finops_toolkit/EA_NoRows.csv",
        "koku/test_cur.csv.gz",
        "koku/gcp_2022-08-01_5.csv",
    ],
)
def test_a_bill_of_another_format_is_refused_by_its_columns(
    shared: Path, bills: Company, path: str
) -> None:
    bills.put("inbox/billing/a", (shared / FOCUS / path).read_bytes())
    assert "the header lacks" in bills.ingest("billing").refused[0].reason
