"""An empty database in which every model is a view: a few given rows are enough to try one.

So the worked example of a model is run, ours by the tests and a user's scenario by `doctor`. Knows
every input's shape; reads no portfolio's data and reaches no file.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from roi_pipeline import warehouse
from roi_pipeline.engines.cells import CELLS, OUTCOME_COLUMNS, PREDICTION_COLUMNS
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.receipts import create_tables
from roi_pipeline.models import registry
from roi_pipeline.models.table import Table
from roi_pipeline.own_sql import NAME, TABLES
from roi_pipeline.pipeline import settings
from roi_pipeline.pipeline.leaves import CLOSED
from roi_pipeline.written import choices

LOGS = {
    "prediction_log": PREDICTION_COLUMNS | {"horizon_at": "timestamp", "day": "date"},
    "outcome_log": OUTCOME_COLUMNS | {"observed_on": "date", "observed_month": "date"},
    "scope": {"first_day": "date", "last_day": "date"},
    "delivery_version": {"delivery_id": "varchar", "version": "integer"},
}
Rows = list[tuple[Any, ...]]
Case = Mapping[str, Mapping[str, list[dict[str, Any]]]]
MEMORY = "1GB"


def empty(own: Path | None = None) -> tuple[duckdb.DuckDBPyConnection, dict[str, Table]]:
    """Every input empty, every model of the cells a view; `own` is as in `registry.load`."""
    con = warehouse.in_memory()
    settings.create_tables(con)
    create_tables(con)
    for name, columns in LOGS.items():
        shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        warehouse.create_empty(con, name, shape)
    for name, contract in CONTRACTS.items():
        warehouse.create_empty(con, name, contract.ddl)
    found = registry.load(own)
    for table in found.values():
        if table.function is not None:
            no_rows = pl.DataFrame([], schema=dict(table.columns))
            warehouse.create_table(con, warehouse.table_of(table), no_rows)
        if table.layer == "cells":
            warehouse.show(con, table.name, table.sql)
    for name in CELLS:
        warehouse.create_numbered(con, f"stored_{name}", name)
    con.execute(f"set memory_limit = '{MEMORY}'")
    con.execute("set temp_directory = ''")
    warehouse.seal(con)
    return con, found


def open_books(
    con: duckdb.DuckDBPyConnection,
    found: Mapping[str, Table],
    wanted: Iterable[str] | None = None,
) -> None:
    """Put stored cells in the place of the cells models, and build the others on them: all, or the
    wanted ones with what they read."""
    needed = found.keys() if wanted is None else registry.ancestors(found, wanted)
    for name in CELLS:
        warehouse.drop(con, view=name)
        warehouse.rename(con, f"stored_{name}", name)
    for name, table in found.items():
        if table.layer == "cells" or table.query is None or name not in needed:
            continue
        for closed in sorted(read for read in table.reads if read.startswith(CLOSED)):
            like = found[closed.removeprefix(CLOSED)].closed_like
            warehouse.create_like(con, closed, str(like))
        warehouse.show(con, warehouse.table_of(table), table.sql)


def give(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Put rows in a table; a model that is given becomes a table of its own shape."""
    warehouse.become_table(con, table)
    for row in rows:
        warehouse.insert_row(con, table, row)


def tried(model: Table, own: Path | None = None) -> Iterator[tuple[str, Rows, Rows]]:
    """Run the worked example of a model: for each expected table its name, what there is of the
    columns that the example speaks of, and what the example says; both sorted, and as text.

    Raises ConfigurationError for an example of a portfolio's that is not rows of known tables.
    """
    if own:
        case = _case(model)
        con = _own_bench(own, model, case)
    else:
        case = yaml.safe_load(model.example or "")
        con = _bench(has_books=model.layer != "cells")
    con.execute("begin")  # what is given is gone after it: binding all models takes seconds
    try:
        for table, rows in case["given"].items():
            give(con, table, rows)
        for table, expected in case["expect"].items():
            columns = list(expected[0])
            got = warehouse.rows(con, warehouse.columns_of(table, columns))
            want = [tuple(row[column] for column in columns) for row in expected]
            yield table, _sorted(got), _sorted(want)
    finally:
        con.execute("rollback")
        if own:
            con.close()


def _case(model: Table) -> Case:
    """The example of a model: `given` and `expect`, each table by table its rows, column by column.

    Names become part of a query, so nothing but a plain name is accepted for one.
    """
    where, wanted = f"sql/{model.layer}/{model.name}.sql: example", "write given and expect"
    try:
        events = yaml.parse(model.example or "", Loader=yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise ConfigurationError(f"{where}: holds an alias (*name); write the value out")
        case = yaml.safe_load(model.example or "")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or "not plain YAML"
        raise ConfigurationError(f"{where}: {problem}; {wanted} as plain YAML") from None
    if not isinstance(case, dict) or set(case) != {"given", "expect"}:
        raise ConfigurationError(f"{where}: {wanted}, and nothing else")
    for part, tables in case.items():
        if not isinstance(tables, dict):
            raise ConfigurationError(f"{where}: {part}: name tables, each with a list of rows")
        for table, given in tables.items():
            if not _is_name(table):
                raise ConfigurationError(f"{where}: {part}: {table!r:.40} is no name of a table")
            if not (
                isinstance(given, list) and all(map(_is_row, given)) and (given or part == "given")
            ):
                raise ConfigurationError(
                    f"{where}: {part}.{table}: write a list of rows, each {{column: value, …}}"
                )
    return case


def _is_name(text: object) -> bool:
    return isinstance(text, str) and NAME.fullmatch(text) is not None


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and bool(row)
        and all(map(_is_name, row))
        and _is_value([*row.values()])
    )


def _is_value(value: object, depth: int = 4) -> bool:
    """Whether a value is plain: text, a finite number, a day, or lists and mappings of such."""
    if isinstance(value, list | dict):
        parts = [*value.values()] if isinstance(value, dict) else value
        return depth > 0 and all(_is_value(part, depth - 1) for part in parts)
    return not isinstance(value, float) or isfinite(value)


def _refuse_unknown(
    con: duckdb.DuckDBPyConnection,
    model: Table,
    case: Case,
    found: Mapping[str, Table],
) -> None:
    """Raises ConfigurationError for a table that is neither an input nor a model."""
    there = found.keys() | warehouse.relation_names(con)
    for part, tables in case.items():
        for table in tables:
            if table not in there:
                raise ConfigurationError(
                    f"sql/{model.layer}/{model.name}.sql: example: {part}: no table {table!r}; "
                    f"{choices(table, sorted(TABLES | {'value_priced', 'value_lines'}))}"
                )


@lru_cache
def _bench(*, has_books: bool) -> duckdb.DuckDBPyConnection:
    con, found = empty()
    if has_books:
        open_books(con, found)
    return con


def _own_bench(own: Path, model: Table, case: Case) -> duckdb.DuckDBPyConnection:
    """Only what the example of a file speaks of, since people change the file and try again."""
    con, found = empty(own)
    _refuse_unknown(con, model, case, found)
    open_books(con, found, [*case["given"], *case["expect"]])
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
