"""What portfolio.yaml says of a source decides how its files are read: after a change the books are
those of a company that was described so from the start, or the change is refused by name."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from runner import close, run, unchecked
from small_company import FIRST, put
from test_closing import month_of, read

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.errors import DataRefused, RoiError
from roi_pipeline.pipeline.journal import Journal
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import Edition, current

JANUARY, FEBRUARY, MARCH = (add_months(FIRST, k) for k in range(3))
LAST_HOURS = (
    "prediction_id,predicted_at,system_id,model_version,decision,amount,currency,latency_ms\n"
    "edge-1,2026-01-31T20:00:00,card-fraud,v1,flag,10.00,USD,77\n"
    "edge-2,2026-02-28T23:30:00,card-fraud,v1,flag,20.00,USD,88\n"
)
KNOWN = (
    "prediction_id,observed_at,outcome\nedge-1,2026-02-10T00:00:00Z,bad\nedge-2,2026-03-02,bad\n"
)
EDITED = {  # sources by their place: bills, register, costs, predictions, outcomes
    "zone of the portfolio": lambda given: given.update(time_zone="Asia/Kolkata"),
    "zone west of it": lambda given: given.update(time_zone="America/Los_Angeles"),
    "constant": lambda given: given["sources"][2].update(columns={"category": "=rent"}),
    "column": lambda given: given["sources"][1].update(columns={"salvage_value": "life_months"}),
    "column of a bill": lambda given: given["sources"][0].update(
        columns={"service_name": "ChargeDescription"}
    ),
    "zone of a source": lambda given: given["sources"][3].update(time_zone="America/New_York"),
    "id": lambda given: given["sources"][2].update(id="ledger"),
    "removed source": lambda given: given["sources"].pop(2),
    "moved to another dataset": lambda given: given["sources"][2].update(
        dataset="fx", path="inbox/fx/*.csv", id="operating_costs"
    ),
}


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change portfolio.yaml as a person does."""
    file = folder / "portfolio.yaml"
    given = yaml.safe_load(file.read_text())
    change(given)
    file.write_text(yaml.safe_dump(given, sort_keys=False))


def tables(folder: Path, edition: Edition) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of an edition, but for check results."""
    return {
        name: read(folder, edition, f"from {{{name}}} order by all")
        for name in edition.tables
        if name != "check_results"
    }


@pytest.fixture(scope="module")
def described(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company with predictions near the ends of months, run; not to be changed."""
    folder = tmp_path_factory.mktemp("described") / "acme"
    shutil.copytree(published, folder, ignore=shutil.ignore_patterns("state", "marts"))
    put(folder, "predictions/edge.csv", LAST_HOURS)
    put(folder, "outcomes/edge.csv", KNOWN.replace("2026-03-02,", "2026-03-02T00:00:00Z,"))
    edit(folder, lambda given: given["sources"][3].update(time_zone="UTC"))
    run(folder, MARCH)
    return folder


def copied(folder: Path, target: Path, *without: str) -> Path:
    return shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*without))


QUICK = ("zone of the portfolio", "constant", "moved to another dataset")


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in EDITED],
)
def test_books_after_an_edit_are_those_of_a_fresh_run(
    described: Path, tmp_path: Path, name: str
) -> None:
    before = current(described / "marts")
    assert before is not None
    edited = copied(described, tmp_path / "edited")
    fresh = copied(described, tmp_path / "fresh", "state", "marts")
    for folder in (edited, fresh):
        edit(folder, EDITED[name])
    after, expected = run(edited, MARCH), run(fresh, MARCH)
    assert tables(edited, after) == tables(fresh, expected)
    assert after.tables != before.tables  # the edit says something else of these files
    assert current(edited / "marts") == after  # also where the months end earlier than before


def test_settings_put_back_give_the_former_books(described: Path, tmp_path: Path) -> None:
    before, folder = current(described / "marts"), copied(described, tmp_path / "edited")
    assert before is not None
    edit(folder, EDITED["constant"])
    edit(folder, EDITED["zone of the portfolio"])
    assert run(folder, MARCH).name != before.name
    shutil.copy2(described / "portfolio.yaml", folder)
    assert run(folder, MARCH).tables == before.tables


@pytest.mark.parametrize("lost", ["inbox/operating_costs/2026.csv", "inbox/predictions/edge.csv"])
def test_a_changed_reading_of_a_file_that_is_gone_is_refused_by_name(
    described: Path, tmp_path: Path, lost: str
) -> None:
    folder = copied(described, tmp_path / "lost")
    (folder / lost).rename(tmp_path / "archived")
    assert run(folder, MARCH).name == current(described / "marts").name  # type: ignore[union-attr]
    edit(folder, EDITED["constant" if "costs" in lost else "zone of a source"])
    for _ in range(2):
        with pytest.raises(DataRefused, match=f"(?s){lost}: .*put it back .*or restore"):
            run(folder, MARCH)
    shutil.copy2(tmp_path / "archived", folder / lost)
    assert run(folder, MARCH).name != current(described / "marts").name  # type: ignore[union-attr]


def test_a_source_that_is_not_named_any_more_is_refused_where_its_file_is_gone(
    described: Path, tmp_path: Path
) -> None:
    folder = copied(described, tmp_path / "lost")
    (folder / "inbox/operating_costs/2026.csv").unlink()
    edit(folder, EDITED["id"])
    with pytest.raises(DataRefused, match=r"operating_costs/2026\.csv: .*id: operating_costs"):
        run(folder, MARCH)


def test_what_was_read_with_other_settings_is_not_published(
    described: Path, tmp_path: Path
) -> None:
    """A selection in Dagster may leave the ingestion out."""
    folder = copied(described, tmp_path / "company")
    edit(folder, EDITED["column"])
    with (
        unchecked(folder, MARCH) as opened,
        pytest.raises(RoiError, match="with other settings"),
    ):
        editions.publish(opened)


def test_a_changed_reading_restates_closed_months(described: Path, tmp_path: Path) -> None:
    folder = copied(described, tmp_path / "closed")
    before = current(folder / "marts")
    assert before is not None
    assert close(folder, JANUARY, MARCH) == [JANUARY]
    edit(folder, EDITED["column"])
    after = run(folder, MARCH)
    assert month_of(folder, after, JANUARY) == month_of(folder, before, JANUARY)
    assert read(folder, after, "select count(*) from {restatements}") != [(0,)]
    assert [*Journal(folder / "state" / "journal").closings()] == [JANUARY]
