"""The one heavy step: prediction log and outcomes in, cells out. Knows Parquet files and the models
in sql/cells; knows no price, no scenario and no mart.

Engines differ only in how they run the same SQL: each gets a `CellsStep` and leaves one Parquet
file for every table in `CELLS`. Cells are additive, so an engine may work in parts and leave
several rows for one key; whoever loads them adds up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import duckdb

from roi_pipeline import warehouse
from roi_pipeline.models.table import Table

# The columns of the clean files that the step reads, for engines that must be told.
PREDICTION_COLUMNS = {
    "prediction_id": "varchar",
    "predicted_at": "timestamp",
    "system_id": "varchar",
    "model_version": "varchar",
    "serving_mode": "varchar",
    "decision": "varchar",
    "predicted_label": "varchar",
    "arm": "varchar",
    "propensity": "double",
    "score": "double",
    "status": "varchar",
    "amount": "decimal(18, 6)",
    "currency": "varchar",
    "weight": "decimal(18, 6)",
    "latency_ms": "double",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "cached_tokens": "bigint",
    "compute_seconds": "decimal(18, 6)",
    "delivery_id": "varchar",
    "row_no": "bigint",
}
OUTCOME_COLUMNS = {
    "prediction_id": "varchar",
    "outcome_type": "varchar",
    "outcome": "varchar",
    "observed_at": "timestamp",
    "amount": "decimal(18, 6)",
    "quantity": "decimal(18, 6)",
    "shared_key": "varchar",
    "delivery_id": "varchar",
    "row_no": "bigint",
}
CELLS = (
    *("outcome_cells", "usage_cells", "score_cells", "observed_cells", "superseded_cells"),
    "shared_cells",
)


@dataclass(frozen=True)
class CleanFile:
    """A clean file in use; `months` are those of it that count, None when all of it does."""

    path: Path
    months: tuple[date, ...] | None = None
    has_uuids: bool = False


@dataclass(frozen=True)
class CellsStep:
    """What one pass reads: clean files, the days it covers, and how far the truth was known.

    `predictions` also holds the files of the neighbouring months, so that an id delivered again
    across a month's edge is seen. `versions` are the ids of all these deliveries, oldest first.
    `as_of` is exclusive, UTC: later observations do not exist yet.
    """

    predictions: tuple[CleanFile, ...]
    outcomes: tuple[CleanFile, ...]
    versions: tuple[str, ...]
    prediction_rows: int
    first_day: date
    last_day: date
    as_of: datetime
    time_zone: str
    horizon_days: Mapping[str, int]
    models: Mapping[str, Table]
    folder: Path


class Engine(Protocol):
    """Anything that can run the models of sql/cells over Parquet files."""

    def run(self, step: CellsStep) -> None:
        """Leave `step.folder/<table>.parquet` for every table in CELLS."""


def numbered_cells(con: duckdb.DuckDBPyConnection, file: Path, grain: Sequence[str]) -> str:
    """A query of cells as an engine left them: its parts added up, a system's own serving mode
    filled in (table `systems`), the cells of each month numbered."""
    source = warehouse.parquet(file)
    shape = warehouse.described(con, f"from {source}")
    keys = [key for key in grain if key != "serving_mode"]
    has_mode = "serving_mode" in grain
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
            )
            group by {", ".join(named)}
        )
    """  # noqa: S608
