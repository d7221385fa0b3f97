"""A run: what it says, when there is nothing to do, and what keeps an edition from being made."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from command_line import said
from small_portfolio import MONTHS, put, small_portfolio

LAST = MONTHS[-1]


def test_the_first_run_tells_what_became_of_every_row(first_run: tuple[Path, Any]) -> None:
    told = first_run[1].json
    intake = told["intake"]
    assert told["published"]
    assert told["months"] == ["2026-08", "2026-09", "2026-10"]
    assert intake["rows_quarantined"] == 1  # September's prediction without a decision
    assert intake["refused"] == []
    assert intake["rows_read"] == sum(
        intake[f"rows_{fate}"] for fate in ("accepted", "quarantined", "superseded")
    )
    assert {system["system_id"] for system in told["board"]["systems"]} == {
        "claim-triage",
        "card-watch",
    }


def tables_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Rows and columns of every published table, in the database that BI opens."""
    with duckdb.connect(str(folder / "marts" / "marts.duckdb"), read_only=True) as con:
        found = con.execute("select table_name, estimated_size, column_count from duckdb_tables()")
        return {name: (rows, columns) for name, rows, columns in found.fetchall()}


def test_no_folder_above_a_portfolio_changes_what_is_published(
    small: Path, tmp_path: Path, run: Callable[..., Any]
) -> None:
    """DuckDB reads `month=…` as a column and [ ] { } * as a pattern of other folders' names."""
    folder = tmp_path / "month=2026-01-01" / "system_id=x" / "a [1]{b,c}*" / "small"
    (tmp_path / "month=2026-01-01" / "system_id=x" / "a 1b" / "small").mkdir(parents=True)
    small_portfolio(folder)
    told = run("run", "--month", "2026-10", "--json", "--portfolio", folder)
    assert told.code == 0, told.out + told.err
    assert tables_of(folder) == tables_of(small)
    name = "select system_id, status from marts.threshold_status_monthly order by all"
    with duckdb.connect(str(folder / "marts" / "marts.duckdb"), read_only=True) as con:
        assert {system for system, _ in con.execute(name).fetchall()} == {
            "claim-triage",
            "card-watch",
        }
    why = run("explain", "roi_monthly", "2026-10", "card-watch", "--portfolio", folder)
    assert why.code == 0, why.out + why.err


def is_news(folder: Path, month: str = "2026-10", *more: str) -> bool:
    """Whether a run finds anything to do."""
    told = said("run", "--month", month, *more, "--json", "--portfolio", folder)
    assert told.code == 0, told.out + told.err
    return bool(told.json.get("reason") != "nothing new")


def test_nothing_new_is_said_in_one_line(copy: Path, speak: Callable, tmp_path: Path) -> None:
    told = speak(["run", "--month", "2026-10", "--portfolio", copy])
    assert told.code == 0, told.err
    assert told.out.startswith("nothing new: edition ")
    assert told.out.count("\n") == 1


def test_the_quick_path_imports_neither_dagster_nor_great_expectations(copy: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom roi_pipeline.cli import main\n"
        f"main('run --month 2026-10 --portfolio {copy}'.split(), standalone_mode=False)\n"
        "print(sorted({'dagster', 'great_expectations'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stdout.startswith("nothing new")


def test_an_unchanged_portfolio_is_no_news(copy: Path) -> None:
    assert not is_news(copy)
    assert not is_news(copy, "2026-10", "--as-of", "2026-11-01")  # what it is by default


def test_a_file_that_says_the_same_is_no_news(copy: Path) -> None:
    """Touched, or with a comment more: it is read again, and nothing changes."""
    os.utime(copy / "inbox" / "billing" / "2026-10.csv", (1_800_000_000, 1_800_000_000))
    file = copy / "portfolio.yaml"
    file.write_text(file.read_text() + "# a word\n")
    assert not is_news(copy)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


NEWS: dict[str, Callable[[Path], object]] = {
    "another price": lambda f: edit(f / "reference" / "prices.csv", "14.50", "14.60"),
    "another zone": lambda f: edit(f / "portfolio.yaml", "time_zone: UTC", "time_zone: Asia/Tokyo"),
    "a lost database": lambda f: (f / "marts" / "marts.duckdb").unlink(),
    "a lost table": lambda f: next((f / "marts").rglob("roi_monthly.parquet")).unlink(),
    "a lost publication": lambda f: next((f / "marts").rglob("publication.parquet")).unlink(),
}


@pytest.mark.parametrize("name", NEWS)
def test_what_is_news(copy: Path, name: str) -> None:
    NEWS[name](copy)
    assert is_news(copy)
    assert not is_news(copy)


def test_a_look_back_blocks_neither_publish_nor_close(copy: Path) -> None:
    before = (copy / "marts" / "current.json").read_bytes()
    assert is_news(copy, "2026-09")
    assert is_news(copy, "2026-10", "--as-of", "2026-10-15")
    assert said("publish", "--portfolio", copy).code == 0
    assert (copy / "marts" / "current.json").read_bytes() == before
    assert said("close", "2026-09", "--portfolio", copy).code == 0
    assert said("publish", "--portfolio", copy).code == 0
    assert not is_news(copy)


def test_a_refused_file_publishes_nothing_and_is_named(
    copy: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(copy / "inbox" / "outcomes" / "2026-11.csv", "prediction_id,observed\nt-1,x\n", LAST)
    before = (copy / "marts" / "current.json").read_bytes()
    told = run("run", "--month", "2026-10", "--portfolio", copy)
    assert told.code == 3, told.out + told.err
    assert "refused: inbox/outcomes/2026-11.csv" in told.out.replace("\n", " ")
    assert "nothing published" in told.out
    assert (copy / "marts" / "current.json").read_bytes() == before
    assert "lacks" in run("run", "--month", "2026-10", "--json", "--portfolio", copy).out
    (copy / "inbox" / "outcomes" / "2026-11.csv").unlink()
    assert run("run", "--month", "2026-10", "--portfolio", copy).out.startswith("nothing new")


def test_status_tells_of_a_later_run_that_failed(copy: Path, run: Callable) -> None:
    (copy / "state" / "last_run.json").write_text(
        json.dumps(
            {
                "is_good": False,
                "ended_at": "2099-02-01T00:00:00+00:00",
                "intake": {"refused": [["inbox/a.csv", "is cut"]]},
                "failed_checks": [],
                "error": None,
            }
        )
    )
    told = run("status", "--portfolio", copy)
    assert "inbox/a.csv: is cut" in told.out
    assert run("status", "--json", "--portfolio", copy).json["failed_run"]["error"] is None


def test_a_missing_price_stops_the_run_and_is_named(copy: Path, run: Callable) -> None:
    file = copy / "reference" / "prices.csv"
    lines = [line for line in file.read_text().splitlines() if "alert_reviewed" not in line]
    put(file, "\n".join(lines) + "\n", date(2026, 10, 20))
    told = run("run", "--month", "2026-10", "--portfolio", copy)
    assert "alert_reviewed" in told.out
    assert "nothing published" in told.out
    assert told.code == 3  # contracts §5: data refused, nothing published


def test_an_unset_key_is_a_mistake_of_configuration(copy: Path, run: Callable) -> None:
    text = "prediction_id,predicted_at,system_id,model_version,decision,entity_id\n"
    text += "k-1,2026-10-02T00:00:00Z,claim-triage,v1,allow,alice\n"
    put(copy / "inbox" / "predictions" / "claim-triage" / "keyed.csv", text, LAST)
    told = run("run", "--month", "2026-10", "--portfolio", copy)
    assert "ROI_PII_KEY" in told.out
    assert told.code == 2, told.out + told.err


def test_an_older_cut_off_looks_back_and_current_stays(copy: Path, run: Callable) -> None:
    """Nor does it keep what is current from being published again, or closed."""
    before = json.loads((copy / "marts" / "current.json").read_text())["edition"]
    told = run("run", "--month", "2026-09", "--portfolio", copy)
    assert told.code == 0, told.out + told.err
    assert f"lies beside edition {before}" in told.out.replace("\n", " ")
    assert "September" in told.out or "Sep 2026" in told.out, told.out
    beside = copy / "marts" / told.out.partition("edition ")[2][:16]
    said = json.loads((beside / "edition.json").read_text())
    assert (said["edition"], said["months"][-1]) == (beside.name, "2026-09")
    assert json.loads((copy / "marts" / "current.json").read_text())["edition"] == before
    assert run("publish", "--portfolio", copy).code == 0
