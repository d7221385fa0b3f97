"""The heavy step on this machine: DuckDB, in bounded memory, one hash bucket of ids at a time.

Knows the tables the step must leave, and of two models that they look for repeated keys; what the
logs look like over the clean files is the business of `logs`.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np

from roi_pipeline.engines.cells import CELLS, CellsStep
from roi_pipeline.engines.logs import around, logs
from roi_pipeline.models.table import Table
from roi_pipeline.warehouse import worthwhile_threads

# Ids of one bucket with their outcomes need about 100 bytes of hash table a row.
ROWS_PER_BUCKET_AND_GB = 8_000_000
# A key delivered twice has its hash twice. Sorting hashes costs a quarter of grouping ids, so these
# models run, as they are written, over only those rows of their log whose hash repeats.
SEEN_TWICE = {"repeated_prediction": "prediction_log", "repeated_outcome": "outcome_log"}
LINKED_ROWS = """
select l.*, o.delivery_id as outcome_delivery_id, o.row_no as outcome_row_no
from linked_prediction as l
left join latest_outcome as o
    on o.prediction_id = l.prediction_id and o.outcome_type = l.outcome_type
where list_contains($systems, l.system_id)
"""


class DuckDB:
    """Runs the step in a database of its own, so its memory limit is the step's alone."""

    def __init__(
        self, memory_limit: str, threads: int | None = None, spill_limit: str | None = None
    ) -> None:
        self.memory_limit = memory_limit
        self.threads = threads or os.cpu_count() or 1
        self.spill_limit = spill_limit

    def run(self, step: CellsStep) -> None:
        """Leave one Parquet file a table of cells; one bucket of ids is in memory at a time."""
        with self._connected(step) as con:
            _bind(con, step)
            buckets = bucket_count(step.prediction_rows, self.memory_limit)
            for bucket in range(buckets):
                _run_models(con, step, buckets, bucket)
            for table in CELLS:
                target = str(step.folder / f"{table}.parquet")
                con.execute(f"copy {table}_parts to '{_quoted(target)}' (format parquet)")

    def linked_rows(self, step: CellsStep, system_ids: Sequence[str]) -> Path:
        """Leave, and name, a file with every linked prediction of some systems, one row each.

        The same models as for cells, before they are added up; each row with the delivery and row
        of its outcome as well.
        """
        target = step.folder / "linked_rows.parquet"
        with self._connected(step) as con:
            _bind(con, step)
            buckets = bucket_count(step.prediction_rows, self.memory_limit)
            for bucket in range(buckets):
                _run_models(con, step, buckets, bucket, leaving=())
                verb = "insert into linked_rows" if bucket else "create table linked_rows as"
                con.execute(f"{verb} {LINKED_ROWS}", {"systems": list(system_ids)})
            con.execute(f"copy linked_rows to '{_quoted(str(target))}' (format parquet)")
        return target

    @contextmanager
    def _connected(self, step: CellsStep) -> Iterator[duckdb.DuckDBPyConnection]:
        con = duckdb.connect(
            config={
                "memory_limit": self.memory_limit,
                "threads": worthwhile_threads(step.prediction_rows, self.threads),
                "temp_directory": str(step.folder / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        try:
            con.execute("set TimeZone = 'UTC'")
            if self.spill_limit:
                con.execute(f"set max_temp_directory_size = '{self.spill_limit}'")
            # It would keep a copy of every prediction to spare a second look that finds nothing.
            con.execute("set disabled_optimizers = 'common_subplan'")
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


def _run_models(
    con: duckdb.DuckDBPyConnection,
    step: CellsStep,
    buckets: int,
    bucket: int,
    leaving: Sequence[str] = CELLS,
) -> None:
    """Fill the tables of one bucket; those of cells grow with every bucket.

    Kept tables look at all that was delivered. What follows counts the step's days only, so the
    log is narrowed to them and files of neighbouring months are hardly read.
    """
    texts = logs(con, step, buckets, bucket)
    for log, query in texts.items():
        _show(con, log, query)
    for name, model in step.models.items():
        if name in SEEN_TWICE:
            _fill_repeated(con, model, SEEN_TWICE[name], texts[SEEN_TWICE[name]])
        elif name not in CELLS:
            kind = "table" if model.is_kept else "view"
            con.execute(f"create or replace temp {kind} {name} as {model.sql}").fetchall()
    days = around(step.first_day, step.last_day)
    _show(con, "prediction_log", f"select * from ({texts['prediction_log']}) where {days}")  # noqa: S608
    for name in leaving:
        verb = f"insert into {name}_parts" if bucket else f"create table {name}_parts as"
        con.execute(f"{verb} {step.models[name].sql}").fetchall()


def _show(con: duckdb.DuckDBPyConnection, log: str, query: str) -> None:
    con.execute(f"create or replace temp view {log} as {query}")


def _fill_repeated(con: duckdb.DuckDBPyConnection, model: Table, log: str, query: str) -> None:
    """The table of a model that finds the keys a log has more than once."""
    key = f"hash({', '.join(model.grain)})"
    hashes = np.asarray(con.execute(f"select {key} as h from {log}").fetchnumpy()["h"])  # noqa: S608
    hashes.sort()
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    con.register("repeated_hash", {"h": repeated})
    _show(con, log, f"select * from ({query}) where {key} in (select h from repeated_hash)")  # noqa: S608
    con.execute(f"create or replace temp table {model.name} as {model.sql}").fetchall()
    _show(con, log, query)
    con.unregister("repeated_hash")


def _quoted(text: str) -> str:
    return text.replace("'", "''")
