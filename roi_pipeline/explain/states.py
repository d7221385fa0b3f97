"""The inputs as they were when something was published or closed, to be read again.

A snapshot is a set of deliveries and a cut-off. It is laid out in a database in memory: receipts,
views over the clean files, the models as views. Nothing is locked and nothing is changed.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

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
from roi_pipeline.publish.reading import Tables, added

RECEIPTS = ("deliveries", "delivery_months")
TOKENS = ("input_tokens", "output_tokens")


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
    """The receipt tables by name, what was used by month, system and mode, and what is closed."""

    tables: Mapping[str, pl.DataFrame]
    usage: pl.DataFrame
    closings: Mapping[date, Closing]
    paths: Mapping[str, str]

    def path(self, delivery_id: str) -> str:
        """The file a delivery came as."""
        return self.paths.get(delivery_id, delivery_id)


def receipts(portfolio: Portfolio, edition: Edition) -> Receipts:
    """The receipts of all deliveries, what is closed, and how much was used by system and month.

    Raises RoiError when what the edition was made from is not stored any more.
    """
    with closing(warehouse.in_memory()) as con:
        create_tables(con)
        receipt_files.load(con, portfolio)
        tables = {name: warehouse.frame_of(con, name) for name in RECEIPTS}
    closings = {
        month: Closing(month, said.edition, frozenset(said.deliveries))
        for month, said in Journal(portfolio.state / "journal").closings().items()
    }
    usage = _usage(stored_files(portfolio, edition, "usage_cells"))
    return Receipts(tables, usage, closings, _paths(tables["deliveries"]))


def _usage(files: Sequence[Path]) -> pl.DataFrame:
    """What units of production are counted by, and shared costs divided by: usage by month, system
    and mode, apart where seconds or tokens are not known."""
    keys = ("month", "system_id", "serving_mode")
    measures = ("predictions", *TOKENS, "cached_tokens", "compute_seconds")
    is_unmeasured = pl.col("compute_seconds").is_null().alias("is_unmeasured")
    is_uncounted = pl.any_horizontal(pl.col(name).is_null() for name in TOKENS)
    cells = pl.scan_parquet([*files], glob=False, hive_partitioning=False)
    summed = cells.group_by(*keys, is_unmeasured, is_uncounted.alias("is_uncounted")).agg(
        added(pl.col(name)).alias(name) for name in measures
    )
    return summed.select(*keys, *measures).collect()


def _paths(deliveries: pl.DataFrame) -> dict[str, str]:
    """The file that each delivery came as, with what corrected it."""
    paths: dict[str, str] = {}
    for row in deliveries.select("delivery_id", "path", "notes").to_dicts():
        corrections = json.loads(row["notes"] or "{}").get("corrections")
        corrected = "" if corrections is None else f" as corrected by {', '.join(corrections)}"
        paths[row["delivery_id"]] = row["path"] + corrected
    return paths


def known_then(marts: Path, edition: Edition) -> list[str]:
    """Every delivery an edition knew of, active or not, as `dataset/delivery_id`; of reference
    tables the active ones."""
    frame = Tables(marts / edition.name).frame("deliveries").select("dataset", "delivery_id")
    listed = [f"{dataset}/{delivery_id}" for dataset, delivery_id in frame.iter_rows()]
    return [*{*listed, *edition.deliveries}]


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


def closing_state(marts: Path, closed: Closing) -> State:
    """The state with which a month was closed; RoiError when its edition was removed."""
    file = marts / closed.edition / f"{PUBLICATION}.parquet"
    if not file.is_file():
        raise RoiError(
            f"{file}: {closed.month:%Y-%m} was closed with this edition, and it is not there; "
            "restore it from a backup to explain numbers of the month"
        )
    as_of = Tables(file.parent).frame(PUBLICATION)["as_of"][0]
    return State(f"edition {closed.edition}, as closed", closed.live, as_of)


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
        for name, frame in known.tables.items():
            is_used = pl.concat_str("dataset", "delivery_id", separator="/").is_in([*state.live])
            warehouse.insert_frame(con, name, frame.filter(is_used))
        warehouse.create_table(con, "usage_cells", known.usage)
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
        warehouse.create_table(con, "depreciation", register.depreciation(reading(con)))
    existing = warehouse.relation_names(con)
    for name in models:
        if name in needed and name not in existing and models[name].query is not None:
            warehouse.show(con, name, models[name].sql)


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
