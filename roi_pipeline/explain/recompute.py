"""A published number computed again by the model that made it, over the very files it read.

An edition names the stored file of every table it was made from. These files, the settings and the
deliveries known then are laid out as a run sees them, and the model of one table is run again. A
closed month is computed from the edition it was closed with.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl

from roi_pipeline import warehouse
from roi_pipeline.domain.calendar import Months
from roi_pipeline.errors import RoiError
from roi_pipeline.explain.rows import Found
from roi_pipeline.explain.states import known_then, stored_files
from roi_pipeline.explain.tree import ZERO, Input, Number, SourceRow
from roi_pipeline.explain.walk import Walk, source_row
from roi_pipeline.ingest import deliveries
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.marts.reading import Read
from roi_pipeline.models import registry
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline import settings
from roi_pipeline.pipeline.journal import Journal
from roi_pipeline.pipeline.leaves import Leaves
from roi_pipeline.pipeline.run import Reading, Run
from roi_pipeline.pipeline.settings import Scope
from roi_pipeline.pipeline.state import State
from roi_pipeline.pipeline.store import Store, Stored
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish import editions
from roi_pipeline.publish.editions import Edition

Row = Mapping[str, Any]
RECOMPUTED = "recomputed"
MOST_ROWS = 10_000
_UNNAMED = {"month", "currency"}  # shared columns that do not say whose a row is


@dataclass
class EditionFiles(State):
    """The stored files that an edition was made from, in the place of those a run would build."""

    portfolio: Portfolio = field(kw_only=True)
    edition: Edition = field(kw_only=True)

    def files(self, name: str) -> list[Stored]:
        """The files of a table; RoiError where one is gone."""
        found = stored_files(self.portfolio, self.edition, name)
        return [Stored(file, 0, "") for file in found]


@dataclass
class Reopened(Run):
    """The run that made an edition, to read what it read; it ingests and builds nothing."""

    _columns: dict[str, frozenset[str]] = field(default_factory=dict)
    _counts: dict[tuple[str, Any], int] = field(default_factory=dict)

    def columns(self, name: str) -> frozenset[str]:
        """The columns of a table, view or dataset."""
        if name not in self._columns:
            self.show([name])
            described = warehouse.described(self.con, warehouse.all_of(self.named(name)))
            self._columns[name] = frozenset(described)
        return self._columns[name]

    def count(self, name: str, where: tuple[tuple[str, Any], ...]) -> int:
        """How many of its rows have certain values."""
        if (name, where) not in self._counts:
            self.show([name])
            found = warehouse.count_matching(self.con, self.named(name), dict(where))
            self._counts[name, where] = found
        return self._counts[name, where]


def recomputed(walk: Walk, table: str, row: Row, number: Number) -> Number:
    """The number with what its model gives now for its row, and with the tables it read.

    A note says where that cannot be done: a stored file is missing, or the model has changed and
    does not fit the files any more. Such a number is not proven, unless ledger lines are behind it.
    """
    model = walk.models[table]
    try:
        run = _run(walk, model, row)
        again = _rows(walk, run, model, row)
        inputs = tuple(_inputs(run, model, row))
    except RoiError as error:
        return replace(number, notes=(*number.notes, f"not computed again: {error}"))
    except (duckdb.Error, pl.exceptions.PolarsError, LookupError):  # its text may quote data
        note = (
            f"not computed again: the model of {table} does not fit the edition's files; run again"
        )
        return replace(number, notes=(*number.notes, note))
    found = again.filter(pl.col(key).eq_missing(pl.lit(row[key])) for key in _keys(model, row))
    value = found[number.column][0] if len(found) == 1 else "no such row"
    return replace(number, recomputed=value, is_applied=True, inputs=inputs)


def reading_of(walk: Walk, table: str, row: Row) -> Read:
    """What the model of a table read when a row was made."""
    model = walk.models[table]
    return Reading(_run(walk, model, row), model)


def delivered_rows(
    walk: Walk, table: str, row: Row
) -> tuple[tuple[SourceRow, ...], tuple[str, ...]]:
    """The delivered rows that have the key of a row, of datasets the table is made from; a note for
    a dataset with more than MOST_ROWS of them."""
    model = walk.models[table]
    found, notes = list[SourceRow](), list[str]()
    try:
        run = _run(walk, model, row)
    except RoiError:
        return (), ()  # recomputed() says why
    for dataset in sorted(registry.datasets(walk.models, table) & CONTRACTS.keys()):
        shared = _shared(run, dataset, model, row)
        count = run.count(dataset, tuple(shared.items())) if shared else 0
        if count > MOST_ROWS:
            notes.append(f"{count:,} delivered rows of {dataset} have its key; they are not listed")
        elif count:
            columns = ("delivery_id", "row_no")
            text = ", ".join(f"{name} {value}" for name, value in shared.items())
            for delivery_id, row_no in warehouse.matching(run.con, dataset, columns, shared):
                one = Found(ZERO, dataset, delivery_id, row_no, text)
                found.append(source_row(walk, 0, ZERO, one))
    return tuple(found), tuple(notes)


@contextmanager
def reopened(
    portfolio: Portfolio, models: Mapping[str, Table], edition: Edition
) -> Iterator[Reopened]:
    """The run that made an edition, open as it was."""
    first, last = (date.fromisoformat(f"{edition.months[at]}-01") for at in (0, -1))
    as_of = datetime.fromisoformat(edition.as_of).replace(tzinfo=None)
    scope = Scope(Months(first, last), as_of)
    known = Journal(portfolio.state / "journal").closings()
    closings = {m: known[m] for m in known if f"{m:%Y-%m}" in edition.closed_months}
    given = settings.rows_of(portfolio, models, scope, closings)
    with warehouse.opened(portfolio) as con:
        deliveries.open_receipts(con, portfolio, known_then(portfolio.marts, edition))
        settings.write(con, given)
        yield Reopened(
            con=con,
            portfolio=portfolio,
            tables=models,
            scope=scope,
            closings=closings,
            settings=given,
            published=edition.name,
            _state=EditionFiles(
                tables=models,
                leaves=Leaves.read(con, given, closings),
                store=Store.of(portfolio),
                months=scope.months,
                portfolio=portfolio,
                edition=edition,
            ),
        )


def _run(walk: Walk, model: Table, row: Row) -> Reopened:
    """The run that made a row: of a closed month that of the edition it was closed with."""
    closed = walk.known.closings.get(row["month"]) if "month" in row else None
    name = closed.edition if closed and model.keeps_closed_months else walk.edition.name
    if name not in walk.runs:
        edition = editions.as_published(walk.portfolio.marts, name)
        if edition is None or not edition.stored:
            raise RoiError(f"edition {name} does not say which files it was made from")
        opened = reopened(walk.portfolio, walk.models, edition)
        walk.runs[name] = walk.stack.enter_context(opened)
    return walk.runs[name]


def _rows(walk: Walk, run: Reopened, model: Table, row: Row) -> pl.DataFrame:
    """The rows of the model, at least those of the row's month."""
    month = row["month"] if model.is_monthly else None
    kept = walk.again.get((model.name, month))
    if kept is not None:
        return kept
    if model.function is not None:
        months = [month] if month else [*run.scope.months]
        warehouse.create_table(run.con, RECOMPUTED, model.function(Reading(run, model), months))
        found = warehouse.frame_of(run.con, RECOMPUTED)
        warehouse.drop(run.con, table=RECOMPUTED)
    else:
        run.show([*model.reads])
        query = warehouse.in_months(model.sql, [month]) if month else model.sql
        found = warehouse.frame_of(run.con, f"({query})")
    walk.again[model.name, month] = found
    return found


def _keys(model: Table, row: Row) -> list[str]:
    return [key for key in model.grain if key in row]


def _inputs(run: Reopened, model: Table, row: Row) -> Iterator[Input]:
    """Every table the model reads, with how many of its rows have the row's key."""
    for name in sorted(model.reads - {model.name}):
        shared = _shared(run, name, model, row)
        yield Input(name, run.count(name, tuple(shared.items())), tuple(shared))


def _shared(run: Reopened, name: str, model: Table, row: Row) -> dict[str, Any]:
    """The part of the row's key that a table has too."""
    there = run.columns(name)
    return {key: row[key] for key in _keys(model, row) if key in there and key not in _UNNAMED}
