"""The inputs as they stood when something was published or closed, to be read again.

A state is a set of deliveries and a cut-off. It is laid out in a database in memory: receipts,
views over the clean files, the models as views; the working database is only read, for a moment.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline import warehouse
from roi_pipeline.books import scope
from roi_pipeline.books.scope import Scope
from roi_pipeline.books.session import Session
from roi_pipeline.domain.calendar import Months, add_months
from roi_pipeline.errors import RoiError
from roi_pipeline.ingest import deliveries
from roi_pipeline.ingest.live import settle_source
from roi_pipeline.marts import register
from roi_pipeline.models import Model, ancestors
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.publish.editions import PUBLICATION, Edition, inputs_sha256
from roi_pipeline.warehouse import rows

WAIT_S = 20.0  # a run that is going on holds the database for longer than anyone wants to wait
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
from main.usage_cells
group by month, system_id, serving_mode, compute_seconds is null,
    input_tokens + output_tokens is null
"""


@contextmanager
def receipts(portfolio: Portfolio) -> Iterator[Receipts]:
    """A copy of the receipts in memory; the working database is let go of at once.

    Raises RoiError when there is no working database, or a run holds it.
    """
    if not portfolio.database.is_file():
        raise RoiError(f"{portfolio.database}: not there; run `roi-pipeline run` first")
    con = warehouse.in_memory()
    try:
        with warehouse.opened(portfolio, read_only=True, wait_s=WAIT_S) as books:
            for table in (*RECEIPTS, "closing"):
                con.register("copied", books.execute(f"from main.{table}").to_arrow_table())
                con.execute(f"create table {table} as from copied")
                con.unregister("copied")
            con.register("copied", books.execute(_USED).to_arrow_table())
            con.execute("create table usage_cells as from copied")
            con.unregister("copied")
        closed = rows(con, "select month, edition, live from closing order by month")
        closings = {m: Closing(m, edition, frozenset(live)) for m, edition, live in closed}
        paths = dict(rows(con, PATHS))
        yield Receipts(con, closings, paths)
    finally:
        con.close()


def published_state(portfolio: Portfolio, edition: Edition, known: Receipts) -> State:
    """The state behind an edition: what is in use now, or, where inputs came since, what had been
    received when it was published."""
    as_of = datetime.fromisoformat(edition.as_of).replace(tzinfo=None)
    now = Session(known.con, portfolio, {}, _scope(edition))
    if inputs_sha256(now) == edition.inputs_sha256:
        live = rows(known.con, "select distinct delivery_id from delivery_months where is_live")
    else:
        after = datetime.fromisoformat(edition.published_at) + timedelta(seconds=1)
        live = rows(known.con, "select delivery_id from deliveries where received_at < ?", [after])
    return State(f"edition {edition.name}", frozenset(name for (name,) in live), as_of)


def _scope(edition: Edition) -> Scope:
    first, last = (date.fromisoformat(f"{edition.months[at]}-01") for at in (0, -1))
    return Scope(Months(first, last), datetime.fromisoformat(edition.as_of).replace(tzinfo=None))


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
    portfolio: Portfolio, models: Mapping[str, Model], known: Receipts, state: State, last: date
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with the inputs of a state up to the month `last`, as views."""
    con = warehouse.in_memory(portfolio.engine.threads or 2)
    try:
        con.execute(f"set memory_limit = '{portfolio.engine.memory_limit}'")
        con.execute("set TimeZone = 'UTC'")
        first = min(scope.first_month(portfolio), last)
        scope.write(con, portfolio, models, Scope(Months(first, last), state.as_of))
        deliveries.create_tables(con)
        for table in RECEIPTS:
            con.register("copied", known.con.execute(f"from {table}").to_arrow_table())
            con.execute(
                f"insert into {table} by name from copied where list_contains($live, delivery_id)",
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
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Model], wanted: Collection[str]
) -> None:
    """Make the wanted models, and all they read, views; the asset register is depreciated."""
    needed = ancestors(models, wanted)
    if any("depreciation" in models[name].reads for name in needed):
        add_models(con, models, register.READS)
        warehouse.replace_frame(con, "depreciation", register.depreciation(con), None)
    there = {name for (name,) in rows(con, "select view_name from duckdb_views()")}
    for name in models:
        if name in needed and name not in there:
            con.execute(f"create view {name} as {models[name].query}")


def states_of(
    portfolio: Portfolio, edition: Edition, known: Receipts, month: date
) -> tuple[State, State | None]:
    """The state a month's ledger was computed from, and the one its restatements start from.

    A closed month keeps the state of its closing. What is restated in a month is the difference to
    the state with which the month before it was closed.
    """
    marts, before = portfolio.marts, known.closings.get(add_months(month, -1))
    closed = known.closings.get(month)
    now = closing_state(marts, closed) if closed else published_state(portfolio, edition, known)
    return now, closing_state(marts, before) if before else None


def records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: object = None
) -> list[dict[str, Any]]:
    """Every row of a query, by column."""
    found = con.execute(query, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
