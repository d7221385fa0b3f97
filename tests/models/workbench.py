"""An empty database in which every model is a view: a few given rows are enough to try one."""

from typing import Any

import duckdb
import polars as pl

from roi_pipeline import models, warehouse
from roi_pipeline.books import scope
from roi_pipeline.engines.cells import CELLS, OUTCOME_COLUMNS, PREDICTION_COLUMNS
from roi_pipeline.ingest.contracts import CONTRACTS
from roi_pipeline.ingest.receipts import create_tables
from roi_pipeline.marts import evidence, register

LOGS = {
    "prediction_log": PREDICTION_COLUMNS | {"horizon_at": "timestamp", "day": "date"},
    "outcome_log": OUTCOME_COLUMNS | {"observed_month": "date"},
    "scope": {"first_day": "date", "last_day": "date"},
    "delivery_version": {"delivery_id": "varchar", "version": "integer"},
}


def empty() -> tuple[duckdb.DuckDBPyConnection, dict[str, models.Model]]:
    """Every input empty, every model a view over them."""
    con = warehouse.in_memory()
    con.execute(scope.DDL)
    create_tables(con)
    for name, columns in LOGS.items():
        shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create table {name} ({shape})")
    for name, contract in CONTRACTS.items():
        con.execute(f"create table {name} ({contract.ddl})")
    for name, schema in (("depreciation", register.SCHEMA), ("maturity", evidence.MATURITY)):
        warehouse.replace_frame(con, name, pl.DataFrame([], schema=schema), None)
    found = models.load()
    for name, model in found.items():
        if model.layer == "cells":
            con.execute(f"create view {name} as {model.query}")
    for table in CELLS:
        con.execute(
            f"create table stored_{table} as "
            f"select null::date as month, null::varchar as cell_id, * from {table}"
        )
    return con, found


def open_books(con: duckdb.DuckDBPyConnection, found: dict[str, models.Model]) -> None:
    """Put stored cells in the place of the cells models, and build every other model on them."""
    for table in CELLS:
        con.execute(f"drop view {table}")
        con.execute(f"alter table stored_{table} rename to {table}")
    for name, model in found.items():
        if model.layer == "cells":
            continue
        if name == "ledger_monthly":
            con.execute(
                "create table closed_ledger as "
                "select *, month as belongs_month from ledger_cost limit 0"
            )
        con.execute(f"create view {warehouse.table_of(model)} as {model.query}")


def give(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Put rows in a table; a model that is given becomes a table of its own shape."""
    schema, kind = con.execute(
        "select table_schema, table_type from information_schema.tables where table_name = ?",
        [table],
    ).fetchall()[0]
    if kind == "VIEW":
        con.execute(f"create table given_rows as select * from {table} limit 0")
        con.execute(f"drop view {schema}.{table}")
        con.execute(f"create table {schema}.{table} as from given_rows")
        con.execute("drop table given_rows")
    for row in rows:
        columns = ", ".join(f'"{column}"' for column in row)
        marks = ", ".join("?" * len(row))
        con.execute(f"insert into {table} ({columns}) values ({marks})", list(row.values()))
