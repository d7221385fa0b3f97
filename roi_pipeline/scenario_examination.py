"""What `doctor` says of scenarios: do the portfolio's own give what their worked examples say, and
has every system the rows that its scenario counts with?

Runs the examples in a database of its own; changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from roi_pipeline import workbench
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.models import registry
from roi_pipeline.models.sql_models import LINE_COLUMNS, VALUE_LINES
from roi_pipeline.models.table import Table
from roi_pipeline.portfolio import System

ROWS_SHOWN = 3


@dataclass(frozen=True)
class Hint:
    """Something that a run accepts and is worth knowing before it."""

    where: str
    what: str
    remedy: str


def own_scenarios(folder: Path) -> Iterator[Hint]:
    """Run the worked example of every scenario in `folder`/sql/value, and report what differs; a
    file that a run refuses is left to it."""
    files = sorted((folder / "sql" / "value").glob("*.sql"))
    if not files:
        return
    try:
        found = registry.load(folder / "sql")
    except ConfigurationError:
        return
    for file in files:
        yield from _example(found[file.stem], folder / "sql")


def _example(model: Table, own: Path) -> Iterator[Hint]:
    where = f"sql/value/{model.name}.sql"
    if not model.example:
        remedy = (
            "close the file with /* example … */: rows given, rows expected (docs/scenarios.md)"
        )
        yield Hint(where, "no worked example", remedy)
        return
    try:
        for table, got, want in workbench.tried(model, own):
            for what, one, other in (("lacks", want, got), ("has besides", got, want)):
                left = [row for row in one if row not in other]
                for row in left[:ROWS_SHOWN]:
                    difference = f"the example's {table} {what} {', '.join(map(str, row))}"
                    yield Hint(where, difference, "fix the query or the example")
    except ConfigurationError as error:
        _, _, what = str(error).partition(": ")
        yield Hint(where, what, "write rows of tables, as docs/scenarios.md does")
    except (duckdb.Error, ArithmeticError, LookupError, TypeError, ValueError) as error:
        wanted = f"select {', '.join(LINE_COLUMNS[VALUE_LINES])}; give and expect rows of tables"
        yield Hint(where, str(error).strip().partition("\n")[0], wanted)


def needs(system: System, scenario: Table, baselines: pl.DataFrame) -> Iterator[Hint]:
    """The metrics that a system's scenario counts with and its baselines lack, or have with
    another unit; a system without a baseline is no matter of its scenario."""
    where, own = "reference/baselines.csv", baselines.filter(system_id=system.id)
    for need in scenario.baseline if not own.is_empty() else ():
        rows = own.filter(metric=need.name)
        if rows.is_empty():
            what = f"no {need} of {system.id!r}: without it the whole value is gross"
            yield Hint(where, what, "measure it, or keep it as gross")
        for unit in rows["unit"] if need.units else ():
            if unit not in need.units:
                what = f"{need.name} of {system.id!r} has unit {unit!r}"
                yield Hint(where, what, f"say of what it is a share: {' or '.join(need.units)}")
