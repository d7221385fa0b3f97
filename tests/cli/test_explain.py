"""Every explained number is made of the delivered rows that are shown for it."""

import json
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_portfolio import MONTHS

from roi_pipeline import portfolio
from roi_pipeline.errors import ConfigurationError, RoiError
from roi_pipeline.explain import Explained, Explanation, explain, opened
from roi_pipeline.models import registry

OCTOBER = MONTHS[-1]
TABLES = registry.load()
PUBLISHED = [name for name, table in TABLES.items() if table.is_published]
WHOSE = {  # whose rows are explained where `card-watch` has none
    "asset_register_monthly": "claim-triage",
    "unallocated_monthly": "unallocated",
}
EMPTY = {  # the small portfolio has nothing to say in them
    *("asset_tax_yearly", "indirect_value_monthly", "restatements", "spend_estimate_monthly"),
    *("status_reviews", "status_transitions"),
}


@pytest.fixture(scope="module")
def current(small: Path) -> Iterator[Explained]:
    """The edition of the small portfolio, opened once for all its numbers."""
    with opened(portfolio.load(small)) as edition:
        yield edition


def told(folder: Path, table: str, system_id: str, column: str | None = None) -> Explanation:
    return explain(portfolio.load(folder), table, OCTOBER, system_id, column)


@pytest.mark.parametrize("table", PUBLISHED)
def test_every_column_of_every_table_adds_up(current: Explained, table: str) -> None:
    frame = current.there.tables.frame(table)
    if table in EMPTY:
        assert frame.is_empty()
        return
    owner = "card-watch" if "system_id" in TABLES[table].grain else "portfolio"
    columns = [column for column in frame.columns if column not in TABLES[table].grain]
    wrong, numbers = [], 0
    for column in columns:
        explained = current.explain(table, OCTOBER, WHOSE.get(table, owner), column)
        numbers += len(explained.numbers)
        wrong += [(column, number) for number in explained.numbers if not number.adds_up]
        unproven = [n for n in explained.numbers if not n.is_applied and n.counted is None]
        assert unproven == [], column
    assert wrong == []
    assert numbers


@pytest.mark.parametrize("system_id", ["portfolio", "unallocated", "claim-triage"])
def test_totals_and_what_nobody_claims_add_up(current: Explained, system_id: str) -> None:
    for column in ("cumulative_net_cash", "cumulative_net_accrual", "window_value"):
        explained = current.explain("roi_monthly", OCTOBER, system_id, column)
        assert explained.adds_up, column
    assert current.explain("tco_monthly", OCTOBER, system_id).adds_up


def test_a_change_of_cost_is_two_months_of_lines(current: Explained) -> None:
    changed = current.explain("tco_change_monthly", OCTOBER, "claim-triage", "change")
    assert changed.adds_up
    signs = {(line.month, line.sign) for number in changed.numbers for line in number.lines}
    assert signs == {(OCTOBER, 1), (MONTHS[-2], -1)}


def test_what_nobody_claims_is_its_delivered_rows(current: Explained) -> None:
    explained = current.explain("unallocated_monthly", OCTOBER, "unallocated")
    assert explained.adds_up
    for number in explained.numbers:
        assert len(number.rows) == number.parts["lines"] > 0


def test_a_changed_number_of_cost_does_not_add_up(copy: Path) -> None:
    changed = {
        "unit_cost_monthly": "cost_per_1k_predictions",
        "tco_change_monthly": "change",
        "cost_completeness_monthly": "amount",
    }
    for table, column in changed.items():
        edition_table(copy, table, f"{column} = {column} + 0.01")
        assert not told(copy, table, "claim-triage", column).adds_up, table


def test_a_cost_is_the_lines_of_the_bill(current: Explained) -> None:
    explained = current.explain("tco_monthly", OCTOBER, "claim-triage")
    compute = next(
        n for n in explained.numbers if n.key == {"basis": "cash", "category": "compute"}
    )
    assert compute.published == 31 * Decimal("1.25")
    assert [row.row_no for row in compute.rows] == list(range(1, 93, 3))  # every third line is its
    assert {row.path for row in compute.rows} == {"inbox/billing/2026-10.csv"}


def test_a_shared_invoice_gives_each_system_its_part(current: Explained) -> None:
    """A licence of 92.00 for 92 days: 31.00 in October, a quarter of it triage's."""
    explained = current.explain("ledger_monthly", OCTOBER, "claim-triage")
    licence = next(n for n in explained.numbers if n.key["driver"] == "invoice/licence")
    (row,) = licence.rows
    assert (row.path, row.row_no) == ("inbox/operating_costs/2026-08.csv", 3)
    assert row.amount == licence.published == Decimal("31.00") / 4
    assert "its share of platform" in row.text


def test_a_value_is_predictions_with_their_outcomes(small: Path) -> None:
    """Seven frauds are stopped and known by the end of October, at 0.85 of their amount."""
    explained = told(small, "value_attribution_monthly", "card-watch")
    stopped = next(
        n
        for n in explained.numbers
        if n.key["driver"] == "fraud_stopped" and n.key["view"] == "cohort"
    )
    lines = (small / "inbox" / "predictions" / "card-watch" / "2026-10.jsonl").read_text()
    outcomes = (small / "inbox" / "outcomes" / "2026-10.csv").read_text().splitlines()[1:]
    for row in stopped.rows:
        prediction = json.loads(lines.splitlines()[row.row_no - 1])
        assert row.amount == Decimal(prediction["amount"]) * Decimal("0.85")
        assert outcomes[row.outcome_row_no - 1].split(",")[0] == prediction["prediction_id"]
    assert len(stopped.rows) == 7
    assert sum(row.amount for row in stopped.rows) == stopped.published


def test_a_row_delivered_twice_and_an_outcome_told_twice_count_once(current: Explained) -> None:
    explained = current.explain("quality_monthly", OCTOBER, "card-watch", "n")
    (number,) = explained.numbers
    keys = [(row.delivery_id, row.row_no) for row in number.rows]
    assert len(keys) == len(set(keys)) == number.published


def test_json_has_all_rows_and_they_add_up(small: Path, run: Callable) -> None:
    answer = run(
        "explain",
        "roi_monthly",
        "2026-10",
        "claim-triage",
        "net_cash",
        "--rows",
        "1",
        "--json",
        "--portfolio",
        small,
    )
    assert answer.code == 0
    (number,) = answer.json["numbers"]
    signs = {line["number"]: line["sign"] for line in number["lines"]}
    found = sum(signs[row["line"]] * Decimal(row["amount"]) for row in number["rows"])
    assert found == Decimal(number["published"])
    assert len(number["rows"]) == sum(line["rows_count"] for line in number["lines"])


def test_the_first_rows_fit_a_narrow_window(small: Path, speak: Callable) -> None:
    answer = speak(
        ["explain", "roi_monthly", "2026-10", "claim-triage", "--rows", "2", "--portfolio", small]
    )
    assert answer.code == 0, answer.err
    assert max(len(line) for line in answer.out.splitlines()) <= 60
    assert "the first 2 of 90" in answer.out
    assert "90 delivered rows add up to it exactly." in answer.out
    assert "value - tco_cash  (method §1.5, D4)" in answer.out


def edition_table(folder: Path, table: str, change: str) -> None:
    """Change a published table behind everybody's back."""
    name = json.loads((folder / "marts" / "current.json").read_text())["edition"]
    file = folder / "marts" / name / f"{table}.parquet"
    file.chmod(0o644)
    with duckdb.connect() as con:
        con.execute(f"create table t as from '{file}'")
        con.execute(f"update t set {change}")
        con.execute(f"copy t to '{file}' (format parquet)")


def test_a_changed_number_does_not_add_up(copy: Path, run: Callable) -> None:
    edition_table(copy, "roi_monthly", "net_cash = net_cash + 0.000000000000000001")
    answer = run("explain", "roi_monthly", "2026-10", "claim-triage", "--portfolio", copy)
    assert answer.code == 1
    assert "DOES NOT ADD UP: the formula gives 83.75" in answer.out


def test_a_changed_line_does_not_add_up(copy: Path) -> None:
    edition_table(copy, "ledger_monthly", "amount = amount + 0.01 where driver = 'cloud/compute'")
    explained = told(copy, "ledger_monthly", "claim-triage")
    wrong = {n.key["driver"] for n in explained.numbers if not n.adds_up}
    assert wrong == {"cloud/compute"}


def test_a_changed_count_does_not_add_up(copy: Path) -> None:
    edition_table(copy, "quality_monthly", "tp = tp + 1")
    assert not told(copy, "quality_monthly", "card-watch", "tp").adds_up
    assert told(copy, "quality_monthly", "card-watch", "fp").adds_up


def test_a_number_that_cannot_be_computed_again_is_not_proven(copy: Path, run: Callable) -> None:
    """The files behind a bound are gone: no verdict that it adds up, and what brings them back."""
    for file in (copy / "state" / "tables" / "development_monthly").rglob("*"):
        if file.is_file():
            file.unlink()
    for file in (copy / "state" / "tables" / "value_arrival").rglob("*.parquet"):
        file.unlink()
    asked = ("development_monthly", "2026-10", "card-watch", "gain_maturity")
    answer = run("explain", *asked, "--portfolio", copy)
    assert answer.code == 1
    out = " ".join(answer.out.split())
    assert "DOES NOT ADD UP: nothing could be compared" in out
    assert "value_arrival" in out
    assert "run `roi-pipeline run`" in out
    assert run("run", "--month", "2026-10", "--portfolio", copy).code == 0
    assert run("explain", *asked, "--portfolio", copy).code == 0


def test_what_landed_after_the_edition_does_not_disturb_it(
    small: Path, copy: Path, run: Callable
) -> None:
    """A bill comes again with other costs, and a refused file keeps it from being published."""
    shutil.copy2(small / "marts" / "current.json", copy / "marts" / "current.json")
    bill = copy / "inbox" / "billing" / "2026-10.csv"
    bill.write_text(bill.read_text().replace(",1.25,1.25,", ",2.25,2.25,"))
    (copy / "inbox" / "outcomes" / "bad.csv").write_text("nothing\n1\n")
    assert run("run", "--month", "2026-10", "--portfolio", copy).code == 3
    assert told(copy, "tco_monthly", "claim-triage").adds_up


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("no_table", "card-watch"), ConfigurationError, "did you mean|use one of"),
        (("check_results", "card-watch"), ConfigurationError, "use one of"),
        (("roi_monthly", "card-watch", "valeu"), ConfigurationError, "did you mean 'value'"),
        (("roi_monthly", "card-wach"), RoiError, "did you mean 'card-watch'"),
    ],
)
def test_wrong_names_are_met_with_right_ones(
    small: Path, arguments: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        told(small, *arguments)


def test_a_month_without_an_edition_is_named(small: Path) -> None:
    with pytest.raises(RoiError, match="2026-08 to 2026-10"):
        explain(portfolio.load(small), "roi_monthly", MONTHS[0].replace(year=2025), "card-watch")
