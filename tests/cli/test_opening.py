"""An error raised while a run opens its books ends the command with its own message and code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from small_portfolio import TRIAGE, small_portfolio

from roi_pipeline import warehouse
from roi_pipeline.cli import main
from roi_pipeline.errors import CheckFailed, ConfigurationError, DataRefused, RoiError
from roi_pipeline.pipeline import guards, settings
from roi_pipeline.pipeline import run as pipeline_run

SCENARIO = """-- Claims, by the case.
-- grain: cell_id, driver
select cell_id, 'claim' as driver, 'claim' as priced_as, 'case' as unit, 'case' as measure,
    cast(1 as decimal(18, 9)) as factor, 'direct' as category
from value_cell where scenario = 'claims'
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_portfolio(tmp_path / "small")


def scenario(folder: Path, text: str, header: str = "") -> None:
    """Give the portfolio a scenario of its own, which its first system uses."""
    (folder / "sql" / "value").mkdir(parents=True)
    (folder / "sql" / "value" / "claims.sql").write_text(text.replace("grain: cell_id", header))
    change(folder, lambda settings: settings["systems"][0].update(scenario="claims"))


def change(folder: Path, edit: Callable) -> None:
    file = folder / "portfolio.yaml"
    settings = yaml.safe_load(file.read_text())
    edit(settings)
    file.write_text(yaml.safe_dump(settings, sort_keys=False))


def mistyped(old: str, new: str) -> Callable[[Path], None]:
    """The scenario with one mistake in it."""
    assert old in SCENARIO
    text = SCENARIO.replace(old, new)
    return lambda folder: scenario(folder, text, "grain: cell_id")


def no_positive(folder: Path) -> None:
    text = SCENARIO.replace("select", "-- positive: the claim is paid\nselect", 1)
    scenario(folder, text, "grain: cell_id")
    change(folder, lambda settings: settings["systems"][0].pop("positive"))


def old_state(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "warehouse.duckdb").write_bytes(b"a database of 0.1.0")


def no_folder(folder: Path) -> None:
    (folder / "state").write_text("a file where a folder should be")


# What is done to the portfolio, the exit code, and what the message says.
OPENINGS: dict[str, tuple[Callable[[Path], None], int, tuple[str, ...]]] = {
    "a column that is not there": (
        mistyped("select cell_id", "select cell_idd as cell_id"),
        2,
        ("sql/value/claims.sql", "cell_idd", "doctor"),
    ),
    "a column named wrongly": (
        mistyped("as category", "as categroy"),
        2,
        ("sql/value/claims.sql", "category"),
    ),
    "a filter by a column that is not there": (
        mistyped("where scenario", "where scenari"),
        2,
        ("sql/value/claims.sql", "scenari"),
    ),
    "a type that is not there": (
        mistyped("as decimal(18, 9)", "as decimals"),
        2,
        ("sql/value/claims.sql", "decimals"),
    ),
    "a quote left open": (mistyped("'claims'", "'claims"), 2, ("sql/value/claims.sql",)),
    "no query": (mistyped("from value_cell", "from from"), 2, ("sql/value/claims.sql",)),
    "no `positive`": (no_positive, 2, (f"systems.{TRIAGE}.positive: missing",)),
    "an engine that is not built": (
        lambda folder: change(folder, lambda settings: settings["engine"].update(name="spark")),
        2,
        ("engine.name 'spark'", "use duckdb"),
    ),
    "the state of version 0.1.0": (old_state, 2, ("warehouse.duckdb", "0.1.0", "move")),
    "a folder that is a file": (no_folder, 2, ("state: ", "can be written")),
}


@pytest.mark.parametrize("command", ["run", "doctor"])
@pytest.mark.parametrize("name", OPENINGS)
def test_what_keeps_a_run_from_opening_is_reported(
    folder: Path, name: str, command: str, run: Callable
) -> None:
    damage, code, words = OPENINGS[name]
    damage(folder)
    reported = run(command, "--month", "2026-08", "--portfolio", folder)
    shown = " ".join((reported.out + reported.err).split())
    lines = "".join((reported.out + reported.err).split())  # a window may break a line anywhere
    missing = [word for word in words if "".join(word.split()) not in lines]
    assert (reported.code, missing) == (code, []), shown
    assert "unexpected" not in shown
    assert not (folder / "marts" / "current.json").exists()


@pytest.mark.parametrize(
    ("module", "step", "kind", "code"),
    [
        (guards, "refuse_unnamed_positives", RoiError, 1),
        (warehouse, "opened", DataRefused, 3),
        (settings, "write", ConfigurationError, 2),
        (pipeline_run, "refuse_lost", CheckFailed, 3),
    ],
)
def test_every_step_of_opening_ends_the_command_with_its_own_error(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    step: str,
    kind: type[RoiError],
    code: int,
) -> None:
    """Whatever of ours is raised, wherever: the message is shown, also to machines and later."""

    def refuse(*_: object, **__: object) -> None:
        raise kind("inbox/x.csv: row 3: correct it, then run again")

    monkeypatch.setattr(module, step, refuse)
    result = CliRunner().invoke(
        main, ["run", "--month", "2026-08", "--json", "--portfolio", str(folder)]
    )
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"]) == (code, code)
    assert document["error"] == "inbox/x.csv: row 3: correct it, then run again"


def test_an_error_of_another_kind_is_shown_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, run: Callable
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "state"))

    monkeypatch.setattr(settings, "write", fail)
    reported = run("run", "--month", "2026-08", "--portfolio", folder)
    assert reported.code == 1
    assert "Permission denied" in reported.out + reported.err


def test_a_second_error_after_its_cause_is_the_one_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, run: Callable
) -> None:
    def refuse(*_: object) -> None:
        try:
            raise KeyError("driver")
        except KeyError as error:
            raise ConfigurationError("portfolio.yaml: systems: name a driver") from error

    monkeypatch.setattr(settings, "write", refuse)
    reported = run("run", "--month", "2026-08", "--portfolio", folder)
    assert reported.code == 2
    assert "portfolio.yaml: systems: name a driver" in reported.out
