"""A delivered file as a table DuckDB can select from: CSV, JSON lines or Parquet.

Columns are called c0, c1, … by position, so no name of a user ever becomes SQL.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from roi_pipeline.errors import DataRefused
from roi_pipeline.ingest.columns import TEXT
from roi_pipeline.ingest.files import MAX_RECORD
from roi_pipeline.ingest.layout import Table
from roi_pipeline.ingest.rescue import Rescued
from roi_pipeline.warehouse import exactly

# Neither the name of a file nor that of its folder says how it is read or what is in it.
_ITSELF = "hive_partitioning = false"
_DIALECT = (
    f"{_ITSELF}, compression = 'none', auto_detect = false, "
    """delim = ',', quote = '"', escape = '"', strict_mode = true"""
)


def csv_table(path: Path, header: tuple[str, ...]) -> Table:
    """A CSV with a header, every value as text, read strictly; rows are numbered in file order."""
    names = _names(len(header))
    sql = f"read_csv($path, columns = {_columns(names)}, header = true, {_dialect()})"
    types = (TEXT,) * len(header)
    return Table(sql, "row_number() over ()", header, names, types, {"path": exactly(path)})


def rescued_table(rescued: Rescued, header: tuple[str, ...]) -> Table:
    """What the slow path saved: the row number is a field of its own, and there is no header.

    Columns that no row had (JSON lines) are left out of the table's header.
    """
    fields = _columns(("row_no", *_names(len(header))))
    sql = f"read_csv($path, columns = {fields}, header = false, {_dialect()})"
    had = {
        column: name
        for column, name in zip(header, _names(len(header)), strict=True)
        if rescued.seen is None or column in rescued.seen
    }
    types = (TEXT,) * len(had)
    bound: dict[str, object] = {"path": exactly(rescued.path)}
    others = tuple(sorted((rescued.seen or frozenset()) - set(header)))
    return Table(sql, "row_no::bigint", tuple(had), tuple(had.values()), types, bound, others)


def parquet_table(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> tuple[Table, int]:
    """A Parquet file with its own types, and the number of rows its metadata states.

    Raises DataRefused for metadata that cannot be read.
    """
    bound: dict[str, object] = {"path": exactly(path)}
    try:
        (rows,) = con.execute(
            "select num_rows from parquet_file_metadata($path)", bound
        ).fetchall()[0]
        schema = con.execute(
            "select name, coalesce(num_children, 0) from parquet_schema($path)", bound
        ).fetchall()
        described = con.execute(f"describe from read_parquet($path, {_ITSELF})", bound).fetchall()
    except duckdb.Error as error:
        raise unreadable(error, name) from None
    header = _top_level(schema)
    if "file_row_number" in map(str.lower, header):
        raise DataRefused(f"{name}: rename the column file_row_number; the name is taken")
    names = _names(len(header))
    read = f"read_parquet($path, file_row_number = true, {_ITSELF})"
    sql = f"{read} as file({', '.join(names)}, file_row_no)"
    types = tuple(str(row[1]) for row in described)
    if "BLOB" in types:
        sql, types = _with_texts(sql, names, types)
    return Table(sql, "file_row_no + 1", header, names, types, bound), int(rows)


def _with_texts(
    sql: str, names: Sequence[str], types: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """The same table with binary columns as text: old writers do not say which of them are."""
    cells = (
        f"coalesce(try(decode({name})), {name}::varchar) as {name}" if kind == "BLOB" else name
        for name, kind in zip(names, types, strict=True)
    )
    texts = tuple(TEXT if kind == "BLOB" else kind for kind in types)
    return f"(select {', '.join(cells)}, file_row_no from {sql})", texts  # noqa: S608


def unreadable(error: duckdb.Error, name: str) -> Exception:
    """What a failed read means: a broken file is refused; a full disk or memory, or a query that
    is wrong, is not its fault.

    The message of DuckDB is left out, for it quotes the data.
    """
    ours = (duckdb.OutOfMemoryException, duckdb.BinderException, duckdb.ParserException)
    if isinstance(error, ours) or "No space left" in str(error):
        return error
    return DataRefused(
        f"{name}: cannot be read ({type(error).__name__}): corrupt or cut; send it again, with a "
        "manifest that states its sha256"
    )


def _top_level(schema: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """The names of the columns themselves, not of what is nested in them.

    >>> _top_level([("root", 2), ("a", 0), ("tags", 1), ("key", 0)])
    ('a', 'tags')
    """
    names: list[str] = []
    nested = 0
    for name, children in schema[1:]:
        if nested == 0:
            names.append(name)
        nested += children - (nested > 0)
    return tuple(names)


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"c{position}" for position in range(count))


def _columns(names: Sequence[str]) -> str:
    return "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"


def _dialect() -> str:
    # Twice the longest record: the row number and quotes of the slow path come on top.
    return f"{_DIALECT}, max_line_size = {2 * MAX_RECORD}"
