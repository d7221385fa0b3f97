"""Numbers that can be read in two ways are refused with the remedy, those that cannot are read
(contracts §3.4)."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal

import duckdb
import pytest
from company import BILL, BILLING, PREDICTION, PREDICTIONS, Company, lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Make = Callable[..., Company]
COSTS = "entry_id,document_on,amount,currency,category,system_id"
CAPEX = (
    "asset_id,acquired_on,in_service_on,cost,currency,life_months,system_id,salvage_value,power_kw"
)


def costs(values: Sequence[str], currency: str = "EUR") -> str:
    rows = [
        f'e{i},2026-10-05,"{value}",{currency},labour,card-fraud' for i, value in enumerate(values)
    ]
    return lines(COSTS, rows)


def report_of(make: Make, dataset: str, content: str | bytes, **source: object) -> Company:
    company = make({"dataset": dataset, "path": "inbox/*", **source})
    company.put("inbox/a.csv", content)
    company.report = company.ingest(dataset)  # type: ignore[attr-defined]
    return company


def reason(company: Company) -> str:
    (refusal,) = company.report.refused  # type: ignore[attr-defined]
    return str(refusal.reason)


AMBIGUOUS = [
    ["1.234", "12.500", "980"],
    ["1.234"],
    ["4.500", "5.200", "12.500"],
    ["-1.234", "+2.000"],
    ["1.234.567", "1.000"],
    ["10.000", "", "7"],
    ["1.234", " 2.345 "],
]
PLAIN = [
    ["1.234", "0.125"],
    ["1.234", "12.5"],
    ["1.234", "12.50"],
    ["1.234", "1234.567"],
    ["1.234", "1.2340"],
    ["0.125", "0.250"],
    ["1.234", "1.5e2"],
    ["1.234", ".5"],
    ["1.234", "01.234"],
    ["1234", "980"],
    ["1234.00"],
    ["0.000", "7.125"],
]


@pytest.mark.parametrize("values", AMBIGUOUS, ids=" ".join)
def test_thousands_that_may_be_decimals_refuse_a_ledger(make: Make, values: list[str]) -> None:
    company = report_of(make, "operating_costs", costs([v or "3" for v in values]))
    assert "amount (column 3): every point" in reason(company)
    assert "1.234 may be a thousand" in reason(company)
    assert 'dialect: {decimal: "."} for source operating_costs' in reason(company)
    assert company.value("select count(*) from operating_costs") == 0


@pytest.mark.parametrize("values", PLAIN, ids=" ".join)
def test_one_number_that_is_no_thousand_says_how_all_are_written(
    make: Make, values: list[str]
) -> None:
    company = report_of(make, "operating_costs", costs(values))
    assert company.report.refused == ()  # type: ignore[attr-defined]
    found = company.rows("select amount from operating_costs order by row_no")
    assert [amount for (amount,) in found] == [Decimal(value) for value in values]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6))
def test_whole_amounts_as_they_are_printed_with_points_are_never_read_small(
    make: Make, amounts: list[int]
) -> None:
    printed = [f"{amount:,}".replace(",", ".") for amount in amounts]
    company = report_of(make, "operating_costs", costs(printed))
    found = company.rows("select amount from operating_costs order by row_no")
    assert [amount for (amount,) in found] in ([], amounts)


def test_a_declared_decimal_sign_is_taken(make: Make) -> None:
    company = report_of(
        make, "operating_costs", costs(["1.234", "12.500"]), dialect={"decimal": "."}
    )
    assert company.value("select sum(amount) from operating_costs") == Decimal("13.734")


@pytest.mark.parametrize("sign", [",", "'", ""])
def test_another_decimal_sign_cannot_be_declared_yet(make: Make, sign: str) -> None:
    with pytest.raises(Exception, match="dialect"):
        make({"dataset": "operating_costs", "path": "inbox/*", "dialect": {"decimal": sign}})


def test_a_currency_of_three_decimals_is_read_and_its_thousands_are_not(make: Make) -> None:
    company = report_of(make, "operating_costs", costs(["1.234", "12.500", "980.000"], "KWD"))
    assert company.report.refused == ()  # type: ignore[attr-defined]
    mixed = report_of(make, "operating_costs", costs(["1.234", "12.500", "980"], "KWD"))
    assert "may be a thousand" in reason(mixed)
    stated = report_of(
        make,
        "operating_costs",
        costs(["1.234", "12.500"]).replace("currency", "money"),
        columns={"currency": "=KWD"},
    )
    assert stated.report.refused == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("column", "power"), [("cost", "0.7"), ("power_kw", "1.500")])
def test_a_column_of_a_register_speaks_for_itself(make: Make, column: str, power: str) -> None:
    cost = "12.500" if column == "cost" else "12500.00"
    row = f"gpu-1,2026-10-05,2026-10-05,{cost},EUR,36,card-fraud,0,{power}"
    assert f"{column} (column" in reason(report_of(make, "capex", lines(CAPEX, [row])))


@pytest.mark.parametrize(
    ("billed", "listed", "is_refused"),
    [("1.234", "2.000", True), ("1.234", "2.5", False), ("1.234", "", True), ("7", "7", False)],
)
def test_the_columns_of_a_bill_speak_for_each_other(
    make: Make, billed: str, listed: str, is_refused: bool
) -> None:
    row = BILL.format(cost=billed) + f",{listed}"
    company = report_of(make, "billing", lines(BILLING + ",ListCost", [row]))
    assert bool(company.report.refused) is is_refused  # type: ignore[attr-defined]


def test_a_computed_cost_is_tested_where_it_is_read(make: Make) -> None:
    header = (
        "billing_account_id,cost,usage_start_time,usage_end_time,invoice.month,currency,cost_type"
    )
    row = "1,1.234,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,202610,EUR,regular"
    company = report_of(make, "billing", lines(header, [row]), format="gcp_billing")
    assert "billed_cost (column 2)" in reason(company)


def test_amounts_and_quantities_of_logs_are_tested_and_machine_made_seconds_are_not(
    make: Make,
) -> None:
    row = PREDICTION.format(i=1) + ",{},{}"
    header = PREDICTIONS + ",amount,compute_seconds"
    assert "amount (column 6)" in reason(
        report_of(make, "predictions", lines(header, [row.format("1.234", "0.5")]))
    )
    company = report_of(make, "predictions", lines(header, [row.format("12.34", "1.234")]))
    assert company.value("select compute_seconds from predictions") == Decimal("1.234")


def test_numbers_that_are_numbers_already_are_not_tested(make: Make) -> None:
    names = COSTS.split(",")
    found = dict(
        zip(names, ["e1", "2026-10-05", 1.234, "EUR", "labour", "card-fraud"], strict=True)
    )
    company = report_of(make, "operating_costs", json.dumps(found) + "\n")
    assert company.value("select amount from operating_costs") == Decimal("1.234")
    columns = ", ".join(
        f"{value if name == 'amount' else repr(value)} as {name}" for name, value in found.items()
    )
    company = make({"dataset": "operating_costs", "path": "inbox/*"})
    file = company.put("inbox/a.parquet", b"")
    duckdb.connect().execute(f"copy (select {columns}) to '{file}' (format parquet)")
    assert company.ingest("operating_costs").refused == ()


def test_text_in_parquet_is_tested(make: Make) -> None:
    values = dict(
        zip(
            COSTS.split(","),
            ["e1", "2026-10-05", "1.234", "EUR", "labour", "card-fraud"],
            strict=True,
        )
    )
    columns = ", ".join(f"'{value}' as {name}" for name, value in values.items())
    company = make({"dataset": "operating_costs", "path": "inbox/*"})
    file = company.put("inbox/a.parquet", b"")
    duckdb.connect().execute(f"copy (select {columns}) to '{file}' (format parquet)")
    (refusal,) = company.ingest("operating_costs").refused
    assert "may be a thousand" in refusal.reason
