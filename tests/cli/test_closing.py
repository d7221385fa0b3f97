"""Closed months: they say what they said, and what comes late is restated, down to its rows."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_portfolio import put, table

from roi_pipeline import portfolio
from roi_pipeline.explain import explain


def edition(folder: Path) -> str:
    return str(json.loads((folder / "marts" / "current.json").read_text())["edition"])


def published(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "marts" / "marts.duckdb"), read_only=True) as con:
        con.execute("use marts")
        return con.execute(query).fetchall()


LEDGER = "from ledger_monthly where month <= '2026-09-01' order by all"


def test_close_says_what_follows_and_publish_shows_it(copy: Path, run: Callable) -> None:
    before, rows = edition(copy), published(copy, LEDGER)
    told = run("close", "2026-09", "--by", "Ada", "--json", "--portfolio", copy)
    assert told.code == 0, told.err
    assert told.json["closed"] == ["2026-08", "2026-09"]
    assert (told.json["closed_by"], told.json["first_open"]) == ("Ada", "2026-10")
    assert run("publish", "--portfolio", copy).code == 0
    assert edition(copy) != before
    closed = published(copy, "select month from dim_month where is_closed order by 1")
    assert closed == [(date(2026, 8, 1),), (date(2026, 9, 1),)]
    assert published(copy, LEDGER) == rows
    assert "closed through Sep 2026" in run("status", "--portfolio", copy).out
    again = run("close", "2026-08", "--portfolio", copy)
    assert "closed already: everything through 2026-09" in again.out


def test_publishing_again_changes_nothing(copy: Path, run: Callable) -> None:
    before = edition(copy)
    told = run("publish", "--portfolio", copy)
    assert told.code == 0, told.err
    assert "unchanged" in told.out
    assert edition(copy) == before


def test_a_month_that_was_never_published_cannot_be_closed(copy: Path, run: Callable) -> None:
    told = run("close", "2026-11", "--portfolio", copy)
    assert told.code == 1
    assert "has not been published" in told.err.replace("\n", " ")
    assert run("close", "soon", "--portfolio", copy).code == 2


def test_what_was_ingested_since_is_not_published_by_the_way(copy: Path, run: Callable) -> None:
    """A run that rejected a file left others ingested: `publish` is no way around the rejection."""
    bill = copy / "inbox" / "billing" / "2026-09.csv"
    put(bill, bill.read_text().replace(",2.10,2.10,", ",2.60,2.60,"), date(2026, 10, 20))
    put(
        copy / "inbox" / "outcomes" / "broken.csv",
        "prediction_id,observed\nx,y\n",
        date(2026, 10, 20),
    )
    assert run("run", "--month", "2026-10", "--portfolio", copy).code == 3
    told = run("publish", "--portfolio", copy)
    assert told.code == 1
    assert "other deliveries are active" in told.err.replace("\n", " ")


@pytest.mark.parametrize("what", ["journal", "closed", ""])
def test_lost_state_never_reopens_a_closed_month(copy: Path, run: Callable, what: str) -> None:
    assert run("close", "2026-09", "--portfolio", copy).code == 0
    assert run("publish", "--portfolio", copy).code == 0
    before = edition(copy)
    shutil.rmtree(copy / "state" / what)
    for command in (["run", "--month", "2026-10"], ["publish"], ["close", "2026-09"]):
        told = run(*command, "--portfolio", copy)
        assert told.code == 1, told.out + told.err
        assert "restore" in (told.out + told.err).replace("\n", " ")
    assert edition(copy) == before


def test_a_changed_line_of_the_journal_is_found(copy: Path, run: Callable) -> None:
    for month in ("2026-08", "2026-09"):
        assert run("close", month, "--by", "Ada", "--portfolio", copy).code == 0
    first = copy / "state" / "journal" / "000001.json"
    first.write_text(first.read_text().replace("Ada", "Eve"))
    told = run("run", "--month", "2026-10", "--portfolio", copy)
    assert told.code == 1
    assert "journal" in (told.out + told.err).replace("\n", " ")


@pytest.fixture(scope="module")
def restated(small: Path, run: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """August and September closed, then a dearer September bill and a late outcome of August."""
    folder = tmp_path_factory.mktemp("closing") / "restated"
    shutil.copytree(small, folder)
    assert run("close", "2026-09", "--portfolio", folder).code == 0
    bill = folder / "inbox" / "billing" / "2026-09.csv"
    text = bill.read_text().replace(",2.10,2.10,", ",2.60,2.60,")
    put(bill, text, date(2026, 10, 20))
    late = [("w-20260831-1", "2026-10-15T10:00:00Z", "fraud")]
    put(
        folder / "inbox" / "outcomes" / "late.csv",
        table("prediction_id observed_at outcome", late),
        date(2026, 10, 21),
    )
    told = run("run", "--month", "2026-10", "--portfolio", folder)
    assert told.code == 0, told.out + told.err
    return folder


def test_closed_months_keep_their_rows(restated: Path, small: Path) -> None:
    assert published(restated, LEDGER) == published(small, LEDGER)


def test_late_cost_is_restated_and_explained(restated: Path) -> None:
    explained = explain(portfolio.load(restated), "ledger_monthly", date(2026, 10, 1), "card-watch")
    assert explained.adds_up, [n for n in explained.numbers if not n.adds_up]
    late = [n for n in explained.numbers if n.key["driver"] == "restatement/2026-09/cloud/tokens"]
    assert {n.key["basis"] for n in late} == {"cash", "accrual"}
    for number in late:
        assert number.published == 30 * Decimal("0.50")
        assert number.lines[0].causes == ("inbox/billing/2026-09.csv",)
        assert len(number.rows) == 60  # 30 lines of the old bill taken back, 30 of the new one
        assert sum(row.amount for row in number.rows) == number.published


def test_late_value_is_restated_and_explained(restated: Path) -> None:
    explained = explain(
        portfolio.load(restated), "value_attribution_monthly", date(2026, 10, 1), "card-watch"
    )
    assert explained.adds_up
    late = [
        n
        for n in explained.numbers
        if n.key["driver"].startswith("restatement/2026-08/") and n.key["view"] == "cohort"
    ]
    assert late
    for number in late:
        assert "inbox/outcomes/late.csv" in number.lines[0].causes
        assert {row.text.split(":")[0] for row in number.rows} == {"w-20260831-1"}


def test_numbers_of_closed_months_are_still_explained(restated: Path) -> None:
    found = portfolio.load(restated)
    for name, system_id in (("tco_monthly", "card-watch"), ("ledger_monthly", "card-watch")):
        explained = explain(found, name, date(2026, 9, 1), system_id)
        assert explained.adds_up, name
    whole = explain(found, "roi_monthly", date(2026, 10, 1), "portfolio", "cumulative_net_cash")
    assert whole.adds_up


@pytest.fixture(scope="module")
def closed(small: Path, run: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """August and September closed, not published again yet; not to be changed."""
    folder = tmp_path_factory.mktemp("closing") / "closed"
    shutil.copytree(small, folder)
    backup = folder.parent / "backup"
    shutil.copytree(folder / "state", backup)
    assert run("close", "2026-08", "--portfolio", folder).code == 0
    shutil.copytree(folder / "state", folder.parent / "backup-of-august")
    assert run("close", "2026-09", "--portfolio", folder).code == 0
    return folder


def _lose_state(folder: Path, closed: Path) -> None:
    shutil.rmtree(folder / "state")


def _lose_journal(folder: Path, closed: Path) -> None:
    shutil.rmtree(folder / "state" / "journal")


def _restore(name: str) -> Callable[[Path, Path], None]:
    def restore(folder: Path, closed: Path) -> None:
        _lose_state(folder, closed)
        shutil.copytree(closed.parent / name, folder / "state")

    return restore


def _lose_state_and_pointer(folder: Path, closed: Path) -> None:
    _lose_state(folder, closed)
    (folder / "marts" / "current.json").unlink()


def _lose_state_after_an_older_version(folder: Path, closed: Path) -> None:
    """Its manifests did not name the closed months; its `dim_month` did."""
    _lose_state(folder, closed)
    for file in [*folder.glob("marts/*/edition.json"), folder / "marts" / "current.json"]:
        told = json.loads(file.read_text())
        del told["closed_months"]
        file.chmod(0o644)
        file.write_text(json.dumps(told))


@pytest.mark.parametrize("is_published", [False, True], ids=["closed", "closed and published"])
@pytest.mark.parametrize(
    ("lose", "months"),
    [
        (_lose_state, "2026-08 to 2026-09"),
        (_lose_journal, "2026-08 to 2026-09"),
        (_restore("backup"), "2026-08 to 2026-09"),
        (_restore("backup-of-august"), "2026-09"),
        (_lose_state_and_pointer, "2026-08 to 2026-09"),
        (_lose_state_after_an_older_version, "2026-08 to 2026-09"),
    ],
)
def test_a_lost_state_does_not_reopen_closed_months(
    closed: Path,
    run: Callable,
    tmp_path: Path,
    lose: Callable[[Path, Path], None],
    months: str,
    is_published: bool,
) -> None:
    folder = shutil.copytree(closed, tmp_path / "lost")
    if is_published:
        assert run("publish", "--portfolio", folder).code == 0
    elif lose in (_lose_state_and_pointer, _lose_state_after_an_older_version):
        pytest.skip("the marts do not say what was closed until it is published")
    marts = {file: file.stat().st_mtime_ns for file in (folder / "marts").rglob("*")}
    lose(folder, closed)
    for asked in (["run", "--month", "2026-10"], ["run", "--month", "2026-09"]):
        told = run(*asked, "--portfolio", folder)
        said = " ".join((told.out + told.err).split())
        assert told.code == 1, said
        assert f"the closing of {months} is missing" in said
        assert "restore" in said
    for file, moment in marts.items():
        assert not file.exists() or file.stat().st_mtime_ns == moment or file.suffix == ".json"
    if (folder / "marts" / "current.json").exists():
        assert edition(folder) in {file.name for file in marts}
    shutil.rmtree(folder / "state", ignore_errors=True)
    shutil.copytree(closed / "state", folder / "state")
    if lose is _lose_state:
        assert run("publish", "--portfolio", folder).code == 0
        shown = published(folder, "select month from dim_month where is_closed order by 1")
        assert shown == [(date(2026, 8, 1),), (date(2026, 9, 1),)]
