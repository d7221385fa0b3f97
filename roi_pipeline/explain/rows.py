"""From ledger lines down to delivered rows, priced one by one so that they add up to the line.

Knows cost shares and linked predictions; knows no published number. A row's part of a rounded sum
is what the sum grows by when the row joins it, so parts always add up to the sum.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from roi_pipeline.domain.calendar import Months
from roi_pipeline.engines import drill_through
from roi_pipeline.explain.states import State, add_models
from roi_pipeline.models.table import Table
from roi_pipeline.pipeline.cells import local_engine, step_of
from roi_pipeline.portfolio import Portfolio

Key = tuple[date, str, str, str, str, str, str]  # month, system, basis, driver, version, mode, more


@dataclass(frozen=True)
class Found:
    """A delivered row's part of a ledger line, before it is known whose line it is."""

    amount: Decimal
    dataset: str
    delivery_id: str
    row_no: int
    text: str
    avoidable: Decimal = Decimal(0)
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    outcome_delivery_id: str | None = None
    outcome_row_no: int | None = None


def cost_rows(
    con: duckdb.DuckDBPyConnection,
    models: Mapping[str, Table],
    months: Sequence[date],
    system_ids: Sequence[str],
) -> dict[Key, list[Found]]:
    """Every row behind the cost lines of some months and systems, by line."""
    add_models(con, models, ("cost_share",))
    found: dict[Key, list[Found]] = {}
    for row in drill_through.cost_rows(con, months, system_ids):
        more = f"{row['category']}/{row['cost_class']}/{row['source']}"
        key = (row["month"], row["system_id"], row["basis"], row["driver"], "", "", more)
        found.setdefault(key, []).append(
            Found(
                amount=row["amount"],
                dataset=row["dataset"],
                delivery_id=row["delivery_id"],
                row_no=row["row_no"],
                text=_cost_text(row),
                avoidable=row["avoidable"],
            )
        )
    return found


def _cost_text(row: Mapping[str, Any]) -> str:
    """What a cost row is: its driver, the key it is shared by, what was billed if that differs."""
    text: str = row["driver"]
    if row["allocation_key"]:
        text += f", its share of {row['allocation_key']}"
    original = row["original_amount"]
    if original is not None and original != row["amount"]:
        text += f", {original.normalize():f} {row['currency']}"
    return text


def load_predictions(
    con: duckdb.DuckDBPyConnection,
    portfolio: Portfolio,
    models: Mapping[str, Table],
    state: State,
    stretch: Months,
    system_ids: Sequence[str],
) -> None:
    """Give `con` the table `linked`: every prediction of a stretch of months with its outcome,
    with the id of its cell; and `outcome_cells` made of it."""
    base = portfolio.state / "tmp"
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="explain-", dir=base) as folder:
        step = step_of(con, portfolio, models, stretch, state.as_of, Path(folder))
        file = local_engine(portfolio).linked_rows(step, system_ids)
        drill_through.link(con, file)


def value_rows(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Table]
) -> dict[Key, list[Found]]:
    """Every prediction behind the value lines of the stretch at hand, by line: under its own month
    (cohort) and under the month its outcome was observed in (recognised)."""
    add_models(con, models, ("value_priced",))
    found: dict[Key, list[Found]] = {}
    for row in drill_through.value_rows(con):
        one = replace(
            _prediction(row, row["amount"]),
            quantity=row["quantity"],
            unit=row["unit"],
            unit_price=row["price"],
        )
        line = (row["driver"], row["model_version"], row["serving_mode"], row["category"])
        for basis, booked in (("cohort", row["month"]), ("recognised", row["observed_month"])):
            found.setdefault((booked, row["system_id"], basis, *line), []).append(one)
    return found


def _prediction(row: Mapping[str, Any], amount: Decimal) -> Found:
    return Found(
        amount=amount,
        dataset="predictions",
        delivery_id=row["delivery_id"],
        row_no=row["row_no"],
        text=f"{row['prediction_id']}: {row['decision']}, then {row['outcome'] or 'nothing yet'}",
        outcome_delivery_id=row["outcome_delivery_id"],
        outcome_row_no=row["outcome_row_no"],
    )


def counted_rows(
    con: duckdb.DuckDBPyConnection, counted: str, where: Mapping[str, object]
) -> list[Found]:
    """Every prediction of `where` (column to value) that a count of counts.py counts."""
    found = drill_through.counted_rows(con, counted, where)
    return [_prediction(row, Decimal(1)) for row in found]
