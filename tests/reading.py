"""The tables of a connection as a Python model reads them."""

from collections.abc import Collection

import duckdb
import polars as pl

from roi_pipeline import warehouse, workbench
from roi_pipeline.marts.reading import Read
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.leaves import CLOSED


def reading(con: duckdb.DuckDBPyConnection, declared: Table | None = None) -> Read:
    """Reads any table of a connection, or only those that a table declares."""

    def read(name: str) -> pl.DataFrame:
        if declared is not None and name not in declared.reads:
            raise LookupError(f"{declared.name} does not declare {name}")
        return warehouse.frame_of(con, name)

    return read


def bench(names: Collection[str]) -> tuple[duckdb.DuckDBPyConnection, dict[str, Table]]:
    """Empty inputs with every model that some tables are made from; of what closed months kept,
    tables without rows."""
    con, tables = workbench.empty()
    workbench.open_books(con, tables, names)
    for name in names:
        for read in tables[name].reads:
            if read.startswith(CLOSED) and tables[name].function is not None:
                mart = warehouse.table_of(tables[read.removeprefix(CLOSED)])
                con.execute(f"create table if not exists {read} as from {mart} limit 0")
    return con, tables
