"""The heavy step on this machine: DuckDB, in bounded memory, one hash bucket of ids at a time.

Knows how DuckDB reads clean files; knows no model by name beyond the tables the step must leave.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from roi_pipeline.engines.cells import (
    CELLS,
    OUTCOME_COLUMNS,
    PREDICTION_COLUMNS,
    CellsStep,
    CleanFile,
)

# Ids of one bucket with their outcomes need about 100 bytes of hash table a row.
ROWS_PER_BUCKET_AND_GB = 8_000_000
PREDICTION_LOG = """
create or replace temp view prediction_log as
select {columns}, {horizon_at} as horizon_at, {day} as day
from {source} as p
{horizon_join}
where hash(p.prediction_id) % {buckets} = {bucket}
"""
OUTCOME_LOG = """
create or replace temp view outcome_log as
select {columns}, cast(date_trunc('month', {day}) as date) as observed_month
from {source} as o
where o.observed_at < getvariable('as_of') and hash(o.prediction_id) % {buckets} = {bucket}
"""
LINKED_ROWS = """
select l.*, o.delivery_id as outcome_delivery_id, o.row_no as outcome_row_no
from linked_prediction as l
left join latest_outcome as o
    on o.prediction_id = l.prediction_id and o.outcome_type = l.outcome_type
where list_contains($systems, l.system_id)
"""
CLEAN_FILES = "read_parquet([{files}], union_by_name = true, hive_partitioning = false)"


class DuckDB:
    """Runs the step in a database of its own, so its memory limit is the step's alone."""

    def __init__(self, memory_limit: str, threads: int | None = None) -> None:
        self.memory_limit = memory_limit
        self.threads = threads or os.cpu_count() or 1

    def run(self, step: CellsStep) -> None:
        """Leave one Parquet file a table of cells; one bucket of ids is in memory at a time."""
        with self._connected(step.folder) as con:
            _bind(con, step)
            buckets = bucket_count(step.prediction_rows, self.memory_limit)
            for bucket in range(buckets):
                _open_logs(con, step, buckets, bucket)
                _run_models(con, step, bucket)
            for table in CELLS:
                target = str(step.folder / f"{table}.parquet")
                con.execute(f"copy {table}_parts to '{_quoted(target)}' (format parquet)")

    def linked_rows(self, step: CellsStep, system_ids: Sequence[str]) -> Path:
        """Leave, and name, a file with every linked prediction of some systems, one row each.

        The same models as for cells, before they are added up; each row with the delivery and row
        of its outcome as well.
        """
        target = step.folder / "linked_rows.parquet"
        with self._connected(step.folder) as con:
            _bind(con, step)
            buckets = bucket_count(step.prediction_rows, self.memory_limit)
            for bucket in range(buckets):
                _open_logs(con, step, buckets, bucket)
                _run_models(con, step, bucket, leaving=())
                verb = "insert into linked_rows" if bucket else "create table linked_rows as"
                con.execute(f"{verb} {LINKED_ROWS}", {"systems": list(system_ids)})
            con.execute(f"copy linked_rows to '{_quoted(str(target))}' (format parquet)")
        return target

    @contextmanager
    def _connected(self, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        con = duckdb.connect(
            config={
                "memory_limit": self.memory_limit,
                "threads": self.threads,
                "temp_directory": str(folder / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        try:
            con.execute("set TimeZone = 'UTC'")
            yield con
        finally:
            con.close()


def bucket_count(prediction_rows: int, memory_limit: str) -> int:
    """How many parts keep the join of one part inside the memory limit.

    >>> bucket_count(10_000_000, "4GB"), bucket_count(100_000_000, "4GB"), bucket_count(0, "1GB")
    (1, 4, 1)
    """
    number = float(memory_limit.rstrip("BbiKMGTkmgt% "))
    unit = {"K": 1e-6, "M": 1e-3, "T": 1e3}.get(memory_limit.strip("0123456789. ")[:1].upper(), 1.0)
    capacity = max(1.0, number * unit * ROWS_PER_BUCKET_AND_GB)
    return max(1, -(-prediction_rows // int(capacity)))


def _bind(con: duckdb.DuckDBPyConnection, step: CellsStep) -> None:
    con.execute("set variable as_of = $as_of", {"as_of": step.as_of})
    con.execute(
        "create table scope as select $first::date as first_day, $last::date as last_day",
        {"first": step.first_day, "last": step.last_day},
    )
    con.execute("create table delivery_version (delivery_id varchar, version integer)")
    versions = [[delivery_id, k] for k, delivery_id in enumerate(step.versions)]
    con.executemany("insert into delivery_version values (?, ?)", versions or [["", 0]])
    con.execute("create table horizon (system_id varchar, horizon_days integer)")
    con.executemany(
        "insert into horizon values (?, ?)", list(step.horizon_days.items()) or [["", 0]]
    )


def _open_logs(con: duckdb.DuckDBPyConnection, step: CellsStep, buckets: int, bucket: int) -> None:
    """Views over the clean files of one bucket; columns in the names the models use."""
    days = set(step.horizon_days.values())
    one = len(days) == 1  # one horizon for all systems needs no join
    span = f"to_days({days.pop()})" if one else "to_days(coalesce(h.horizon_days, 3650))"
    con.execute(
        PREDICTION_LOG.format(
            columns=", ".join(f"p.{name}" for name in PREDICTION_COLUMNS),
            horizon_at=f"p.predicted_at + {span}",
            day=_local_day("p.predicted_at", step.time_zone),
            source=_source(step, step.predictions, PREDICTION_COLUMNS, "predicted_at"),
            horizon_join="" if one else "left join horizon as h on p.system_id = h.system_id",
            buckets=buckets,
            bucket=bucket,
        )
    )
    con.execute(
        OUTCOME_LOG.format(
            columns=", ".join(f"o.{name}" for name in OUTCOME_COLUMNS),
            day=_local_day("o.observed_at", step.time_zone),
            source=_source(step, step.outcomes, OUTCOME_COLUMNS, "observed_at"),
            buckets=buckets,
            bucket=bucket,
        )
    )


def _source(
    step: CellsStep, files: Sequence[CleanFile], columns: Mapping[str, str], time: str
) -> str:
    """The rows of the clean files that count, or none of the same shape when nothing came.

    Ids are compared as UUIDs where every file of both logs has them, as text otherwise.
    """
    if not files:
        nulls = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns.items())
        return f"(select {nulls} where false)"
    as_uuid = all(file.has_uuids for file in (*step.predictions, *step.outcomes))
    named = ", ".join(
        "cast(prediction_id as varchar) as prediction_id"
        if column == "prediction_id" and not as_uuid
        else column
        for column in columns
    )
    month = f"cast(date_trunc('month', {_local_day(time, step.time_zone)}) as date)"
    parts = [
        f"select {named} from {_read(paths)}"  # noqa: S608
        for has in (True, False)
        if (paths := [f.path for f in files if f.months is None and f.has_uuids is has])
    ]
    parts += [
        f"select {named} from {_read([file.path])} where {month} in ({_dates(file.months)})"  # noqa: S608
        for file in files
        if file.months is not None
    ]
    return f"({' union all '.join(parts)})"


def _read(paths: Sequence[Path]) -> str:
    """`union_by_name` reads every footer, so the planner knows which side of a join is small."""
    listed = ", ".join(f"'{_quoted(str(path))}'" for path in paths)
    return CLEAN_FILES.format(files=listed)


def _dates(months: Sequence[date]) -> str:
    return ", ".join(f"date '{month.isoformat()}'" for month in months)


def _local_day(instant: str, time_zone: str) -> str:
    """The calendar day of a UTC instant in the portfolio's zone."""
    if time_zone == "UTC":
        return f"cast({instant} as date)"
    return f"cast(timezone('{_quoted(time_zone)}', timezone('UTC', {instant})) as date)"


def _run_models(
    con: duckdb.DuckDBPyConnection,
    step: CellsStep,
    bucket: int,
    leaving: Sequence[str] = CELLS,
) -> None:
    for name, model in step.models.items():
        if name in CELLS and name not in leaving:
            continue
        if name in CELLS:
            verb = f"insert into {name}_parts" if bucket else f"create table {name}_parts as"
        else:
            kind = "table" if model.is_kept else "view"
            verb = f"create or replace temp {kind} {name} as"
        con.execute(f"{verb} {model.query}").fetchall()


def _quoted(text: str) -> str:
    return text.replace("'", "''")
