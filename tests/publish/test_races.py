"""Two people at once: what is current never goes back, and a closed month never opens again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from runner import bring_up, close, run, unchecked
from small_company import bill

from roi_pipeline.errors import RoiError
from roi_pipeline.publish import editions

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


def deliver(folder: Path) -> None:
    """One charge more in February's bill."""
    charges = [("card-fraud", "12.5")]
    bill(folder, date(2026, 2, 1), charges, name="later", exported_at="2026-05-27T00:00:00Z")


def current(folder: Path) -> editions.Edition:
    found = editions.current(folder / "marts")
    assert found is not None
    return found


def test_an_older_run_does_not_replace_what_a_newer_one_published(company: Path) -> None:
    with unchecked(company, MARCH) as older:
        bring_up(older)
        deliver(company)
        newer = run(company, MARCH)
        with pytest.raises(RoiError, match=f"edition {newer.name} was published meanwhile"):
            editions.publish(older)
    assert current(company).name == newer.name


def test_two_runs_of_the_same_inputs_end_in_one_edition(company: Path) -> None:
    deliver(company)
    with unchecked(company, MARCH) as one, unchecked(company, MARCH) as other:
        bring_up(one)
        bring_up(other)
        assert editions.publish(one).name == editions.publish(other).name


def test_a_run_that_ingests_twice_publishes_what_it_knows_last(
    company: Path, tmp_path: Path
) -> None:
    """What was computed once is computed again after an ingestion."""
    other = shutil.copytree(company, tmp_path / "other")
    with unchecked(company, MARCH) as opened:
        bring_up(opened)
        deliver(company)
        bring_up(opened)
        found = editions.publish(opened)
    deliver(other)
    assert found.name == run(other, MARCH).name


def test_a_run_that_was_open_while_a_month_was_closed_is_not_published(company: Path) -> None:
    with unchecked(company, MARCH) as opened:
        bring_up(opened)
        close(company, JANUARY)
        with pytest.raises(RoiError, match="2026-01 was closed meanwhile"):
            editions.publish(opened)
    assert current(company).closed_months == ("2026-01",)


def test_closing_waits_for_a_publication_and_closes_what_it_made(
    company: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = editions.publishing

    @contextmanager
    def after_another(marts: Path) -> Iterator[None]:
        monkeypatch.setattr(editions, "publishing", waited)
        deliver(company)
        run(company, MARCH)
        with waited(marts):
            yield

    before = current(company)
    monkeypatch.setattr(editions, "publishing", after_another)
    assert close(company, JANUARY) == [JANUARY]
    assert current(company).name != before.name
