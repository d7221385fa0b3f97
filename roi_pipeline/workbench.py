"""An empty database in which every model is a view: a few given rows are enough to try one.

So the worked example of a model is run, ours by the tests and a user's scenario by `doctor`. Knows
every input's shape; reads no portfolio's data.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from roi_pipeline import models, warehouse
from roi_pipeline.books import scope
from roi_pipeline.books.ledger import MONTHLY, WHOLE
from roi_pipeline.engines.cells import CELLS, OUTCOME_COLUMNS, PREDICTION_COLUMNS
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.receipts import create_tables

LOGS = {
    "prediction_log": PREDICTION_COLUMNS | {"horizon_at": "timestamp", "day": "date"},
    "outcome_log": OUTCOME_COLUMNS | {"observed_on": "date", "observed_month": "date"},
    "scope": {"first_day": "date", "last_day": "date"},
    "delivery_version": {"delivery_id": "varchar", "version": "integer"},
}
Rows = list[tuple[Any, ...]]


def empty(own: Path | None = None) -> tuple[duckdb.DuckDBPyConnection, dict[str, models.Model]]:
    """Every input empty, every model of the cells a view; `own` is as in `models.load`."""
    con = warehouse.in_memory()
    con.execute(scope.DDL)
    create_tables(con)
    for name, columns in LOGS.items():
        shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create table {name} ({shape})")
    for name, contract in CONTRACTS.items():
        con.execute(f"create table {name} ({contract.ddl})")
    for name, (_, schema) in WHOLE.items():
        warehouse.replace_frame(con, name, pl.DataFrame([], schema=schema), None)
    for name, (_, schema) in MONTHLY.items():
        warehouse.replace_frame(con, f"marts.{name}", pl.DataFrame([], schema=schema), None)
    found = models.load(own)
    for name, model in found.items():
        if model.layer == "cells":
            con.execute(f"create view {name} as {model.query}")
    for table in CELLS:
        con.execute(
            f"create table stored_{table} as "  # noqa: S608
            f"select null::date as month, null::varchar as cell_id, * from {table}"
        )
    return con, found


def open_books(
    con: duckdb.DuckDBPyConnection,
    found: Mapping[str, models.Model],
    wanted: Iterable[str] | None = None,
) -> None:
    """Put stored cells in the place of the cells models, and build the others on them: all, or the
    wanted ones with what they read."""
    needed = found.keys() if wanted is None else models.ancestors(found, wanted)
    for table in CELLS:
        con.execute(f"drop view {table}")
        con.execute(f"alter table stored_{table} rename to {table}")
    closed = False
    for name, model in found.items():
        if model.layer == "cells" or name not in needed:
            continue
        if "closed_ledger" in model.reads and not closed:
            con.execute(
                "create table closed_ledger as "
                "select *, month as belongs_month from ledger_cost limit 0"
            )
            closed = True
        con.execute(f"create view {warehouse.table_of(model)} as {model.query}")


def give(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Put rows in a table; a model that is given becomes a table of its own shape."""
    schema, kind = con.execute(
        "select table_schema, table_type from information_schema.tables where table_name = ?",
        [table],
    ).fetchall()[0]
    if kind == "VIEW":
        con.execute(f"create table given_rows as select * from {table} limit 0")  # noqa: S608
        con.execute(f"drop view {schema}.{table}")
        con.execute(f"create table {schema}.{table} as from given_rows")
        con.execute("drop table given_rows")
    for row in rows:
        columns = ", ".join(f'"{column}"' for column in row)
        marks = ", ".join("?" * len(row))
        con.execute(f"insert into {table} ({columns}) values ({marks})", list(row.values()))  # noqa: S608


def tried(model: models.Model, own: Path | None = None) -> Iterator[tuple[str, Rows, Rows]]:
    """Run the worked example of a model: for each expected table its name, what there is of the
    columns that the example speaks of, and what the example says; both sorted, and as text."""
    case = yaml.safe_load(model.example or "")
    con = _own_bench(own, case) if own else _bench(has_books=model.layer != "cells")
    con.execute("begin")  # what is given is gone after it: binding all models takes seconds
    try:
        for table, rows in case["given"].items():
            give(con, table, rows)
        for table, expected in case["expect"].items():
            columns = list(expected[0])
            named = ", ".join(f'"{column}"' for column in columns)
            got = con.execute(f"select {named} from {table}").fetchall()  # noqa: S608
            want = [tuple(row[column] for column in columns) for row in expected]
            yield table, _sorted(got), _sorted(want)
    finally:
        con.execute("rollback")


@lru_cache
def _bench(*, has_books: bool) -> duckdb.DuckDBPyConnection:
    con, found = empty()
    if has_books:
        open_books(con, found)
    return con


def _own_bench(own: Path, case: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
    """Only what the example of a file speaks of, since people change the file and try again."""
    con, found = empty(own)
    words = re.findall(r"\w+", " ".join([*case["given"], *case["expect"]]))
    open_books(con, found, [*words, "ledger_cost"])  # whose shape closed books have
    return con


def _sorted(rows: Rows) -> Rows:
    return sorted((tuple(map(plain, row)) for row in rows), key=repr)


def plain(value: Any) -> Any:
    """A value as an example writes it; a number with at most twelve decimals.

    >>> plain(Decimal("7.500")), plain(date(2026, 10, 1)), plain(None)
    ('7.5', '2026-10-01', None)
    """
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value)).quantize(Decimal("1e-12"))
        return f"{number.normalize() + 0:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
