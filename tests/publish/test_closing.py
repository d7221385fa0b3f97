"""A closed month never changes: what comes late is a restatement of exactly the difference, in the
first open month (promise 4, method §3.4)."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from runner import close, run
from small_company import bill, put

from roi_pipeline.errors import RoiError
from roi_pipeline.publish.editions import Edition, current, verify

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
COST = "(from {restatements} where table_name like '%/cost/%')"
MONTHLY = (
    *("ledger_monthly", "tco_monthly", "value_attribution_monthly", "quality_monthly"),
    *("roi_monthly", "threshold_status_monthly"),
)


def read(folder: Path, edition: Edition, query: str) -> list[tuple[Any, ...]]:
    """Rows of an edition; `{name}` in the query stands for a table of it."""
    files = {
        name: f"read_parquet('{folder / 'marts' / edition.name / f'{name}.parquet'}')"
        for name in edition.tables
    }
    return duckdb.execute(query.format(**files)).fetchall()


def month_of(folder: Path, edition: Edition, month: date) -> dict[str, list[tuple[Any, ...]]]:
    """Everything the monthly marts of an edition say of a month."""
    query = "from {{{name}}} where month = date '{month}' order by all"
    return {name: read(folder, edition, query.format(name=name, month=month)) for name in MONTHLY}


def cumulative(folder: Path, edition: Edition, month: date, system: str) -> dict[str, Decimal]:
    columns = ("cumulative_tco_cash", "cumulative_tco_accrual", "cumulative_value")
    (row,) = read(
        folder,
        edition,
        f"select {', '.join(columns)} from {{roi_monthly}} "
        f"where month = date '{month}' and system_id = '{system}'",
    )
    return dict(zip(columns, row, strict=True))


@pytest.fixture
def closed(january_closed: Path, tmp_path: Path) -> tuple[Path, Edition]:
    """A company whose January is closed, and the edition of February before anything came late."""
    folder = shutil.copytree(january_closed, tmp_path / "acme")
    found = current(folder / "marts")
    assert found is not None
    return folder, found


def test_a_credit_for_a_closed_month_is_restated(closed: tuple[Path, Edition]) -> None:
    folder, before = closed
    credit = [("card-fraud", "-25.5")]
    bill(folder, JANUARY, credit, exported_at="2026-05-25T00:00:00Z")
    after = run(folder, FEBRUARY)
    assert month_of(folder, after, JANUARY) == month_of(folder, before, JANUARY)
    verify(folder / "marts" / before.name, before.tables)  # not a byte of the old edition moved
    assert before.name != after.name

    rows = read(
        folder,
        after,
        "select month, system_id, table_name, before, after, delta, detected_at "
        "from {restatements} where table_name like '%/cost/%' order by all",
    )
    at = datetime(2026, 3, 1)
    accrual = (Decimal("200.1"), Decimal("174.6"), Decimal("-25.5"))
    cash = (Decimal("3700.1"), Decimal("3674.6"), Decimal("-25.5"))
    assert rows == [
        (JANUARY, "card-fraud", "ledger_monthly/cost/accrual", *accrual, at),
        (JANUARY, "card-fraud", "ledger_monthly/cost/cash", *cash, at),
    ]
    (cause,) = read(folder, after, f"select distinct cause_delivery from {COST}")
    query = "select delivery_id from {deliveries} where path like '%/2026-01.csv' and is_live "
    assert [cause] == read(folder, after, query + "and dataset = 'billing'")

    was = cumulative(folder, before, FEBRUARY, "card-fraud")
    now = cumulative(folder, after, FEBRUARY, "card-fraud")
    assert now == was | {
        "cumulative_tco_cash": was["cumulative_tco_cash"] - Decimal("25.5"),
        "cumulative_tco_accrual": was["cumulative_tco_accrual"] - Decimal("25.5"),
    }
    assert cumulative(folder, after, FEBRUARY, "line-check") == cumulative(
        folder, before, FEBRUARY, "line-check"
    )


CREDIT = """
corrections:
  - id: credit-left-out
    dataset: billing
    match: {file: inbox/billing/2026-01.csv, row: 1}
    set: {billed_cost: "74.60", effective_cost: "74.60"}
    expect: {billed_cost: "100.10", effective_cost: "100.10"}
    reason: the provider's credit note 7 never came as a file
    owner: finance
    made_on: 2026-03-02
"""


def test_a_correction_of_a_closed_month_is_restated(closed: tuple[Path, Edition]) -> None:
    folder, before = closed
    (folder / "reference/corrections.yaml").write_text(CREDIT)
    after = run(folder, FEBRUARY)
    assert month_of(folder, after, JANUARY) == month_of(folder, before, JANUARY)
    verify(folder / "marts" / before.name, before.tables)
    assert read(folder, after, f"select distinct month, system_id, delta from {COST}") == [
        (JANUARY, "card-fraud", Decimal("-25.5"))
    ]
    (cause,) = read(folder, after, f"select distinct cause_delivery from {COST}")
    query = "select delivery_id from {deliveries} where corrections = 'credit-left-out' and is_live"
    assert [cause] == read(folder, after, query)
    assert run(folder, FEBRUARY).name == after.name
    (folder / "reference/corrections.yaml").unlink()
    withdrawn = run(folder, FEBRUARY)
    assert read(folder, withdrawn, f"select delta from {COST}") == []


def test_restatements_after_the_next_closing_are_only_what_is_new(
    closed: tuple[Path, Edition],
) -> None:
    folder, before = closed
    bill(folder, JANUARY, [("card-fraud", "-25.5")], exported_at="2026-05-25T00:00:00Z")
    february = run(folder, FEBRUARY)
    assert close(folder, FEBRUARY) == [FEBRUARY]
    assert run(folder, FEBRUARY).name  # nothing is open any more; what is closed stays
    march = run(folder, MARCH)
    assert month_of(folder, march, FEBRUARY) == month_of(folder, february, FEBRUARY)
    bill(folder, JANUARY, [("card-fraud", "-35.5")], exported_at="2026-05-26T00:00:00Z")
    after = run(folder, MARCH)
    assert month_of(folder, after, JANUARY) == month_of(folder, before, JANUARY)
    assert month_of(folder, after, FEBRUARY) == month_of(folder, february, FEBRUARY)
    rows = read(
        folder,
        after,
        "select detected_at, before, after, delta from {restatements} "
        "where table_name like '%cash' order by all",
    )
    assert rows == [
        (datetime(2026, 3, 1), Decimal("3700.1"), Decimal("3674.6"), Decimal("-25.5")),
        (datetime(2026, 4, 1), Decimal("3674.6"), Decimal("3664.6"), Decimal("-10")),
    ]
    was = cumulative(folder, march, MARCH, "card-fraud")["cumulative_tco_cash"]
    now = cumulative(folder, after, MARCH, "card-fraud")["cumulative_tco_cash"]
    assert now == was - 10


@pytest.mark.slow
def test_what_is_taken_back_is_restated_to_nothing(closed: tuple[Path, Edition]) -> None:
    """The credit was a mistake: the sender delivers the first bill again under a newer date."""
    folder, before = closed
    bill(folder, JANUARY, [("card-fraud", "-25.5")], exported_at="2026-05-25T00:00:00Z")
    run(folder, FEBRUARY)
    bill(folder, JANUARY, exported_at="2026-05-27T00:00:00Z")
    after = run(folder, FEBRUARY)
    assert read(folder, after, f"from {COST}") == []
    for month in (JANUARY, FEBRUARY):
        assert month_of(folder, after, month) == month_of(folder, before, month)


@pytest.mark.slow
def test_an_older_file_that_comes_later_changes_nothing(closed: tuple[Path, Edition]) -> None:
    folder, before = closed
    old = [("card-fraud", "99")]
    name = "2026-02-first-draft"
    bill(folder, FEBRUARY, old, name=name, exported_at="2026-05-01T00:00:00Z")
    after = run(folder, FEBRUARY)
    for month in (JANUARY, FEBRUARY):
        assert month_of(folder, after, month) == month_of(folder, before, month)
    assert (False,) in read(
        folder, after, f"select is_live from {{deliveries}} where path like '%{name}.csv'"
    )


def test_a_late_outcome_is_restated_where_it_was_predicted(closed: tuple[Path, Edition]) -> None:
    """A January prediction turns out in February: its cohort is closed, its recognition is not."""
    folder, before = closed
    late = "prediction_id,observed_at,outcome\n2026-01-00009,2026-02-10T00:00:00Z,bad\n"
    put(folder, "outcomes/late.csv", late, datetime(2026, 6, 2, tzinfo=UTC))
    after = run(folder, FEBRUARY)
    assert month_of(folder, after, JANUARY) == month_of(folder, before, JANUARY)
    query = "select system_id, table_name, delta from {restatements}"
    was_restated = {row[:2]: row[2] for row in read(folder, before, query)}  # since the closing
    restated = {row[:2]: row[2] for row in read(folder, after, query)}
    # 333.09 was passed: 9 * 37 dollars and 9 cents of a bad case
    key = ("line-check", "ledger_monthly/value/cohort")
    assert restated == was_restated | {key: was_restated[key] - Decimal("333.09")}
    ledger = (
        "select basis, driver, sum(amount) from {{ledger_monthly}} where month = date '{month}' "
        "and system_id = 'line-check' and side = 'value' group by all order by all"
    )
    was = {row[:2]: row[2] for row in read(folder, before, ledger.format(month=FEBRUARY))}
    now = {row[:2]: row[2] for row in read(folder, after, ledger.format(month=FEBRUARY))}
    moved = {key: now[key] - was.get(key, 0) for key in now if now[key] != was.get(key, 0)}
    assert moved == {
        ("cohort", "restatement/2026-01/pass/bad"): Decimal("-333.09"),
        ("recognised", "pass/bad"): Decimal("-333.09"),
    }


def test_only_what_is_published_can_be_closed(closed: tuple[Path, Edition]) -> None:
    folder, _ = closed
    assert close(folder, JANUARY) == []  # it is closed already
    with pytest.raises(RoiError, match="2026-03 has not been published"):
        close(folder, MARCH)


@pytest.mark.slow
def test_looking_back_gives_the_edition_of_that_day(again: Callable[[], Path]) -> None:
    """January as it was known when it ended, before and after the months that followed: the same
    edition, and the current one stays (method §3.4)."""
    folder = again()
    first = run(folder, JANUARY)
    march = run(folder, MARCH)
    assert run(folder, JANUARY).name == first.name
    found = current(folder / "marts")
    assert found is not None
    assert found.name == march.name
    assert run(folder, MARCH).name == march.name
