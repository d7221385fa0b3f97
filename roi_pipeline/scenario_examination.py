"""What `doctor` says of scenarios: do the portfolio's own give what their worked examples say, and
has every system the rows that its scenario counts with?

Runs the examples in a database of its own; changes nothing.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from roi_pipeline import workbench
from roi_pipeline.edited_tables import Row
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models import registry
from roi_pipeline.models.sql_models import LINE_COLUMNS, VALUE_LINES
from roi_pipeline.models.table import Need, Table
from roi_pipeline.portfolio import System

Told = tuple[str, str, str, str]  # level, where, what, remedy
ROWS_SHOWN = 3


def own_scenarios(folder: Path) -> Iterator[Told]:
    """Run the worked example of every scenario in `folder`/sql/value, and tell what differs."""
    files = sorted((folder / "sql" / "value").glob("*.sql"))
    if not files:
        return
    try:
        found = registry.load(folder / "sql")
    except ConfigurationError as error:
        what, _, remedy = str(error).removeprefix(f"{folder}/").rpartition("; ")
        where, _, what = (what or str(error)).partition(": ")
        yield ("error", where, what, remedy or "correct the file")
        return
    for file in files:
        yield from _example(found[file.stem], folder / "sql")


def _example(model: Table, own: Path) -> Iterator[Told]:
    where = f"sql/value/{model.name}.sql"
    if not model.example:
        remedy = (
            "close the file with /* example … */: rows given, rows expected (docs/scenarios.md)"
        )
        yield ("warning", where, "no worked example", remedy)
        return
    try:
        for table, got, want in workbench.tried(model, own):
            for what, one, other in (("lacks", want, got), ("has besides", got, want)):
                left = [row for row in one if row not in other]
                for row in left[:ROWS_SHOWN]:
                    told = f"the example's {table} {what} {', '.join(map(str, row))}"
                    yield ("error", where, told, "mend the query or the example")
    except ConfigurationError as error:
        _, _, what = str(error).partition(": ")
        yield ("error", where, what, "write rows of tables, as docs/scenarios.md does")
    except (duckdb.Error, ArithmeticError, LookupError, TypeError, ValueError) as error:
        wanted = f"select {', '.join(LINE_COLUMNS[VALUE_LINES])}; give and expect rows of tables"
        yield ("error", where, str(error).strip().partition("\n")[0], wanted)


def needs(
    system: System, scenario: Table, baselines: tuple[Row, ...], terms: tuple[Row, ...]
) -> Iterator[Told]:
    """What a system lacks of that which its scenario counts with."""
    if scenario.positive and system.positive is None:
        what = f"{system.id!r} has no `positive`, and {scenario.name} must know it"
        yield ("error", "portfolio.yaml", what, f"say which they are: {scenario.positive}")
    for need in scenario.terms:
        if not _of(system, terms, "term", need):
            what = f"no {need} of {system.id!r}, which {scenario.name} counts with"
            yield ("error", "reference/terms.csv", what, "add what was agreed, from go-live on")
    for need in scenario.baseline:
        rows = _of(system, baselines, "metric", need)
        if not rows and any(row["system_id"] == system.id for row in baselines):
            what = f"no {need} of {system.id!r}: without it the whole value is gross"
            yield ("warning", "reference/baselines.csv", what, "measure it, or keep it as gross")
        for row in rows:
            if need.units and row["unit"] not in need.units:
                what = f"{need.name} of {system.id!r} is told in {row['unit']!r}"
                remedy = f"say of what it is a share: {' or '.join(need.units)}"
                yield ("error", "reference/baselines.csv", what, remedy)


def late_windows(system: System, baselines: tuple[Row, ...]) -> Iterator[Told]:
    """Baselines measured while the system ran already."""
    for number, row in enumerate(baselines, start=1):
        if (
            row["system_id"] == system.id
            and date.fromisoformat(row["window_end"]) >= system.live_on
        ):
            what = f"ends {row['window_end']}, not before the go-live on {system.live_on}"
            remedy = "measure the process before the system in an earlier window"
            yield ("error", f"reference/baselines.csv row {number}, window_end", what, remedy)


def _of(system: System, rows: tuple[Row, ...], column: str, need: Need) -> list[Row]:
    return [row for row in rows if row["system_id"] == system.id and row[column] == need.name]
