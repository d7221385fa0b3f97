"""What stands behind value that is believed rather than counted: the row somebody stated it in."""

from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from roi_pipeline import warehouse
from roi_pipeline.explain.rows import Found, Key
from roi_pipeline.explain.states import add_models
from roi_pipeline.models.table import Table

BASES = ("cohort", "recognised")  # nothing is observed later: both views say the same


def believed_rows(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Table]
) -> dict[Key, list[Found]]:
    """Every row of indirect_values.csv behind the indirect value lines of all months, by line."""
    add_models(con, models, ("indirect_value",))
    stated = warehouse.frame_of(con, "indirect_value").filter(pl.col("amount").is_not_null())
    return {
        (row["month"], row["system_id"], basis, row["driver"], "", "", "indirect"): [_found(row)]
        for row in stated.sort("delivery_id", "row_no", "month").to_dicts()
        for basis in BASES
    }


def _found(row: Mapping[str, Any]) -> Found:
    stated = f"{row['stated_amount'].normalize():f} {row['stated_currency']}"
    return Found(
        amount=row["amount"],
        dataset="indirect_values",
        delivery_id=row["delivery_id"],
        row_no=row["row_no"],
        text=f"{row['driver']}: {stated} a month, stated by {row['owner']} ({row['method']})",
        quantity=row["confidence"],
        unit="confidence",
        unit_price=row["full_amount"],
    )
