"""The inputs as they were when something was published or closed, to be read again.

A snapshot is a set of deliveries and a cut-off. It is laid out in a database in memory: receipts,
views over the clean files, the models as views. Nothing is locked and nothing is changed.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline import warehouse
from roi_pipeline.domain.calendar import Months, add_months
from roi_pipeline.errors import RoiError
from roi_pipeline.ingest import deliveries, receipt_files
from roi_pipeline.ingest.live import settle_source
from roi_pipeline.ingest.receipts import create_tables
from roi_pipeline.marts import register
from roi_pipeline.marts.reading import Read
from roi_pipeline.models.registry import ancestors
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline import settings
from roi_pipeline.pipeline.journal import Journal
from roi_pipeline.pipeline.settings import Scope
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import PUBLICATION, Edition
from roi_pipeline.warehouse import rows

RECEIPTS = ("deliveries", "delivery_months")
PATHS = """
select delivery_id, path || coalesce(' as corrected by '
    || array_to_string(cast(notes -> 'corrections' as varchar[]), ', '), '')
from deliveries order by path
"""


@dataclass(frozen=True)
class State:
    """The deliveries in use and the cut-off (naive UTC, exclusive) of an edition or a closing."""

    name: str
    live: frozenset[str]
    as_of: datetime


@dataclass(frozen=True)
class Closing:
    """A closed month: the edition it was closed with and the deliveries in use then."""

    month: date
    edition: str
    live: frozenset[str]


@dataclass(frozen=True)
class Receipts:
    """What the working database knows of deliveries and closed months, copied out of it."""

    con: duckdb.DuckDBPyConnection
    closings: Mapping[date, Closing]
    paths: Mapping[str, str]

    def path(self, delivery_id: str) -> str:
        """The file a delivery came as."""
        return self.paths.get(delivery_id, delivery_id)


# What units of production are counted by, and shared costs divided by.
_USED = """
select month, system_id, serving_mode, sum(predictions) as predictions,
    sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
    sum(cached_tokens) as cached_tokens, sum(compute_seconds) as compute_seconds
from stored_usage
group by month, system_id, serving_mode, compute_seconds is null,
    input_tokens + output_tokens is null
"""


@contextmanager
def receipts(portfolio: Portfolio, edition: Edition) -> Iterator[Receipts]:
    """The receipts of all deliveries, what is closed, and how much was used by system and month.

    Raises RoiError when what the edition was made from is not stored any more.
    """
    con = warehouse.in_memory()
    try:
        create_tables(con)
        receipt_files.load(con, portfolio)
        files = stored_files(portfolio, edition, "usage_cells")
        con.execute(f"create view stored_usage as {warehouse.files_query(files)}")
        con.execute(f"create table usage_cells as {_USED}")
        closings = {
            month: Closing(month, said.edition, frozenset(said.deliveries))
            for month, said in Journal(portfolio.state / "journal").closings().items()
        }
        paths = dict(rows(con, PATHS))
        yield Receipts(con, closings, paths)
    finally:
        con.close()


def stored_files(portfolio: Portfolio, edition: Edition, table: str) -> list[Path]:
    """The files of a table that an edition was made from; RoiError where one is gone."""
    folder = portfolio.state.resolve() / "tables" / table
    files = [
        folder / slice_ / f"{fingerprint}.parquet"
        for slice_, fingerprint in edition.stored.get(table, {}).items()
    ]
    missing = [file for file in files if not file.is_file()]
    if missing or not files:
        raise RoiError(
            f"{missing[0] if missing else folder}: is missing; run `roi-pipeline run`, which "
            "builds it again"
        )
    return files


def published_state(edition: Edition) -> State:
    """The state behind an edition: the deliveries that were active, and its cut-off."""
    as_of = datetime.fromisoformat(edition.as_of).replace(tzinfo=None)
    return State(f"edition {edition.name}", frozenset(edition.deliveries), as_of)


def closing_state(marts: Path, closing: Closing) -> State:
    """The state with which a month was closed; RoiError when its edition was removed."""
    file = marts / closing.edition / f"{PUBLICATION}.parquet"
    if not file.is_file():
        raise RoiError(
            f"{file}: {closing.month:%Y-%m} was closed with this edition, and it is not there; "
            "restore it from a backup to explain numbers of the month"
        )
    with duckdb.connect() as con:
        (as_of,) = con.sql(f"from {warehouse.parquet(file)}").project("as_of").fetchall()[0]
    return State(f"edition {closing.edition}, as closed", closing.live, as_of)


@contextmanager
def laid_out(
    portfolio: Portfolio, models: Mapping[str, Table], known: Receipts, state: State, last: date
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the inputs of a state up to the month `last`, as views."""
    con = warehouse.in_memory(portfolio.engine.threads or 2)
    try:
        con.execute(f"set memory_limit = '{portfolio.engine.memory_limit}'")
        con.execute("set TimeZone = 'UTC'")
        first = min(settings.first_month(portfolio), last)
        settings.write(
            con, settings.rows_of(portfolio, models, Scope(Months(first, last), state.as_of), {})
        )
        deliveries.create_tables(con)
        for table in RECEIPTS:
            con.register("copied", known.con.execute(f"from {table}").to_arrow_table())
            con.execute(
                f"insert into {table} by name from copied "
                "where list_contains($live, dataset || '/' || delivery_id)",
                {"live": sorted(state.live)},
            )
            con.unregister("copied")
        con.register("copied", known.con.execute("from usage_cells").to_arrow_table())
        con.execute("create table usage_cells as from copied")
        con.unregister("copied")
        for source in (*portfolio.sources, *portfolio.reference_sources()):
            settle_source(con, source)
        deliveries.create_views(con, portfolio)
        warehouse.seal(con, portfolio.readable_folders)
        yield con
    finally:
        con.close()


def add_models(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Table], wanted: Collection[str]
) -> None:
    """Make the wanted models, and all they read, views; the asset register is depreciated."""
    needed = ancestors(models, wanted)
    if any("depreciation" in models[name].reads for name in needed):
        add_models(con, models, models["depreciation"].reads)
        with warehouse.frame_query(con, register.depreciation(reading(con))) as query:
            con.execute(f"create or replace table depreciation as {query}")
    there = {name for (name,) in rows(con, "select view_name from duckdb_views()")}
    for name in models:
        if name in needed and name not in there and models[name].query is not None:
            con.execute(f"create view {name} as {models[name].sql}")


def reading(con: duckdb.DuckDBPyConnection) -> Read:
    """The tables of a connection as a Python model reads them."""
    return lambda name: warehouse.frame_of(con, name)


def states_of(
    portfolio: Portfolio, edition: Edition, known: Receipts, month: date
) -> tuple[State, State | None]:
    """The state a month's ledger was computed from, and the one its restatements start from.

    A closed month keeps the state of its closing. What is restated in a month is the difference to
    the state with which the month before it was closed.
    """
    marts, before = portfolio.marts, known.closings.get(add_months(month, -1))
    closed = known.closings.get(month)
    now = closing_state(marts, closed) if closed else published_state(edition)
    return now, closing_state(marts, before) if before else None


def records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: object = None
) -> list[dict[str, Any]]:
    """Every row of a query, by column."""
    found = con.execute(query, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
