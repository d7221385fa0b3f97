"""The cells of a run: what the heavy step reads for a stretch of months, and what it leaves.

Knows active deliveries and the tables of the step; nothing of what cells are worth.
"""

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb

from roi_pipeline import warehouse
from roi_pipeline.code import code_sha256
from roi_pipeline.domain.calendar import Months, add_months, month_end
from roi_pipeline.engines.cells import CELLS, CellsStep, CleanFile, Engine, numbered_cells
from roi_pipeline.engines.duckdb import DuckDB
from roi_pipeline.ingest import receipts
from roi_pipeline.ingest.live import live_deliveries
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.leaves import Leaves
from roi_pipeline.portfolio import Portfolio

log = logging.getLogger(__name__)


def fingerprints(
    leaves: Leaves,
    portfolio: Portfolio,
    tables: Mapping[str, Table],
    months: Sequence[date],
    as_of: datetime,
) -> dict[date, str]:
    """Everything the cells of each month depend on, as one checksum a month.

    The cut-off counts only as far as it can hide an outcome of the month, so a month whose horizon
    has passed keeps its cells from run to run.
    """
    horizon = _horizon(portfolio)
    shared = [
        portfolio.time_zone,
        [[s.id, s.outcome_horizon_days, s.serving_mode] for s in portfolio.systems],
        [tables[name].code for name in sorted(tables) if tables[name].layer == "cells"],
        code_sha256("roi_pipeline.engines.duckdb", __name__),
    ]
    prints = {}
    for month in months:
        final = datetime.combine(
            month_end(month) + timedelta(days=horizon + 2), datetime.min.time()
        )
        around = [*Months(add_months(month, -1), add_months(month, 1))]
        parts = [
            leaves.active("predictions", around),
            leaves.active("outcomes", _observed(portfolio, month, month, as_of)),
            str(min(as_of, final)),
            *shared,
        ]
        prints[month] = sha256(json.dumps(parts).encode()).hexdigest()
    return prints


@contextmanager
def built(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    tables: Mapping[str, Table],
    stretch: Months,
    as_of: datetime,
) -> Iterator[dict[str, str]]:
    """Run the heavy step over a stretch of months; a query a table over what it left, which is
    there until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="cells-", dir=warehouse.workspace(portfolio)))
    try:
        step = step_of(con, portfolio, tables, stretch, as_of, folder)
        log.info("cells %s: reading %s predictions", stretch, f"{step.prediction_rows:,}")
        engine_of(portfolio).run(step)
        yield {
            name: numbered_cells(con, folder / f"{name}.parquet", tables[name].grain)
            for name in CELLS
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def engine_of(portfolio: Portfolio) -> Engine:
    """The engine that portfolio.yaml names."""
    return {"duckdb": local_engine}[portfolio.engine.name](portfolio)


def local_engine(portfolio: Portfolio) -> DuckDB:
    """The engine on this machine, within the limits that portfolio.yaml sets."""
    limits = portfolio.engine
    return DuckDB(limits.memory_limit, limits.threads, limits.spill_limit)


def step_of(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    tables: Mapping[str, Table],
    stretch: Months,
    as_of: datetime,
    folder: Path,
) -> CellsStep:
    """The pass over predictions and outcomes that makes the cells of a stretch of months."""
    around = [*Months(add_months(stretch.first, -1), add_months(stretch.last, 1))]
    observed = _observed(portfolio, stretch.first, stretch.last, as_of)
    predictions = live_deliveries(con, portfolio, "predictions", around)
    outcomes = live_deliveries(con, portfolio, "outcomes", observed)
    return CellsStep(
        predictions=tuple(CleanFile(p.file, p.months, p.has_uuids) for p in predictions),
        outcomes=tuple(CleanFile(o.file, o.months, o.has_uuids) for o in outcomes),
        versions=receipts.logs_in_order(con),
        prediction_rows=sum(delivery.rows for delivery in predictions),
        first_day=stretch.first,
        last_day=month_end(stretch.last),
        as_of=as_of,
        time_zone=portfolio.time_zone,
        horizon_days={system.id: system.outcome_horizon_days for system in portfolio.systems},
        models={name: table for name, table in tables.items() if table.layer == "cells"},
        folder=folder,
    )


def _horizon(portfolio: Portfolio) -> int:
    return max(system.outcome_horizon_days for system in portfolio.systems)


def _observed(portfolio: Portfolio, first: date, last: date, as_of: datetime) -> list[date]:
    """The months whose observations can count for predictions of the months `first` to `last`."""
    reach = month_end(last) + timedelta(days=_horizon(portfolio) + 1)
    return [*Months(first, max(first, min(reach, as_of.date()).replace(day=1)))]
