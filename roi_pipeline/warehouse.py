"""DuckDB: a connection in memory, confined to the portfolio, and the SQL that is generated.

Knows how rows become Parquet files in one order, and files become views; no table by name.
"""

import atexit
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any

import duckdb
import polars as pl

from roi_pipeline import files
from roi_pipeline.errors import ConfigurationError, RoiError
from roi_pipeline.models.table import Table
from roi_pipeline.portfolio import Portfolio

LOCK = ".lock"
_LOCKS: dict[Path, int] = {}
ROWS_PER_THREAD = 1_000_000
STORAGE = "v1.2.0"  # older drivers of BI tools read this storage version
PARQUET = "format parquet, compression zstd, row_group_size 122880"


@contextmanager
def opened(portfolio: Portfolio) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that reads and writes within the portfolio only; closed at the end."""
    con = duckdb.connect()
    try:
        _confine(con, portfolio)
        yield con
    finally:
        con.close()


def in_memory(threads: int = 2) -> duckdb.DuckDBPyConnection:
    """An empty database for worked examples and tests, with the settings that change results."""
    con = duckdb.connect(config={"threads": threads})
    _settle(con)
    return con


def workspace(portfolio: Portfolio) -> Path:
    """The temporary folder of this process in the portfolio: no other process writes there.

    It holds a lock while the process lives and is removed when it ends; what killed processes left
    is removed on first use. Folders are made, and removed for others, by one process at a time.
    """
    folder = portfolio.state.resolve() / "tmp" / files.process()
    if not _is_mine(folder):
        try:
            portfolio.state.mkdir(mode=0o700, parents=True, exist_ok=True)  # a mode is for the last
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            with (folder.parent / LOCK).open("w", encoding="utf-8") as lock:
                wait_for(lock)
                folder.mkdir(mode=0o700, exist_ok=True)
                handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
                fcntl.flock(handle, fcntl.LOCK_EX)
                _sweep(portfolio, folder)
        except OSError as error:
            raise ConfigurationError(
                f"{portfolio.state}: {error.strerror}; make it a folder that can be written"
            ) from error
        _LOCKS[folder] = handle
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _sweep(portfolio: Portfolio, mine: Path) -> None:
    """Remove the folders of killed processes, and the files and folders they did not finish."""
    for other in mine.parent.iterdir():
        if other == mine or not other.is_dir() or _is_in_use(other):
            continue
        for top in (portfolio.state, portfolio.marts):
            for left in files.parts_of(top, other.name):
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        shutil.rmtree(other, ignore_errors=True)  # its process may be removing it as well


def _is_mine(folder: Path) -> bool:
    return folder in _LOCKS and folder.is_dir()


def _is_in_use(folder: Path) -> bool:
    """Whether the process of a temporary folder lives: it holds the lock."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _settle(con: duckdb.DuckDBPyConnection) -> None:
    """The settings without which the same rows could give another result."""
    con.execute("create schema marts")
    con.execute("set TimeZone = 'UTC'")
    con.execute("set search_path = 'main,marts'")
    con.execute("set ieee_floating_point_ops = false")  # x / 0 is null, never infinity
    con.execute("set enable_progress_bar = false")
    con.execute("set autoinstall_known_extensions = false")
    con.execute("set autoload_known_extensions = false")


def _confine(con: duckdb.DuckDBPyConnection, portfolio: Portfolio) -> None:
    """Bound memory and reach: after this, no query reads or writes outside the portfolio."""
    spill = workspace(portfolio) / "spill"
    spill.mkdir(exist_ok=True)
    _settle(con)
    con.execute(f"set memory_limit = '{portfolio.engine.memory_limit}'")
    use_threads(con, portfolio)
    con.execute("set allowed_configs = ['threads']")
    con.execute(f"set temp_directory = {literal(spill)}")
    if portfolio.engine.spill_limit:
        con.execute(f"set max_temp_directory_size = '{portfolio.engine.spill_limit}'")
    seal(con, portfolio.readable_folders)


def use_threads(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio, rows: int | None = None
) -> None:
    """As many threads as the portfolio allows; for queries over so many rows, where that is said,
    no more than they are worth."""
    most = portfolio.engine.threads or os.cpu_count() or 1
    con.execute(f"set threads = {most if rows is None else worthwhile_threads(rows, most)}")


def worthwhile_threads(rows: int, most: int) -> int:
    """How many of the threads that are allowed are worth their cost: with few rows the work of two
    is mostly to wait for each other, which takes half of the CPU and makes nothing faster.

    >>> [worthwhile_threads(rows, 8) for rows in (600_000, 2_500_000, 100_000_000)]
    [1, 3, 8]
    """
    return min(most, 1 + rows // ROWS_PER_THREAD)


def seal(con: duckdb.DuckDBPyConnection, folders: Iterable[Path] = ()) -> None:
    """From here on the connection reaches the files of `folders` and no other, no variable of
    Python and no setting."""
    resolved = {folder.resolve() for folder in folders}
    if named := sorted({*map(str, resolved), *map(exactly, resolved)}):
        # A bound list would make DuckDB import pandas, which takes a second of CPU.
        con.execute(f"set allowed_directories = [{', '.join(map(literal, named))}]")
    con.execute("set python_enable_replacements = false")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def exactly(path: Path) -> str:
    """A path as DuckDB's readers take it: wildcard characters in it mean themselves.

    Raises ConfigurationError for a backslash next to a wildcard, which DuckDB cannot be given.

    >>> exactly(Path("/acme [prod]/oct*.csv"))
    '/acme [[]prod]/oct[*].csv'
    """
    text = str(path)
    if not re.search(r"[*?[]", text):
        return text
    if "\\" in text:
        raise ConfigurationError(
            f"{text}: a path with a backslash and one of * ? [ cannot be read; rename it"
        )
    return re.sub(r"[*?[]", r"[\g<0>]", text)


def parquet(*paths: Path) -> str:
    """SQL of the rows of Parquet files: of these files only, whatever they and their folders are
    called. `union_by_name` reads every footer, so the planner knows how many rows there are."""
    listed = ", ".join("'" + exactly(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """All of the block, or none of it."""
    con.execute("begin")
    try:
        yield con
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def table_of(table: Table) -> str:
    """Where the rows of a table are: marts have a schema of their own."""
    return f"marts.{table.name}" if table.is_published else table.name


def rows(
    con: duckdb.DuckDBPyConnection, query: str, parameters: object = None
) -> list[tuple[Any, ...]]:
    """Every row of a query; the result is always finished."""
    return con.execute(query, parameters).fetchall()


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many rows a table or view has."""
    (found,) = rows(con, f"select count(*) from {table}")[0]  # noqa: S608
    return int(found)


def matching(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], where: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Some columns of the rows that have certain values, null among them, in order."""
    query = f"{columns_of(table, columns)} where {_same(where)} order by all"
    return rows(con, query, [*where.values()])


def count_matching(con: duckdb.DuckDBPyConnection, table: str, where: Mapping[str, object]) -> int:
    """How many rows of a table have certain values, null among them."""
    query = f"select count(*) from {table} where {_same(where)}"  # noqa: S608
    return int(rows(con, query, [*where.values()])[0][0])


def _same(where: Mapping[str, object]) -> str:
    """The condition that columns have the values that are bound, null among them."""
    return " and ".join(f'"{column}" is not distinct from ?' for column in where) or "true"


def described(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """The columns of a query, in order, with their types."""
    return {str(name): str(kind) for name, kind, *_ in rows(con, description(query))}


def description(query: str) -> str:
    """A query of the columns, with their types, of a table or of the rows of a query."""
    return f"describe {query}"


def literal(path: Path | str) -> str:
    """A path as an SQL string; only for paths of our own, where DuckDB cannot bind them."""
    return "'" + str(path).replace("'", "''") + "'"


def all_of(source: str) -> str:
    """A query of every row of a table or view."""
    return f"select * from {source}"  # noqa: S608


def files_query(files: Sequence[Path]) -> str:
    """A query of the rows of some Parquet files, columns by name."""
    return f"select * from {parquet(*(file.resolve() for file in files))}"  # noqa: S608


def show(con: duckdb.DuckDBPyConnection, view: str, query: str) -> None:
    """Make a query visible under a name."""
    con.execute(f"create or replace view {view} as {query}")


def compute(con: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    """Compute a query once and make its rows visible under a name."""
    con.execute(f"create or replace temp table {table} as {query}")


def in_months(query: str, months: Sequence[date]) -> str:
    """The rows of a query in some months."""
    listed = ", ".join(f"date '{month.isoformat()}'" for month in months) or "null"
    return f"select * from ({query}) where month in ({listed})"  # noqa: S608


def until(query: str, last: date) -> str:
    """The rows of a query up to a month."""
    return f"select * from ({query}) where month <= date '{last.isoformat()}'"  # noqa: S608


def with_kept(query: str, columns: Sequence[str], kept: str) -> str:
    """The rows of a query and those another keeps, columns by name; what is missing is null."""
    listed = ", ".join(f'"{column}"' for column in columns)
    return f"select {listed} from ({query} union all by name {kept})"  # noqa: S608


def no_rows(query: str) -> str:
    """A query of the same columns without rows."""
    return f"select * from ({query}) limit 0"  # noqa: S608


@contextmanager
def computed(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    """The rows of a query, computed once, under a name that is valid in the block."""
    compute(con, "computed_once", query)
    try:
        yield "computed_once"
    finally:
        con.execute("drop table if exists computed_once")


@contextmanager
def frame_query(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> Iterator[str]:
    """A query of a frame's rows, valid in the block; ratios are decimals, so none is NaN."""
    con.register("frame_to_store", frame)
    try:
        yield query_of_frame("frame_to_store", frame.schema)
    finally:
        con.unregister("frame_to_store")


def query_of_frame(name: str, schema: Mapping[str, Any]) -> str:
    """A registered frame as published tables want it: ratios are decimals, so none is NaN."""
    columns = (
        f"cast({column} as decimal(28, 6)) as {column}" if kind == pl.Float64 else column
        for column, kind in schema.items()
    )
    return f"select {', '.join(columns)} from {name}"  # noqa: S608


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, file: Path) -> int:
    """Write the rows of a query ordered by all columns; returns how many there are.

    With any number of threads and on any machine the same rows give the same bytes.
    """
    columns = described(con, query)
    # Parquet has no HUGEINT, which is what a sum of counts is: it would become a DOUBLE.
    listed = ", ".join(
        f'cast("{column}" as bigint) as "{column}"' if kind == "HUGEINT" else f'"{column}"'
        for column, kind in columns.items()
    )
    order = ", ".join(f'"{column}"' for column in columns)
    (written,) = rows(
        con,
        f"copy (select {listed} from ({query}) order by {order}) to {literal(file)} ({PARQUET})",  # noqa: S608
    )[0]
    return int(written)


def insert_documents(
    con: duckdb.DuckDBPyConnection, table: str, documents: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows whose values are text (None for null), cast to the types of the table."""
    if not documents:
        return
    shape = described(con, f"from {table}")
    columns = ", ".join(f'row."{name}"::{kind} as "{name}"' for name, kind in shape.items())
    con.execute(  # as JSON: to hand over a frame would import pyarrow and pandas
        f"insert into {table} by name select {columns} "  # noqa: S608
        "from (select unnest(from_json($documents, $shape)) as row)",
        {
            "documents": json.dumps(documents),
            "shape": json.dumps([dict.fromkeys(shape, "VARCHAR")]),
        },
    )


def frame_of(con: duckdb.DuckDBPyConnection, table: str) -> pl.DataFrame:
    """All rows of a table or view, in the order of all columns."""
    return con.execute(f"select * from {table} order by all").pl()  # noqa: S608


def create_table(con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Make a table of a frame in the place of the one before; ratios become decimals."""
    with frame_query(con, frame) as query:
        con.execute(f"create or replace table {table} as {query}")


def insert_frame(con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Insert the rows of a frame into a table, columns by name, cast to its types."""
    con.register("frame_to_insert", frame)
    con.execute(f"insert into {table} by name from frame_to_insert")
    con.unregister("frame_to_insert")


def sums_by_month(
    con: duckdb.DuckDBPyConnection,
    table: str,
    kinds: Sequence[str],
    span: tuple[date, date],
    without: str | None = None,
) -> list[tuple[Any, ...]]:
    """Month, name and sum of `amount` for each combination of the columns `kinds`, in the months of
    a span; the name is `amount_<kind>_…`. Rows of the system `without` are left out."""
    named = " || '_' || ".join(["'amount'", *kinds])
    parts = "and system_id <> $without" if without else ""
    return rows(
        con,
        f"select month, {named} as name, sum(amount) from {table} "  # noqa: S608
        f"where month between $first and $last {parts} group by month, name order by all",
        {"first": span[0], "last": span[1]} | ({"without": without} if without else {}),
    )


def values_by_month(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    span: tuple[date, date],
    system_id: str,
) -> list[tuple[Any, ...]]:
    """Month, column and value (as a double) of some columns of a system, in the months of a span;
    what is null is left out."""
    listed = ", ".join(f"{column}::double as {column}" for column in columns)
    return rows(
        con,
        f"unpivot (select month, {', '.join(columns)} from {table} "  # noqa: S608
        "where month between $first and $last and system_id = $system_id) "
        f"on {listed} into name name value value order by all",
        {"first": span[0], "last": span[1], "system_id": system_id},
    )


def show_span(
    con: duckdb.DuckDBPyConnection,
    view: str,
    table: str,
    edges: Sequence[tuple[str, object, object]],
) -> None:
    """Make the rows of a table visible under a name, of each column in `edges` only those from the
    second (inclusive) to the third (exclusive), which are literals: a view takes no parameters, and
    only literals let Parquet skip row groups."""
    within = [
        f"\"{column}\" >= timestamp '{first}' and \"{column}\" < timestamp '{after}'"
        for column, first, after in edges
    ]
    where = f" where {' and '.join(within)}" if within else ""
    con.execute(f"create or replace temp view {view} as select * from {table}{where}")  # noqa: S608


def create_row(con: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, object]) -> None:
    """Make a temporary table of one row."""
    columns = ", ".join(f"${name} as {name}" for name in row)
    con.execute(f"create or replace temp table {table} as select {columns}", dict(row))


def create_empty(con: duckdb.DuckDBPyConnection, table: str, shape: str) -> None:
    """Make a table of a shape (columns with their types), empty."""
    con.execute(f"create or replace table {table} ({shape})")


def create_like(con: duckdb.DuckDBPyConnection, table: str, like: str) -> None:
    """Make a table with the columns of another, empty, where it does not exist."""
    con.execute(f"create table if not exists {table} as {no_rows(all_of(like))}")


def create_numbered(con: duckdb.DuckDBPyConnection, table: str, cells: str) -> None:
    """Make a table of cells as they are stored: with a month and an id."""
    con.execute(
        f"create table {table} as "  # noqa: S608
        f"select null::date as month, null::varchar as cell_id, * from {cells}"
    )


def become_table(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Put an empty table with its columns in the place of a view; a table stays as it is."""
    schema, kind = rows(
        con,
        "select table_schema, table_type from information_schema.tables where table_name = ?",
        [name],
    )[0]
    if kind == "VIEW":
        create_like(con, "columns_of_view", name)
        drop(con, view=f"{schema}.{name}")
        create_like(con, f"{schema}.{name}", "columns_of_view")
        drop(con, table="columns_of_view")


def drop(
    con: duckdb.DuckDBPyConnection, *, view: str | None = None, table: str | None = None
) -> None:
    """Drop a view or a table."""
    con.execute(f"drop view {view}" if view else f"drop table {table}")


def rename(con: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    """Give a table another name."""
    con.execute(f"alter table {table} rename to {name}")


def insert_row(con: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, object]) -> None:
    """Insert one row, columns by name."""
    columns = ", ".join(f'"{column}"' for column in row)
    marks = ", ".join("?" * len(row))
    con.execute(f"insert into {table} ({columns}) values ({marks})", list(row.values()))  # noqa: S608


def insert_rows(
    con: duckdb.DuckDBPyConnection, table: str, given: Sequence[Sequence[object]]
) -> None:
    """Insert rows, columns in the order of the table."""
    if given:
        marks = ", ".join("?" * len(given[0]))
        con.executemany(f"insert into {table} values ({marks})", [list(row) for row in given])  # noqa: S608


def columns_of(table: str, columns: Sequence[str]) -> str:
    """A query of some columns of a table."""
    listed = ", ".join(f'"{column}"' for column in columns)
    return f"select {listed} from {table}"  # noqa: S608


def relation_names(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The names of all tables and views, without those of DuckDB itself."""
    found = rows(
        con,
        "select table_name from duckdb_tables() where not internal "
        "union select view_name from duckdb_views() where not internal",
    )
    return {name for (name,) in found}


def write_frame(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, file: Path) -> None:
    """Write a frame as a Parquet file, as it is."""
    con.register("frame_to_write", frame)
    con.execute(f"copy frame_to_write to {literal(file)} (format parquet)")
    con.unregister("frame_to_write")


def write_database(con: duckdb.DuckDBPyConnection, tables: Sequence[Path], target: Path) -> None:
    """A database with a table a Parquet file, put whole in the place of the one before.

    Opened by itself `marts.duckdb` is the catalog `marts`, so `marts.roi_monthly` and `roi_monthly`
    both name a table. A reader that has the old file open keeps reading it.
    """
    with files.replacing(target) as part:
        con.execute(f"attach {literal(part.resolve())} as bi (storage_version '{STORAGE}')")
        try:
            for file in tables:
                con.execute(f"create table bi.{file.stem} as {files_query([file])}")
            con.execute("checkpoint bi")
        finally:
            con.execute("detach bi")
        if Path(f"{part}.wal").exists():
            raise RoiError(f"{part}.wal was left behind; nothing was published, run again")
        part.chmod(0o444)


def wait_for(lock: IO[str]) -> None:
    """Hold an open file's lock, waiting for the process that holds it."""
    fcntl.flock(lock, fcntl.LOCK_EX)
