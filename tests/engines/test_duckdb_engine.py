"""The engine gives what the models say, whatever it does to be fast: over random deliveries, in
several zones, in one pass or in buckets, the same cells as the models run plainly as views."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest

from roi_pipeline.engines import duckdb as engine
from roi_pipeline.engines.cells import (
    CELLS,
    OUTCOME_COLUMNS,
    PREDICTION_COLUMNS,
    CellsStep,
    CleanFile,
)
from roi_pipeline.engines.logs import Calendar, calendar
from roi_pipeline.models import registry

MODELS = {name: model for name, model in registry.load().items() if model.layer == "cells"}
AS_OF = datetime(2026, 12, 20)
FIRST, LAST = date(2026, 10, 1), date(2026, 11, 30)
HORIZONS = {"a": 30, "b": 60}
Row = dict[str, Any]


def prediction(rng: random.Random, number: int, delivery: str, row_no: int, plain: bool) -> Row:
    """Rows of a plain file have one status, one weight and no amount."""
    at = datetime(2026, 9, 28) + timedelta(seconds=rng.randrange(66 * 86400))
    return {
        "prediction_id": str(UUID(int=number)),
        "predicted_at": at,
        "system_id": rng.choice("abc"),
        "model_version": rng.choice(["v1", "v2"]),
        "serving_mode": rng.choice([None, "batch"]),
        "decision": rng.choice(["block", "allow"]),
        "predicted_label": rng.choice(["fraud", "legit", None]),
        "arm": None,
        "propensity": None if plain else rng.choice([None, 0.02, 1.0]),
        "score": rng.choice([None, -0.5, 0.0, 0.1, 0.42, 1.0, 40.0]),
        "status": "ok" if plain else rng.choice(["ok", "error"]),
        "amount": None if plain else rng.choice([None, Decimal("7.005"), Decimal("3000000.25")]),
        "currency": "USD",
        "weight": Decimal(1) if plain else rng.choice([Decimal(1), Decimal("2.5")]),
        "latency_ms": rng.choice([None, 0.5, 1.0, 7.0, 50.0, 99.9, 100.0, 20000.0]),
        "input_tokens": rng.randrange(9),
        "output_tokens": None,
        "cached_tokens": None,
        "compute_seconds": Decimal("0.25"),
        "delivery_id": delivery,
        "row_no": row_no,
    }


def outcome(rng: random.Random, number: int, delivery: str, row_no: int, plain: bool) -> Row:
    return {
        "prediction_id": str(UUID(int=number)),
        "outcome_type": "primary" if plain else rng.choice(["primary", "primary", "refund"]),
        "outcome": rng.choice(["fraud", "legit"]),
        "observed_at": datetime(2026, 9, 28) + timedelta(seconds=rng.randrange(90 * 86400)),
        "amount": rng.choice([None, Decimal("1500000.5")]),
        "quantity": None,
        "shared_key": None if plain else rng.choice([None, "k1", "k2"]),
        "delivery_id": delivery,
        "row_no": row_no,
    }


def write(folder: Path, name: str, rows: list[Row], columns: dict[str, str], id_type: str) -> Path:
    con = duckdb.connect()
    shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    con.execute(f"create table log ({shape})")
    marks = ", ".join("?" * len(columns))
    con.executemany(f"insert into log values ({marks})", [list(row.values()) for row in rows])
    file = folder / f"{name}.parquet"
    select = f"select * replace (prediction_id::{id_type} as prediction_id) from log"
    con.execute(f"copy ({select}) to '{file}' (format parquet, row_group_size 2048)")
    return file


def a_step(folder: Path, seed: int, zone: str, plain: bool, id_type: str) -> CellsStep:
    rng = random.Random(seed)
    known = range(160)
    made: dict[str, list[CleanFile]] = {"prediction": [], "outcome": []}
    for kind, make, columns in (
        ("prediction", prediction, PREDICTION_COLUMNS),
        ("outcome", outcome, OUTCOME_COLUMNS),
    ):
        for delivery in ("d1", "d2"):
            numbers = [rng.choice(known) for _ in range(120)]
            rows = [make(rng, n, f"{kind}-{delivery}", k, plain) for k, n in enumerate(numbers)]
            file = write(folder, f"{kind}-{delivery}", rows, dict(columns), id_type)
            made[kind].append(CleanFile(file, has_uuids=id_type == "uuid"))
    return CellsStep(
        predictions=tuple(made["prediction"]),
        outcomes=tuple(made["outcome"]),
        versions=("prediction-d1", "outcome-d2", "prediction-d2", "outcome-d1"),
        prediction_rows=240,
        first_day=FIRST,
        last_day=LAST,
        as_of=AS_OF,
        time_zone=zone,
        horizon_days=HORIZONS,
        models=MODELS,
        folder=folder,
    )


def plainly(step: CellsStep) -> duckdb.DuckDBPyConnection:
    """Every model a view over the rows of the files, every day asked of the zone."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    listed = {
        log: ", ".join(f"'{file.path}'" for file in files)
        for log, files in (("p", step.predictions), ("o", step.outcomes))
    }
    day = "cast(timezone('{zone}', timezone('UTC', {at})) as date)"
    observed_on = day.format(zone=step.time_zone, at="observed_at")
    horizon = " ".join(f"when '{name}' then {days}" for name, days in HORIZONS.items())
    con.execute(
        f"create view prediction_log as select *, predicted_at + to_days(case system_id {horizon} "
        "else 3650 end) as horizon_at, "
        f"{day.format(zone=step.time_zone, at='predicted_at')} as day "
        f"from read_parquet([{listed['p']}])"
    )
    con.execute(
        f"create view outcome_log as select *, {observed_on} as observed_on, "
        f"cast(date_trunc('month', {observed_on}) as date) as observed_month "
        f"from read_parquet([{listed['o']}]) where observed_at < timestamp '{step.as_of}'"
    )
    con.execute(
        f"create view scope as select date '{FIRST}' as first_day, date '{LAST}' as last_day"
    )
    con.execute("create table delivery_version (delivery_id varchar, version integer)")
    con.executemany("insert into delivery_version values (?, ?)", list(map(list, versions(step))))
    for name, model in step.models.items():
        con.execute(f"create view {name} as {model.query}")
    return con


def versions(step: CellsStep) -> Iterator[tuple[str, int]]:
    return ((name, number) for number, name in enumerate(step.versions))


def added_up(con: duckdb.DuckDBPyConnection, source: str, keys: tuple[str, ...]) -> list[str]:
    """The cells of a table, each key once: an engine may leave several rows for one."""
    columns = [row[0] for row in con.execute(f"describe from {source}").fetchall()]
    sums = [f"sum({column})" for column in columns if column not in keys]
    found = con.execute(
        f"select {', '.join([*keys, *sums])} from {source} group by {', '.join(keys)}"
    )
    return sorted(map(repr, found.fetchall()))


@pytest.mark.parametrize("buckets", [1, 3])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
@pytest.mark.parametrize(("plain", "id_type"), [(True, "uuid"), (False, "varchar")])
def test_same_cells_as_the_models_say(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    buckets: int,
    zone: str,
    plain: bool,
    id_type: str,
) -> None:
    monkeypatch.setattr(engine, "bucket_count", lambda *_: buckets)
    step = a_step(tmp_path, seed=buckets, zone=zone, plain=plain, id_type=id_type)
    engine.DuckDB("1GB", 2).run(step)
    expected = plainly(step)
    for table in CELLS:
        keys = step.models[table].grain
        want = added_up(expected, table, keys)
        assert want or (plain and table == "shared_cells")  # no plain outcome is shared
        assert added_up(expected, f"read_parquet('{tmp_path}/{table}.parquet')", keys) == want


def test_a_step_without_files_leaves_empty_cells(tmp_path: Path) -> None:
    step = a_step(tmp_path, seed=1, zone="UTC", plain=True, id_type="uuid")
    step = CellsStep(**{**vars(step), "predictions": (), "outcomes": ()})
    engine.DuckDB("1GB", 2).run(step)
    for table in CELLS:
        found = duckdb.connect().execute(f"select count(*) from '{tmp_path}/{table}.parquet'")
        assert found.fetchall() == [(0,)]


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_days_are_those_of_the_zone(tmp_path: Path, zone: str) -> None:
    """Also on the days when the clock is moved, and outside the span it was looked up for."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    clock = calendar(con, a_step(tmp_path, seed=1, zone=zone, plain=True, id_type="uuid"))
    assert isinstance(clock, Calendar)
    ours, asked = (
        clock.day("instant"),
        f"cast(timezone('{zone}', timezone('UTC', instant)) as date)",
    )
    wrong = con.execute(
        f"select instant from (select unnest(range(timestamp '2026-06-01', timestamp '2027-06-01', "
        f"interval 7 minutes)) as instant) where {ours} is distinct from {asked}"
    )
    assert wrong.fetchall() == []
    first = datetime.fromtimestamp(clock.changes[0][0] / 1e6, UTC)
    assert first.date() < FIRST
