"""One run: the open database, with inputs, cells, ledger and marts ready to be built."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, update_wrapper
from hashlib import sha256
from typing import Concatenate, ParamSpec, TypeVar

import duckdb

from roi_pipeline import __version__, models, warehouse
from roi_pipeline.books import cells, ledger, records, scope
from roi_pipeline.books.records import State
from roi_pipeline.books.scenarios import refuse_unnamed_positives
from roi_pipeline.books.scope import Scope
from roi_pipeline.engines.cells import CELLS
from roi_pipeline.errors import RoiError, UnexpectedError
from roi_pipeline.ingest import deliveries
from roi_pipeline.ingest.deliveries import IngestReport
from roi_pipeline.masking import described
from roi_pipeline.models import Model
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.quality import CheckOutcome, blocking, period, record, validate

log = logging.getLogger(__name__)
Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def _in_bounds(
    work: Callable[Concatenate["Session", Asked], Given],
) -> Callable[Concatenate["Session", Asked], Given]:
    """A step that needs more memory or disk than it may use says which setting allows it more. An
    error nobody foresaw keeps its kind and its place, and loses the text that may quote data."""

    def bounded(session: "Session", /, *args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        step = " ".join([work.__name__, *map(str, args[:1])])
        try:
            return work(session, *args, **kwargs)
        except RoiError:
            raise
        except duckdb.OutOfMemoryException as error:
            engine = session.portfolio.engine
            spill = engine.spill_limit or "nine tenths of the free disk"
            raise RoiError(
                f"{step}: needs more than engine.memory_limit {engine.memory_limit} and "
                f"engine.spill_limit {spill} allow; raise one of them in portfolio.yaml and run "
                "again. What was published stays current"
            ) from error
        except Exception as error:
            told = UnexpectedError(f"{step}: unexpected {described(error)}")
            raise told.with_traceback(error.__traceback__) from None

    update_wrapper(bounded, work)
    return bounded


@dataclass
class Session:
    """What the steps of one run share: one connection, one scope."""

    con: duckdb.DuckDBPyConnection
    portfolio: Portfolio
    models: Mapping[str, Model]
    scope: Scope

    @cached_property
    def code_version(self) -> str:
        """Version of the package and of every model."""
        queries = sha256("".join(m.code_version for m in self.models.values()).encode())
        return f"{__version__}+{queries.hexdigest()[:12]}"

    @property
    def state(self) -> State:
        """What the books hold now, as checksums."""
        return State(self.con, self.portfolio, self.models, self.scope)

    @_in_bounds
    def ingest(self, dataset: str) -> IngestReport:
        """Take in what has landed of a dataset, and show it to the models."""
        report = deliveries.ingest(self.con, self.portfolio, dataset)
        if report.receipts:
            rows = sum(receipt.rows_accepted for receipt in report.receipts)
            log.info("%s: %s new files, %s rows", dataset, len(report.receipts), f"{rows:,}")
        deliveries.create_views(self.con, self.portfolio, [dataset])
        return report

    @_in_bounds
    def build_cells(self) -> list[date]:
        """Bring the cells up to date; returns the months that were stale."""
        records.forget_moved(self.state, CELLS, "cells")
        try:
            stale = cells.build_cells(
                self.con, self.portfolio, self.models, [*self.scope.months], self.scope.as_of
            )
        except Exception:
            records.keep_rows(self.state, CELLS)
            raise
        records.keep(self.state, CELLS)
        return stale

    @_in_bounds
    def build_whole(self, name: str) -> int:
        """Fill a table that Python computes from everything there is."""
        written = ledger.build_whole(self.con, name)
        records.keep(self.state, [name])
        return written

    @_in_bounds
    def build_ledger(self, name: str) -> list[date]:
        """Bring a ledger table up to date; returns the months that were stale."""
        records.forget_moved(self.state, [name], name)
        stale = ledger.build_ledger(self.con, self.portfolio, self.models, name, self.scope)
        records.keep(self.state, [name])
        return stale

    @_in_bounds
    def build_mart(self, name: str) -> int:
        """Fill the open months of a mart."""
        written = ledger.build_mart(self.con, self.models, name, self.scope)
        records.keep(self.state, [name])
        return written

    @_in_bounds
    def check(self, table: str, first: date, last: date) -> list[CheckOutcome]:
        """Run the suite of a table over months, and keep what it found.

        Open months before `first` are checked too when their rows are not those that passed.
        """
        state = self.state
        first = min([first, *(m for m in records.unchecked(state, table) if m <= last)])
        expected = any(source.dataset == table for source in self.portfolio.sources)
        live = min(system.live_on for system in self.portfolio.systems)
        log.info("checking %s", table)
        parameters = period(
            first,
            last,
            time_zone=self.portfolio.time_zone,
            expects_rows=expected and last >= live.replace(day=1),
            max_quarantined_share=self.portfolio.max_quarantined_share,
        )
        outcomes = validate(self.con, table, table, parameters)
        record(self.con, first, last, outcomes)
        records.keep_checked(state, table, first, last, passed=not blocking(outcomes))
        return outcomes


@contextmanager
def opened(
    portfolio: Portfolio,
    last: date,
    as_of: datetime | None = None,
    *,
    wait_s: float | None = None,
    is_look_back: bool = False,
) -> Iterator[Session]:
    """A session over the months up to `last`; the database is closed at the end.

    Waits for another run to end first. What an interrupted run left behind is removed. A look back
    works on a copy of the books, which is removed at the end: the books stay as they are.
    """
    found = models.load(portfolio.folder / "sql")
    refuse_unnamed_positives(portfolio, found)
    wait = warehouse.WAIT_S if wait_s is None else wait_s
    with (
        warehouse.opened(portfolio, wait_s=wait) as books,
        warehouse.copied(books, portfolio) if is_look_back else nullcontext(books) as con,
    ):
        current = Scope.through(portfolio, last, as_of)
        deliveries.create_tables(con)
        deliveries.sweep(con, portfolio)
        con.execute(records.DDL)
        scope.write(con, portfolio, found, current)
        deliveries.create_views(con, portfolio)
        cells.ensure_cells(con, portfolio, found)
        ledger.ensure_tables(con, found)
        yield Session(con, portfolio, found, current)
