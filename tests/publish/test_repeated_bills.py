"""The same charges are never paid twice: neither two equal files nor two sources of one account."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from runner import write_portfolio

from roi_pipeline import portfolio, workbench
from roi_pipeline.errors import DataRefused
from roi_pipeline.pipeline import guards
from roi_pipeline.portfolio import Portfolio

OCTOBER = date(2026, 10, 1)


def owned(folder: Path, **keys: object) -> Portfolio:
    """A portfolio with a source `aws` and a source `reseller`, which has these keys too."""
    since = {"scenario": "decision_matrix", "invested_on": "2026-01-01", "live_on": "2026-01-01"}
    sources = [{"dataset": "billing", "id": "aws", "path": "inbox/aws/*"}]
    sources.append({"dataset": "billing", "id": "reseller", "path": "inbox/reseller/*", **keys})
    write_portfolio(folder, systems=[{"id": "s1", "name": "S", **since}], sources=sources)
    return portfolio.load(folder)


@pytest.fixture
def bench() -> duckdb.DuckDBPyConnection:
    con, found = workbench.empty()
    workbench.open_books(con, found, ["duplicate_bill"])
    return con


def billed(
    con: duckdb.DuckDBPyConnection, source: str, name: str, rows: int, account: str = "0042"
) -> None:
    """A live bill of October with `rows` charges of 7.00, each with a description of its own."""
    key = {"dataset": "billing", "delivery_id": name}
    workbench.give(con, "deliveries", [key | {"source_id": source, "path": f"{name}.csv"}])
    workbench.give(con, "delivery_months", [key | {"month": OCTOBER, "is_live": True}])
    money = dict.fromkeys(("billed_cost", "effective_cost"), Decimal(7))
    line = {"source_id": source, "delivery_id": name, "billing_account_id": account}
    line |= {"billing_month": OCTOBER, "billing_currency": "USD"}
    charges = [line | money | {"row_no": k, "charge_description": f"{k}"} for k in range(rows)]
    workbench.give(con, "billing", charges)


def refuse(con: duckdb.DuckDBPyConnection, portfolio: Portfolio) -> None:
    """What a run does when the table of duplicate bills is built."""
    rows = con.execute("from duplicate_bill order by all").pl().to_dicts()
    guards.refuse("duplicate_bill", rows, portfolio, {})


def test_ten_equal_charges_in_two_files_are_refused_by_name(
    bench: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    billed(bench, "aws", "a", 10)
    billed(bench, "aws", "b", 10)
    said = r"a\.csv and b\.csv hold the same charges of 2026-10 \(70\.00 USD\): remove one"
    with pytest.raises(DataRefused, match=said):
        refuse(bench, owned(tmp_path))


def test_fewer_equal_charges_of_one_source_are_chance(
    bench: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    billed(bench, "aws", "a", 9)
    billed(bench, "aws", "b", 9)
    refuse(bench, owned(tmp_path))


def test_one_account_from_two_sources_is_refused_unless_one_holds_a_part(
    bench: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    billed(bench, "aws", "a", 3)
    billed(bench, "reseller", "b", 2)
    said = r"a\.csv \(aws\) and b\.csv \(reseller\) both bill account 0042 .* holds_part: true"
    with pytest.raises(DataRefused, match=said):
        refuse(bench, owned(tmp_path))
    refuse(bench, owned(tmp_path, holds_part=True))


def test_a_part_does_not_excuse_the_same_charges(
    bench: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    billed(bench, "aws", "a", 10)
    billed(bench, "reseller", "b", 10)
    with pytest.raises(DataRefused, match="hold the same charges"):
        refuse(bench, owned(tmp_path, holds_part=True))


def test_bills_that_name_no_account_may_be_anybodys(
    bench: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    billed(bench, "aws", "a", 3, account="")
    billed(bench, "reseller", "b", 2, account="")
    refuse(bench, owned(tmp_path))
