"""Publication is a transaction: whatever was selected, in whatever order, `current.json` names an
edition whose tables belong together and whose checks passed, or the one before (promise 44)."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from small_portfolio import put, small_portfolio

from roi_pipeline import automation, portfolio
from roi_pipeline.alerts import message
from roi_pipeline.assets import EDITION
from roi_pipeline.automation import definitions_of
from roi_pipeline.books.ledger import BOOKS, monthly_marts
from roi_pipeline.cli.unchanged import reason_to_run
from roi_pipeline.engines.cells import CELLS
from roi_pipeline.models import load
from roi_pipeline.portfolio import DATASETS, REFERENCES, Portfolio
from roi_pipeline.publish.editions import current

AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (8, 9, 10))
MARTS = monthly_marts(load())
INPUTS = (*DATASETS, *REFERENCES)


@dataclass(frozen=True)
class Ended:
    """How a materialization ended: its errors in our words; no error, it succeeded."""

    errors: tuple[str, ...]

    def __contains__(self, text: str) -> bool:
        return any(text in error for error in self.errors)


def materialize(
    company: Portfolio, month: date, assets: Iterable[str], checked: Iterable[str] = ()
) -> Ended:
    """Materialize a selection for one partition, as from the UI, with the checks of `checked`."""
    job = definitions_of(company).resolve_job_def(automation.JOB)
    checks = {
        key
        for key in job.asset_layer.asset_graph.asset_check_keys
        if key.asset_key.to_user_string() in {*checked}
    }
    part = job.get_subset(
        asset_selection={dg.AssetKey(name) for name in assets}, asset_check_selection=checks
    )
    with dg.instance_for_test() as instance:
        result = part.execute_in_process(
            instance=instance, partition_key=f"{month}", raise_on_error=False
        )
    errors = tuple(message(event) for event in result.all_events if event.is_step_failure)
    assert result.success is not bool(errors)
    return Ended(errors)


def edition(company: Portfolio) -> str:
    found = current(company.marts)
    assert found is not None
    return found.name


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small portfolio, published up to September; not to be changed."""
    folder = small_portfolio(tmp_path_factory.mktemp("september") / "company")
    assert automation.run(portfolio.load(folder), SEPTEMBER).edition
    return folder


@pytest.fixture
def company(september: Path, tmp_path: Path) -> Portfolio:
    return portfolio.load(shutil.copytree(september, tmp_path / "company"))


@pytest.mark.parametrize(
    ("selection", "stale"),
    [
        ([*MARTS, EDITION], "outcome_cells"),
        ([*BOOKS, *MARTS, EDITION], "outcome_cells"),
        ([*CELLS, *MARTS, EDITION], "ledger_value"),
        (
            [*CELLS, *BOOKS, *(name for name in MARTS if name != "tco_monthly"), EDITION],
            "tco_monthly",
        ),
        ([EDITION], "outcome_cells"),
    ],
)
def test_a_selection_that_leaves_tables_of_another_month_is_not_published(
    company: Portfolio, selection: list[str], stale: str
) -> None:
    before = edition(company)
    ended = materialize(company, OCTOBER, selection)
    assert "nothing was published" in ended
    assert stale in ended
    assert "built up to 2026-09" in ended
    assert edition(company) == before


def test_tables_built_in_the_wrong_order_are_not_published(company: Portfolio) -> None:
    before, bill = edition(company), company.inbox / "billing" / "2026-09.csv"
    put(bill, bill.read_text().replace(",1.25,1.25,", ",9.25,9.25,"), date(2026, 10, 20))
    assert not materialize(company, SEPTEMBER, ["billing"]).errors
    assert not materialize(company, SEPTEMBER, MARTS).errors
    assert not materialize(company, SEPTEMBER, ["ledger_cost", "unallocated_cost"]).errors
    ended = materialize(company, SEPTEMBER, [EDITION])
    assert "built before ledger_cost changed" in ended
    assert edition(company) == before
    assert reason_to_run(company, SEPTEMBER, None, None)


def test_an_old_partition_leaves_the_books_of_the_newest(company: Portfolio) -> None:
    before = edition(company)
    assert not materialize(company, AUGUST, [*CELLS, *BOOKS]).errors
    assert reason_to_run(company, SEPTEMBER, None, None) is None
    assert not materialize(company, SEPTEMBER, [*MARTS, EDITION]).errors
    assert edition(company) == before


def test_run_sees_that_the_books_are_those_of_another_month(company: Portfolio) -> None:
    before = edition(company)
    assert not materialize(company, OCTOBER, CELLS).errors
    why = str(reason_to_run(company, SEPTEMBER, None, None))
    assert "built up to 2026-10" in why
    result = automation.run(company, SEPTEMBER)
    assert result.edition is not None
    assert result.edition.name == before == edition(company)
    assert reason_to_run(company, SEPTEMBER, None, None) is None


def test_a_failed_check_is_not_bypassed_by_selecting_what_follows(company: Portfolio) -> None:
    before, prices = edition(company), company.reference / "prices.csv"
    again = "claim-triage,approve/good,case,15,USD,2026-09-01,,,a second price for the same days\n"
    prices.write_text(prices.read_text().rstrip("\n") + "\n" + again)
    assert materialize(company, SEPTEMBER, ["prices"], ["prices"]).errors
    for _ in range(2):
        ended = materialize(company, SEPTEMBER, [*CELLS, *BOOKS, *MARTS, EDITION])
        assert "prices: checks failed, or did not run on these rows" in ended
        assert edition(company) == before
        assert reason_to_run(company, SEPTEMBER, None, None)


def test_checks_that_did_not_run_are_no_checks_that_passed(company: Portfolio) -> None:
    before = edition(company)
    ended = materialize(company, OCTOBER, [*INPUTS, *CELLS, *BOOKS, *MARTS, EDITION])
    assert "checks failed, or did not run on these rows" in ended
    assert "2026-10" in ended
    assert edition(company) == before


def test_a_rejected_file_is_not_bypassed_by_selecting_what_follows(company: Portfolio) -> None:
    before, broken = edition(company), company.inbox / "billing" / "broken.csv"
    broken.write_bytes(b"BilledCost\n\xff\xfe,1\n")
    assert materialize(company, SEPTEMBER, ["billing"]).errors
    ended = materialize(company, SEPTEMBER, [*CELLS, *BOOKS, *MARTS, EDITION])
    assert "inbox/billing/broken.csv was rejected and is still there" in ended
    assert edition(company) == before
    broken.unlink()
    assert not materialize(company, SEPTEMBER, [EDITION]).errors
