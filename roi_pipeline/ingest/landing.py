"""From a delivered table to a clean Parquet file: one pass that casts and validates every row.

Knows contracts, layouts and DuckDB. The rows of a small file are held in memory until they are
validated and counted, since there every query costs more than what it reads; those of others are
written at once, and only those with faults are read twice. Nothing is visible to anyone until a
receipt says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

from roi_pipeline.ingest.judging import (
    Job,
    has_residue,
    parameters,
    refuse_types,
    sent_row,
    validated,
    validated_and_sent,
)
from roi_pipeline.warehouse import parquet

SMALL = 8 << 20  # bytes, unpacked
HELD = "landed"
# 10 million predictions: 14 CPU-s and 470 MB with snappy, 17 CPU-s and 360 MB with zstd; the JSON
# in bills packs ten times better with zstd.
_LOG = "format parquet, compression snappy"
_OTHER = "format parquet, compression zstd"


@dataclass(frozen=True)
class Rows:
    """The rows of one file, typed and validated: `sql` is what to select them from, until the next
    file is read, and `target` the file they end in."""

    sql: str
    target: Path
    count: int

    @property
    def is_held(self) -> bool:
        """Whether they are in memory and not yet in their file."""
        return self.sql == HELD


@dataclass(frozen=True)
class Counts:
    """Rows with a fault of their own, and rows without that repeat the key of another; the newest
    export time the rows state, and the digits that landing cut off their money."""

    faulty: int
    repeated: int
    exported_at: datetime | None
    residue: Decimal


def literal(path: Path) -> str:
    """A path to write as an SQL string. Only for paths of our own; to read, see `parquet`."""
    return "'" + str(path).replace("'", "''") + "'"


def _options(job: Job) -> str:
    return _LOG if job.contract.is_log else _OTHER


def write(con: duckdb.DuckDBPyConnection, job: Job, target: Path) -> Rows:
    """Read every row, typed and validated: of a small file into memory, of others into `target`.

    Raises DataRefused for a column whose type cannot be read, ConfigurationError when a personal
    column has no key to hash it with, and duckdb.Error for a file that cannot be parsed.
    """
    refuse_types(con, job)
    is_held = job.bytes <= SMALL and bool(job.table.names)
    query = validated_and_sent(job) if is_held else validated(job)
    bound = parameters(job)
    if "$zone" not in query:  # a file without times needs none
        bound.pop("zone", None)
    if is_held:
        done = con.execute(f"create or replace temp table {HELD} as {query}", bound)
    else:
        done = con.execute(f"copy ({query}) to {literal(target)} ({_options(job)})", bound)
    (count,) = done.fetchall()[0]
    return Rows(HELD if is_held else parquet(target), target, int(count))


def finish(con: duckdb.DuckDBPyConnection, job: Job, rows: Rows) -> None:
    """Write the rows of a file that is held in memory."""
    if rows.is_held:
        con.execute(
            f"copy (select * exclude (sent) from {HELD}) to {literal(rows.target)} "  # noqa: S608
            f"({_options(job)})"
        )


def count(con: duckdb.DuckDBPyConnection, job: Job, rows: Rows) -> Counts:
    """What one look at the rows says: whether some are faulty or repeat a key, and their totals."""
    key = ", ".join(f'"{name}"' for name in job.contract.key)
    has_key, sound = bool(key) and not job.contract.is_log, "filter (fault is null)"
    ((faulty, repeated, exported, residue),) = con.execute(
        f"""select count(fault),
            {f"count(*) {sound} - count(distinct row({key})) {sound}" if has_key else "0"},
            {"epoch_us(max(exported_at))" if job.layout.exported_at else "null"},
            {"coalesce(sum(residue), 0)::decimal(38,24)" if has_residue(job) else "0"}
        from {rows.sql}"""  # noqa: S608
    ).fetchall()
    at = None if exported is None else datetime.fromtimestamp(exported / 1_000_000, UTC)
    return Counts(faulty, repeated, at, Decimal(residue))


def find_faults(con: duckdb.DuckDBPyConnection, job: Job, rows: Rows) -> dict[str, int]:
    """Fill the temporary table `faulty` (row_no, reason); returns how many rows a reason.

    The reason of a superseded row is the empty text.
    """
    con.execute(
        "create or replace temp table faulty as select row_no, fault as reason "  # noqa: S608
        f"from {rows.sql} where fault is not null"
    )
    contract = job.contract
    if contract.key and not contract.is_log:
        key = ", ".join(f'"{name}"' for name in contract.key)
        is_older = f"row_number() over (partition by {key} order by row_no desc) > 1"
        reason = "" if contract.repeated == "supersede" else f"repeats {' + '.join(contract.key)}"
        con.execute(
            f"insert into faulty select row_no, '{reason}' from {rows.sql} "  # noqa: S608
            f"where fault is null qualify {is_older}"
        )
    counted = con.execute("select reason, count(*) from faulty group by 1 order by 2 desc, 1")
    return dict(counted.fetchall())


def quarantine(
    con: duckdb.DuckDBPyConnection, job: Job, rows: Rows, counts: Counts, month: str
) -> None:
    """Fill the temporary table `quarantined` with the faulty rows as they were sent.

    Columns of the contract only; personal columns hashed. `month` is SQL over the typed row.
    """
    amount = f'"{job.contract.money}"' if job.contract.money else "null"
    typed = f"select *, {month} as in_month, try_cast({amount} as decimal(38,18)) as money"
    if rows.is_held and not counts.repeated:
        con.execute(
            "create or replace temp table quarantined as "  # noqa: S608
            "select row_no, fault as reason, sent as row, in_month as month, money as amount "
            f"from ({typed} from {HELD} where fault is not null)"
        )
        return
    con.execute(
        f"""create or replace temp table quarantined as
        with sent as (
            select {job.table.row_no} as row_no, {sent_row(job)} as row from {job.table.sql}
        )
        select row_no, reason, sent.row, in_month as month, money as amount
        from faulty join sent using (row_no) join ({typed} from {rows.sql}) using (row_no)
        where reason <> ''""",  # noqa: S608
        parameters(job, is_judged=False),
    )


def keep_good(con: duckdb.DuckDBPyConnection, job: Job, rows: Rows) -> None:
    """Leave only the rows that are neither faulty nor superseded, in their order."""
    if rows.is_held:
        con.execute(f"delete from {HELD} where row_no in (select row_no from faulty)")  # noqa: S608
        return
    good = rows.target.with_name(rows.target.name + ".good")
    older = "and row_no not in (select row_no from faulty)"
    con.execute(
        f"copy (select * from {rows.sql} where fault is null "  # noqa: S608
        f"{'' if job.contract.is_log else older}) to {literal(good)} ({_options(job)})"
    )
    good.replace(rows.target)
