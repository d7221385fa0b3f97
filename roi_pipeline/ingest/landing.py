"""From a delivered table to a clean Parquet file: one pass that casts, judges and writes.

Knows contracts, layouts and DuckDB. Only a file with faults is read twice: once more to put the
faulty rows aside as they were sent. Nothing is visible to anyone until a receipt says so.
"""

import os
from pathlib import Path

import duckdb

from roi_pipeline.ingest.judging import Job, judged, parameters, refuse_types, sent_row
from roi_pipeline.warehouse import parquet

# 10 million predictions: 14 CPU-s and 470 MB with snappy, 17 CPU-s and 360 MB with zstd; the JSON
# in bills packs ten times better with zstd.
_LOG = "format parquet, compression snappy"
_OTHER = "format parquet, compression zstd"


def literal(path: Path) -> str:
    """A path to write as an SQL string. Only for paths of our own; to read, see `parquet`."""
    return "'" + str(path).replace("'", "''") + "'"


def _options(job: Job) -> str:
    return _LOG if job.contract.is_log else _OTHER


def write(con: duckdb.DuckDBPyConnection, job: Job, target: Path) -> int:
    """Write every row, typed and judged, to `target`; returns how many rows were read.

    Raises DataRefused for a column whose type cannot be read, ConfigurationError when a personal
    column has no key to hash it with, and duckdb.Error for a file that cannot be parsed.
    """
    refuse_types(con, job)
    copy = f"copy ({judged(job)}) to {literal(target)} ({_options(job)})"
    bound = parameters(job)
    if "$zone" not in copy:  # a file without times needs none
        bound.pop("zone", None)
    (rows,) = con.execute(copy, bound).fetchall()[0]
    return int(rows)


def settle(source: Path, target: Path) -> None:
    """Move a finished file to its name so that a power cut leaves the old state or the new one."""
    with source.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(source, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def find_faults(con: duckdb.DuckDBPyConnection, job: Job, part: Path) -> dict[str, int]:
    """Fill the temporary table `faulty` (row_no, reason); returns how many rows a reason.

    The reason of a superseded row is the empty text.
    """
    con.execute(
        "create or replace temp table faulty as select row_no, fault as reason "  # noqa: S608
        f"from {parquet(part)} where fault is not null"
    )
    contract = job.contract
    if contract.key and not contract.is_log:
        key = ", ".join(f'"{name}"' for name in contract.key)
        is_older = f"row_number() over (partition by {key} order by row_no desc) > 1"
        reason = "" if contract.repeated == "supersede" else f"repeats {' + '.join(contract.key)}"
        con.execute(
            f"insert into faulty select row_no, '{reason}' from {parquet(part)} "  # noqa: S608
            f"where fault is null qualify {is_older}"
        )
    counted = con.execute("select reason, count(*) from faulty group by 1 order by 2 desc, 1")
    return dict(counted.fetchall())


def set_aside(con: duckdb.DuckDBPyConnection, job: Job, part: Path, month: str) -> None:
    """Fill the temporary table `aside` with the faulty rows as they were sent.

    Columns of the contract only; personal columns hashed. `month` is SQL over the typed row.
    """
    amount = f'"{job.contract.money}"' if job.contract.money else "null"
    con.execute(
        f"""create or replace temp table aside as
        with sent as (
            select {job.table.row_no} as row_no, {sent_row(job)} as row from {job.table.sql}
        ), typed as (
            select row_no, {month} as month, try_cast({amount} as decimal(38,18)) as amount
            from {parquet(part)}
        )
        select row_no, reason, row, month, amount
        from faulty join sent using (row_no) join typed using (row_no) where reason <> ''""",  # noqa: S608
        parameters(job, is_judged=False),
    )


def keep_good(con: duckdb.DuckDBPyConnection, job: Job, part: Path, target: Path) -> None:
    """Write the rows of `part` that are neither faulty nor superseded, in their order."""
    older = "and row_no not in (select row_no from faulty)"
    con.execute(
        f"copy (select * from {parquet(part)} where fault is null "  # noqa: S608
        f"{'' if job.contract.is_log else older}) to {literal(target)} ({_options(job)})"
    )
