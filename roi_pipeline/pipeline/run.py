"""One run: a portfolio open for certain months and a cut-off. Deliveries are ingested, tables built
and checked. The command and Dagster call the same functions.

Nothing is shared but files: the connection is in memory and sees the store through views. A second
run, a run that looks back or a run that is killed leaves only files whose names say what they hold.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import update_wrapper
from hashlib import sha256
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import duckdb
import polars as pl

from roi_pipeline import files, warehouse
from roi_pipeline.domain.calendar import runs
from roi_pipeline.engines.cells import CELLS
from roi_pipeline.errors import ConfigurationError, NotBuilt, RoiError, UnexpectedError
from roi_pipeline.ingest import deliveries
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.deliveries import IngestReport
from roi_pipeline.marts.reading import Document
from roi_pipeline.masking import described
from roi_pipeline.models import registry
from roi_pipeline.models.sql_models import LINE_COLUMNS
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline import cells, checks, guards, settings
from roi_pipeline.pipeline.closed_months import CURRENT, kept_files, refuse_lost
from roi_pipeline.pipeline.journal import Closing, Journal
from roi_pipeline.pipeline.leaves import CLOSED, Leaves
from roi_pipeline.pipeline.settings import Scope
from roi_pipeline.pipeline.state import Slice, State
from roi_pipeline.pipeline.store import Store
from roi_pipeline.portfolio import FILE, Portfolio
from roi_pipeline.quality import CheckOutcome

log = logging.getLogger(__name__)
OLD_DATABASE = "warehouse.duckdb"
Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def _in_bounds(
    work: Callable[Concatenate["Run", Asked], Given],
) -> Callable[Concatenate["Run", Asked], Given]:
    """A step that needs more memory or disk than it may use says which setting allows it more. An
    unexpected error keeps its kind and its place, and loses the text that may quote data."""

    def bounded(run: "Run", /, *args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        step = " ".join([work.__name__, *map(str, args[:1])])
        try:
            return work(run, *args, **kwargs)
        except RoiError:
            raise
        except duckdb.OutOfMemoryException as error:
            engine = run.portfolio.engine
            spill = engine.spill_limit or "nine tenths of the free disk"
            raise RoiError(
                f"{step}: needs more than engine.memory_limit {engine.memory_limit} and "
                f"engine.spill_limit {spill} allow; raise one of them in portfolio.yaml and run "
                "again. What was published stays current"
            ) from error
        except OSError:
            raise
        except Exception as error:
            unexpected = UnexpectedError(f"{step}: unexpected {described(error)}")
            raise unexpected.with_traceback(error.__traceback__) from None

    update_wrapper(bounded, work)
    return bounded


@dataclass
class Run:
    """A portfolio, open: its tables, the months and cut-off, and what is stored of them."""

    con: duckdb.DuckDBPyConnection
    portfolio: Portfolio
    tables: Mapping[str, Table]
    scope: Scope
    closings: Mapping[date, Closing]
    settings: Mapping[str, settings.Rows]
    published: str | None  # the edition that was current when the run was opened
    _state: State | None = None
    _shown: set[str] = field(default_factory=set)

    @property
    def state(self) -> State:
        """The fingerprints, as the deliveries that are known now make them."""
        if self._state is None:
            leaves = Leaves.read(self.con, self.settings, self.closings)
            warehouse.use_threads(self.con, self.portfolio, leaves.rows())
            prints = cells.fingerprints(
                leaves, self.portfolio, self.tables, [*self.scope.months], self.scope.as_of
            )
            store = Store.of(self.portfolio)
            self._state = State(self.tables, leaves, store, self.scope.months, prints)
        return self._state

    @property
    def open_months(self) -> list[date]:
        """The months that are not closed."""
        return [month for month in self.scope.months if month not in self.closings]

    @_in_bounds
    def ingest(self, dataset: str) -> IngestReport:
        """Ingest what has landed of a dataset."""
        report = deliveries.ingest(self.con, self.portfolio, dataset)
        if report.receipts:
            count = sum(receipt.rows_accepted for receipt in report.receipts)
            log.info("%s: %s new files, %s rows", dataset, len(report.receipts), f"{count:,}")
        self._state = None
        self._shown.clear()
        return report

    @_in_bounds
    def build(self, name: str) -> list[Slice]:
        """Bring a stored table up to date; returns the months (None: the whole) that were stale.

        What it reads must be built. Raises DataRefused for a guard that has rows.
        """
        table = self.tables[name]
        stale = self.state.stale(name)
        if stale:
            log.debug("building %s", name)
            if table.build == "engine":
                self._build_cells([month for month in stale if month is not None])
            elif table.function is not None:
                self._build_python(table, stale)
            else:
                self.show([*table.reads])
                self._put(table, table.sql, stale)
        self._shown.discard(name)
        if table.is_guard:
            self.refuse_guarded([name])
        return stale

    @_in_bounds
    def check(self, name: str) -> list[CheckOutcome]:
        """Run the suite of a table on its rows, where that was not done yet; all its outcomes."""
        log.debug("checking %s", name)
        return [one for _, outcomes in checks.outcomes(self, name) for one in outcomes]

    def stored_tables(self) -> list[str]:
        """Every table that is stored, in the order in which they are built."""
        return [
            name
            for name, table in self.tables.items()
            if table.build != "view" and (table.build != "engine" or name in CELLS)
        ]

    def marts(self) -> list[str]:
        """Every table that is published."""
        return [name for name, table in self.tables.items() if table.is_published]

    def checked_tables(self) -> list[str]:
        """Every table that has a suite: what is delivered, and what is stored."""
        known = {*CONTRACTS, *self.stored_tables()}
        return [name for name in checks.all_suites() if name in known]

    def is_current(self, name: str) -> bool:
        """Whether a table is stored as it should be now, and so is all that it reads."""
        try:
            return not self.state.stale(name)
        except NotBuilt:
            return False

    def refuse_guarded(self, names: Sequence[str] | None = None) -> None:
        """Raise DataRefused, naming rows and remedy, for guards (default: all) that have rows."""
        for name in self.tables if names is None else names:
            if self.tables[name].is_guard and any(file.rows for file in self.state.files(name)):
                rows = self.frame(name).to_dicts()
                guards.refuse(name, rows, self.portfolio, self.tables)

    def inputs_sha256(self) -> str:
        """One checksum over every active delivery, every reference file and portfolio.yaml."""
        settings_file = (self.portfolio.folder / FILE).read_bytes()
        return sha256(
            json.dumps(self.state.leaves.active_ids()).encode() + settings_file
        ).hexdigest()

    @_in_bounds
    def show(self, names: Sequence[str]) -> None:
        """Make tables, with all the views they are read through, visible to queries."""
        for name in names:
            if name in self._shown:
                continue
            table = self.tables.get(name)
            if table is None:
                self._show_leaf(name)
            elif table.build == "view":
                self.show([read for read in table.reads if read != name])
                self._show_view(table)
            else:
                files = [file.path for file in self.state.files(name)]
                warehouse.show(self.con, self.named(name), warehouse.files_query(files))
            self._shown.add(name)

    def frame(self, name: str) -> pl.DataFrame:
        """All rows of a table, in the order of all columns."""
        self.show([name])
        return warehouse.frame_of(self.con, self.named(name))

    def named(self, name: str) -> str:
        """The name of a table in queries, with its schema."""
        return warehouse.table_of(self.tables[name]) if name in self.tables else name

    def _show_leaf(self, name: str) -> None:
        if name in CONTRACTS:
            deliveries.create_views(self.con, self.portfolio, [name])
        elif name.startswith(CLOSED):
            mart = name.removeprefix(CLOSED)
            files = self._closed_files(mart)
            query = warehouse.files_query(files) if files else self._no_closed_rows(mart)
            warehouse.show(self.con, name, query)

    def _show_view(self, table: Table) -> None:
        where = f"sql/{table.layer}/{table.name}.sql"
        wanted = LINE_COLUMNS.get(table.part_of or "", ())
        try:
            make = warehouse.compute if table.is_computed_once else warehouse.show
            make(self.con, table.name, table.sql)
            given = warehouse.described(self.con, warehouse.all_of(table.name)) if wanted else {}
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            raise ConfigurationError(
                f"{where}: {error}; roi-pipeline doctor tries the file"
            ) from error
        if missing := [name for name in wanted if name not in given]:
            raise ConfigurationError(
                f"{where}: no column {', '.join(missing)}; select {', '.join(wanted)}"
            )

    def _closed_files(self, mart: str) -> list[Path]:
        """The files that keep the rows of closed months of a mart."""
        return kept_files(self.portfolio, self.closings, mart)

    def _no_closed_rows(self, mart: str) -> str:
        """A query of no rows with the columns that closed rows of a mart would have."""
        table = self.tables[mart]
        if table.function is not None:
            empty = pl.DataFrame([], schema=dict(table.columns))
            self.con.register(f"shape_of_{mart}", empty)
            return warehouse.query_of_frame(f"shape_of_{mart}", empty.schema)
        self.show([table.closed_like or mart])
        return warehouse.no_rows(warehouse.all_of(table.closed_like or mart))

    def _build_cells(self, months: Sequence[date]) -> None:
        """All cells tables of the stale months; neighbouring months in one pass."""
        for stretch in runs(months):
            with cells.built(
                self.con, self.portfolio, self.tables, stretch, self.scope.as_of
            ) as queries:
                for name, query in queries.items():
                    self._put(self.tables[name], query, [*stretch])

    def _build_python(self, table: Table, stale: Sequence[Slice]) -> None:
        assert table.function is not None  # noqa: S101
        months = [month for month in stale if month is not None] or self.open_months
        frame = table.function(Building(self, table), months)
        with warehouse.frame_query(self.con, frame) as query:
            self._put(table, query, stale)

    def _put(self, table: Table, query: str, slices: Sequence[Slice]) -> None:
        """Store the slices of a table; the query is planned and runs once."""
        months = [month for month in slices if month is not None]
        narrowed = warehouse.in_months(query, months) if months else query
        with warehouse.computed(self.con, narrowed) as computed:
            rows = warehouse.all_of(computed)
            for month in months:
                self._store(table.name, month, warehouse.in_months(rows, [month]))
            if not months:
                self._store(table.name, None, self._of_run(table, rows))

    def _of_run(self, table: Table, query: str) -> str:
        """The rows that a whole table keeps: of a mart the months of the run, closed ones as they
        were when they were closed."""
        if not table.is_published:
            return query
        columns = warehouse.described(self.con, query)
        if table.keeps_closed_months:
            query = warehouse.in_months(query, self.open_months)
            if files := self._closed_files(table.name):
                query = warehouse.with_kept(query, [*columns], warehouse.files_query(files))
        elif "month" in columns:
            query = warehouse.until(query, self.scope.months.last)
        return query

    def _store(self, name: str, month: Slice, query: str) -> None:
        fingerprint = self.state.fingerprint(name, month)
        self.state.keep(
            name, month, self.state.store.put(self.con, name, month, fingerprint, query)
        )


@dataclass(frozen=True)
class Reading:
    """What a Python model may read: what its table declares."""

    run: Run
    table: Table

    def __call__(self, name: str) -> pl.DataFrame:
        """All rows of a declared table; LookupError for any other."""
        if name not in self.table.reads:
            raise LookupError(f"{self.table.name} reads {name} and does not declare it: add it")
        return self.run.frame(name)


class Building(Reading):
    """How a table that is being built reads; it keeps what is dear to compute."""

    def kept(self, month: date, inputs: str, compute: Callable[[], Document]) -> Document:
        """What the code of the table computes for a month from these inputs, by their checksum."""
        fingerprint = sha256(f"{self.table.code} {inputs}".encode()).hexdigest()
        return self.run.state.store.kept(self.table.name, month, fingerprint, compute)


@contextmanager
def opened(portfolio: Portfolio, last: date, as_of: datetime | None = None) -> Iterator[Run]:
    """A run over the months up to `last`; needs no lock, and closes its connection at the end.

    Raises ConfigurationError for models that cannot be read and for the state of version 0.1.0,
    RoiError for a broken journal.
    """
    _refuse_old_state(portfolio)
    published = (files.read_json(portfolio.marts / CURRENT) or {}).get("edition")
    tables = registry.load(portfolio.folder / "sql")
    guards.refuse_unnamed_positives(portfolio, tables)
    scope = Scope.through(portfolio, last, as_of)
    closings = Journal(portfolio.state / "journal").closings()
    refuse_lost(portfolio, closings)
    closings = {month: closing for month, closing in closings.items() if month in scope.months}
    given = settings.rows_of(portfolio, tables, scope, closings)
    with warehouse.opened(portfolio) as con:
        deliveries.open_receipts(con, portfolio)
        settings.write(con, given)
        yield Run(con, portfolio, tables, scope, closings, given, published)


def _refuse_old_state(portfolio: Portfolio) -> None:
    """Files that 0.1.0 ingested may be gone from the inbox, so what it kept must not be ignored."""
    database = portfolio.state / OLD_DATABASE
    if database.exists():
        raise ConfigurationError(
            f"{database}: was made by version 0.1.0, which kept deliveries in a database; this "
            f"version ingests them again. Put every delivered file back where its source looks for "
            f"it, move {database} and {portfolio.state / 'clean'} to a backup, then run again"
        )
