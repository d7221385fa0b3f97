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
from roi_pipeline.engines.cells import CELLS
from roi_pipeline.models import registry
from roi_pipeline.pipeline import run as pipeline_run
from roi_pipeline.portfolio import DATASETS, REFERENCES, Portfolio
from roi_pipeline.publish.editions import current, published_as
from roi_pipeline.publish.monthly import MonthlyResult, bring_up_to_date, ingest_all

AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (8, 9, 10))
TABLES = {name: each for name, each in registry.load().items() if each.build in ("month", "whole")}
MARTS = [name for name, table in TABLES.items() if table.is_published]
BOOKS = [name for name in TABLES if name not in (*MARTS, *CELLS)]
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


def monthly(company: Portfolio, month: date) -> MonthlyResult:
    """The run that the command makes."""
    with pipeline_run.opened(company, month) as opened:
        return bring_up_to_date(opened)


def is_news(company: Portfolio, month: date) -> bool:
    """Whether a run of a month has anything to publish."""
    with pipeline_run.opened(company, month) as opened:
        return bool(ingest_all(opened)) or published_as(opened) is None


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small portfolio, published up to September; not to be changed."""
    folder = small_portfolio(tmp_path_factory.mktemp("september") / "company")
    assert monthly(portfolio.load(folder), SEPTEMBER).edition
    return folder


@pytest.fixture
def company(september: Path, tmp_path: Path) -> Portfolio:
    return portfolio.load(shutil.copytree(september, tmp_path / "company"))


@pytest.mark.parametrize(
    ("selection", "stale"),
    [
        ([*MARTS, EDITION], "outcome_cells"),
        ([*BOOKS, *MARTS, EDITION], "outcome_cells"),
        ([*CELLS, *MARTS, EDITION], "tax_depreciation"),
        (
            [*CELLS, *BOOKS, *(name for name in MARTS if name != "tco_monthly"), EDITION],
            "tco_monthly",
        ),
        ([EDITION], "observed_cells"),
    ],
)
def test_a_selection_that_leaves_tables_of_another_month_is_not_published(
    company: Portfolio, selection: list[str], stale: str
) -> None:
    before = edition(company)
    ended = materialize(company, OCTOBER, selection)
    assert "nothing was published" in ended
    assert stale in ended
    assert "not built for these inputs, months and cut-off" in ended
    assert edition(company) == before


def test_tables_built_in_the_wrong_order_are_not_published(company: Portfolio) -> None:
    before, bill = edition(company), company.inbox / "billing" / "2026-09.csv"
    put(bill, bill.read_text().replace(",1.25,1.25,", ",9.25,9.25,"), date(2026, 10, 20))
    assert not materialize(company, SEPTEMBER, ["billing"]).errors
    assert "not built for these inputs" in materialize(company, SEPTEMBER, MARTS)
    assert not materialize(company, SEPTEMBER, BOOKS).errors
    assert "not built for these inputs" in materialize(company, SEPTEMBER, [EDITION])
    assert edition(company) == before
    assert is_news(company, SEPTEMBER)


def test_an_old_partition_leaves_the_books_of_the_newest(company: Portfolio) -> None:
    before = edition(company)
    assert not materialize(company, AUGUST, [*CELLS, *BOOKS]).errors
    assert not is_news(company, SEPTEMBER)
    assert not materialize(company, SEPTEMBER, [*MARTS, EDITION]).errors
    assert edition(company) == before


def test_tables_of_another_month_are_no_news(company: Portfolio) -> None:
    before = edition(company)
    assert not materialize(company, OCTOBER, CELLS).errors
    assert not is_news(company, SEPTEMBER)
    result = monthly(company, SEPTEMBER)
    assert result.edition is not None
    assert result.edition.name == before == edition(company)


def test_a_failed_check_is_not_bypassed_by_selecting_what_follows(company: Portfolio) -> None:
    before, prices = edition(company), company.reference / "prices.csv"
    again = "claim-triage,approve/good,case,15,USD,2026-09-01,,,a second price for the same days\n"
    prices.write_text(prices.read_text().rstrip("\n") + "\n" + again)
    assert materialize(company, SEPTEMBER, ["prices"], ["prices"]).errors
    for _ in range(2):
        ended = materialize(company, SEPTEMBER, [*CELLS, *BOOKS, *MARTS, EDITION])
        assert "nothing was published" in ended
        assert "prices" in ended
        assert edition(company) == before


def test_checks_that_did_not_run_are_no_checks_that_passed(company: Portfolio) -> None:
    before = edition(company)
    ended = materialize(company, OCTOBER, [*INPUTS, *CELLS, *BOOKS, *MARTS, EDITION])
    assert "checks were not run on these rows; nothing was published" in ended
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
