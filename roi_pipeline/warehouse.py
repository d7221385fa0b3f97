"""The working database: opened safely, written in transactions, one month replaced at a time.

Knows DuckDB and where a portfolio keeps its state. Knows no table by name and no rule.
"""

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.errors import ConfigurationError, RoiError
from roi_pipeline.models import Model
from roi_pipeline.portfolio import Portfolio

LOCKED = "Could not set lock"
WAIT_S = 900.0


@contextmanager
def opened(
    portfolio: Portfolio, *, read_only: bool = False, wait_s: float = WAIT_S
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The portfolio's working database, closed at the end whatever happens.

    DuckDB lets one process write: a second run waits up to `wait_s` seconds for the first to end.
    Raises RoiError when the other run does not end in that time, ConfigurationError for a folder
    in which no database can be kept.
    """
    if "?" in str(portfolio.database):
        raise ConfigurationError(
            f"{portfolio.folder}: a path with ? cannot hold a database; rename the folder"
        )
    try:
        portfolio.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{portfolio.state}: {error.strerror}; make it a folder that can be written"
        ) from error
    con = _connect(portfolio.database, read_only=read_only, deadline=time.monotonic() + wait_s)
    try:
        if not read_only:  # an interrupted look back left its copy
            shutil.rmtree(_copy_folder(portfolio), ignore_errors=True)
        _confine(con, portfolio, read_only=read_only)
        yield con
    finally:
        con.close()


@contextmanager
def copied(
    con: duckdb.DuckDBPyConnection, portfolio: Portfolio
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of every table of the open database, as a database of its own that is removed at the
    end; `con` keeps other runs out meanwhile. Views are made anew by whoever opens the books."""
    folder = _copy_folder(portfolio)
    folder.mkdir(mode=0o700, parents=True)
    path = folder / "warehouse.duckdb"
    try:
        con.execute(f"attach '{_quoted(path.resolve())}' as look_back")
        con.execute("create schema look_back.marts")
        for schema, name, ddl in rows(
            con,
            "select schema_name, table_name, sql from duckdb_tables() "
            "where database_name = current_database() and not temporary order by all",
        ):
            head = f"CREATE TABLE {'' if schema == 'main' else schema + '.'}"
            con.execute(ddl.replace(head, f"create table look_back.{schema}.", 1))
            con.execute(f"insert into look_back.{schema}.{name} from {schema}.{name}")
        con.execute(
            "create table if not exists look_back.built "
            "(name varchar, month date, fingerprint varchar)"
        )
        con.execute("delete from look_back.built where name = 'models'")
        con.execute("detach look_back")
        copy = _connect(path, read_only=False, deadline=time.monotonic())
        try:
            _confine(copy, portfolio, read_only=False)
            yield copy
        finally:
            copy.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_memory(threads: int = 2) -> duckdb.DuckDBPyConnection:
    """An empty database for worked examples and tests, with the settings that change results."""
    con = duckdb.connect(config={"threads": threads})
    con.execute("create schema marts")
    _settle(con)
    return con


def _copy_folder(portfolio: Portfolio) -> Path:
    return portfolio.state / "tmp" / "look-back"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _connect(path: Path, *, read_only: bool, deadline: float) -> duckdb.DuckDBPyConnection:
    while True:
        try:
            con = duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            if LOCKED not in str(error):
                raise
            if time.monotonic() > deadline:
                raise RoiError(
                    f"{path}: another run holds the working database; wait for it to end, "
                    "or stop it, then run again"
                ) from error
            time.sleep(0.2)
        else:
            if not read_only:
                path.chmod(0o600)
            return con


def _settle(con: duckdb.DuckDBPyConnection) -> None:
    """The settings without which the same rows could give another result."""
    con.execute("set TimeZone = 'UTC'")
    con.execute("set search_path = 'main,marts'")
    con.execute("set ieee_floating_point_ops = false")  # x / 0 is null, never infinity
    con.execute("set autoinstall_known_extensions = false")
    con.execute("set autoload_known_extensions = false")


def _confine(con: duckdb.DuckDBPyConnection, portfolio: Portfolio, *, read_only: bool) -> None:
    """Bound memory and reach: after this, no query reads or writes outside the portfolio."""
    spill = portfolio.state / "tmp" / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    if not read_only:
        con.execute("create schema if not exists marts")
    _settle(con)
    con.execute(f"set memory_limit = '{portfolio.engine.memory_limit}'")
    con.execute(f"set threads = {portfolio.engine.threads or os.cpu_count() or 1}")
    con.execute("set temp_directory = $path", {"path": str(spill)})
    if portfolio.engine.spill_limit:
        con.execute(f"set max_temp_directory_size = '{portfolio.engine.spill_limit}'")
    seal(con, portfolio.readable_folders)


def seal(con: duckdb.DuckDBPyConnection, folders: Iterable[Path] = ()) -> None:
    """From here on the connection reaches the files of `folders` and no other, no variable of
    Python and no setting."""
    resolved = {folder.resolve() for folder in folders}
    if named := sorted({*map(str, resolved), *map(exactly, resolved)}):
        con.execute("set allowed_directories = $folders", {"folders": named})
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


def table_of(model: Model) -> str:
    """Where the rows of a model are: marts have a schema of their own."""
    return f"marts.{model.name}" if model.layer == "marts" else model.name


def replace_months(
    con: duckdb.DuckDBPyConnection, table: str, query: str, months: Sequence[date]
) -> int:
    """Put the rows that `query` gives for `months` in the place of those the table holds.

    `query` has a column `month`; rows of other months stay as they are. The table is there
    (`ensure_tables`). Runs inside the caller's transaction; returns how many rows were written.
    """
    source = f"select * from ({query}) where list_contains($months, month)"  # noqa: S608
    con.execute(f"delete from {table} where list_contains($months, month)", {"months": months})  # noqa: S608
    (written,) = rows(con, f"insert into {table} by name {source}", {"months": months})[0]
    return int(written)


def replace(con: duckdb.DuckDBPyConnection, table: str, query: str) -> int:
    """Put the rows of `query` in the place of the whole table; returns how many."""
    con.execute(f"create or replace table {table} as {query}")
    return count(con, table)


def replace_frame(
    con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame, months: Sequence[date] | None
) -> int:
    """Put a frame in the place of the table, or of its rows of `months`; returns how many."""
    con.register("frame_to_write", frame)
    try:
        query = query_of_frame("frame_to_write", frame.schema)
        if months is None:
            return replace(con, table, query)
        return replace_months(con, table, query, months)
    finally:
        con.unregister("frame_to_write")


def query_of_frame(name: str, schema: Mapping[str, Any]) -> str:
    """A registered frame as published tables want it: ratios are decimals, so none is NaN."""
    columns = (
        f"cast({column} as decimal(28, 6)) as {column}" if kind == pl.Float64 else column
        for column, kind in schema.items()
    )
    return f"select {', '.join(columns)} from {name}"  # noqa: S608


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """How many rows a table or view has."""
    (found,) = rows(con, f"select count(*) from {table}")[0]  # noqa: S608
    return int(found)


def rows(
    con: duckdb.DuckDBPyConnection, query: str, parameters: object = None
) -> list[tuple[Any, ...]]:
    """Every row of a query; the result is always finished, so nothing keeps a lock."""
    return con.execute(query, parameters).fetchall()
