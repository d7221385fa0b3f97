"""The months of cells: which are stale, which files one pass reads, and how its result is kept.

Knows receipts and the cells tables; knows nothing of what cells are worth.
"""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb

from roi_pipeline.code import code_sha256
from roi_pipeline.domain.calendar import Months, add_months, month_end, runs
from roi_pipeline.engines.cells import CELLS, CellsStep, CleanFile, Engine
from roi_pipeline.engines.duckdb import DuckDB
from roi_pipeline.ingest.live import Live, live_deliveries
from roi_pipeline.models import Model
from roi_pipeline.portfolio import Portfolio
from roi_pipeline.warehouse import parquet, rows, transaction

log = logging.getLogger(__name__)


def build_cells(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Model],
    months: Sequence[date],
    as_of: datetime,
) -> list[date]:
    """Bring the cells of `months` up to date; returns those that were stale.

    A month is stale when a delivery that can touch it, the portfolio's systems, the cut-off or the
    SQL changed since it was built. Neighbouring stale months are read in one pass.
    """
    wanted = {month: _fingerprint(con, portfolio, models, month, as_of) for month in months}
    known = dict(rows(con, "select month, fingerprint from built where name = 'cells'"))
    stale = [month for month, mark in wanted.items() if known.get(month) != mark]
    for stretch in runs(stale):
        step = step_of(con, portfolio, models, stretch, as_of, _emptied(portfolio))
        log.info("cells %s: reading %s predictions", stretch, f"{step.prediction_rows:,}")
        engine_of(portfolio).run(step)
        _keep(con, step, stretch, {month: wanted[month] for month in stretch})
        shutil.rmtree(step.folder, ignore_errors=True)
    return stale


def ensure_cells(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, models: Mapping[str, Model]
) -> None:
    """Give the cells tables their shape before the first month is built: the shape of no rows.

    A change of the models, which makes every month stale, begins the tables anew. Also removes what
    an interrupted step left.
    """
    shutil.rmtree(_workspace(portfolio), ignore_errors=True)
    mark = "".join(models[table].code_version for table in CELLS)
    if rows(con, "select 1 from built where name = 'cells shape' and fingerprint = ?", [mark]):
        return
    with transaction(con):
        for table in CELLS:
            con.execute(f"drop table if exists {table}")
        con.execute("delete from built where name in ('cells', 'cells shape')")
    month = date(1970, 1, 1)
    nothing, long_ago = Months(month, month), datetime(1970, 1, 1)
    step = step_of(con, portfolio, models, nothing, long_ago, _emptied(portfolio))
    engine_of(portfolio).run(step)
    _keep(con, step, nothing, {})
    con.execute("insert into built values ('cells shape', null, ?)", [mark])
    shutil.rmtree(step.folder, ignore_errors=True)


def engine_of(portfolio: Portfolio) -> Engine:
    """The engine that portfolio.yaml names."""
    return {"duckdb": local_engine}[portfolio.engine.name](portfolio)


def local_engine(portfolio: Portfolio) -> DuckDB:
    """The engine on this machine, within the limits that portfolio.yaml sets."""
    limits = portfolio.engine
    return DuckDB(limits.memory_limit, limits.threads, limits.spill_limit)


def _workspace(portfolio: Portfolio) -> Path:
    """Where the step leaves its files until they are in the database."""
    return portfolio.state / "tmp" / "cells"


def _emptied(portfolio: Portfolio) -> Path:
    folder = _workspace(portfolio)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _observed(portfolio: Portfolio, first: date, last: date, as_of: datetime) -> list[date]:
    """The months whose observations can count for predictions of the months `first` to `last`."""
    horizon = max(system.outcome_horizon_days for system in portfolio.systems)
    reach = min(month_end(last) + timedelta(days=horizon + 1), as_of.date()).replace(day=1)
    return [*Months(first, max(first, reach))]


def _marks(found: Sequence[Live]) -> list[object]:
    return [[live.delivery_id, [str(month) for month in live.months or ()]] for live in found]


def _fingerprint(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Model],
    month: date,
    as_of: datetime,
) -> str:
    """Everything the cells of one month depend on, as one checksum."""
    before, after = add_months(month, -1), add_months(month, 1)
    horizon = max(system.outcome_horizon_days for system in portfolio.systems)
    final = datetime.combine(month_end(month) + timedelta(days=horizon + 2), datetime.min.time())
    parts = [
        _marks(live_deliveries(con, portfolio, "predictions", [*Months(before, after)])),
        _marks(
            live_deliveries(con, portfolio, "outcomes", _observed(portfolio, month, month, as_of))
        ),
        str(min(as_of, final)),
        portfolio.time_zone,
        [
            [system.id, system.outcome_horizon_days, system.serving_mode]
            for system in portfolio.systems
        ],
        [model.code_version for model in models.values() if model.layer == "cells"],
        code_sha256(__name__),
    ]
    return sha256(json.dumps(parts).encode()).hexdigest()


def step_of(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Model],
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
        versions=tuple(
            name
            for (name,) in rows(
                con,
                "select delivery_id from deliveries where dataset in ('predictions', 'outcomes') "
                "order by coalesce(exported_at, modified_at), path, delivery_id",
            )
        ),
        prediction_rows=sum(delivery.rows for delivery in predictions),
        first_day=stretch.first,
        last_day=month_end(stretch.last),
        as_of=as_of,
        time_zone=portfolio.time_zone,
        horizon_days={system.id: system.outcome_horizon_days for system in portfolio.systems},
        models={name: model for name, model in models.items() if model.layer == "cells"},
        folder=folder,
    )


def _keep(
    con: duckdb.DuckDBPyConnection, step: CellsStep, stretch: Months, marks: Mapping[date, str]
) -> None:
    """Replace the months of every cells table and mark them built, in one transaction."""
    days = {"first": step.first_day, "last": step.last_day}
    with transaction(con):
        for table in CELLS:
            load = _load(con, step.models[table], step.folder / f"{table}.parquet")
            con.execute(f"create table if not exists {table} as {load} limit 0", days)
            con.execute(f"delete from {table} where month between $first and $last", days)  # noqa: S608
            con.execute(f"insert into {table} by name {load}", days)
        for month, mark in marks.items():
            con.execute("delete from built where name = 'cells' and month = ?", [month])
            con.execute("insert into built values ('cells', ?, ?)", [month, mark])


def _load(con: duckdb.DuckDBPyConnection, model: Model, file: Path) -> str:
    """Add up the parts an engine left, fill in a system's own serving mode, number the cells."""
    source = parquet(file)
    shape = {name: kind for name, kind, *_ in rows(con, f"describe from {source}")}
    keys = [key for key in model.grain if key != "serving_mode"]
    has_mode = "serving_mode" in model.grain
    mode = ["coalesce(p.serving_mode, s.serving_mode, 'realtime') as serving_mode"]
    named = [*keys, *(["serving_mode"] if has_mode else [])]
    sums = [f"sum({name})::{kind} as {name}" for name, kind in shape.items() if name not in named]
    measures = [f"p.{name}" for name in shape if name not in named]
    part = [*(f"p.{key}" for key in keys), *(mode if has_mode else []), *measures]
    return f"""
        select
            cast(date_trunc('month', day) as date) as month,
            strftime(day, '%Y-%m') || '/' || row_number() over (
                partition by date_trunc('month', day) order by {", ".join(named)}
            ) as cell_id,
            *
        from (
            select {", ".join([*named, *sums])}
            from (
                select {", ".join(part)}
                from {source} as p {"left join systems as s using (system_id)" if has_mode else ""}
                where p.day between $first and $last
            )
            group by {", ".join(named)}
        )
    """  # noqa: S608
