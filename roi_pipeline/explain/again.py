"""Numbers that look ahead, computed again: the functions that made them, over what the edition says
of the months before, with the same seed and as many draws. What they start from is shown, with the
ledger lines of the evidence months behind it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import duckdb
import polars as pl

from roi_pipeline import warehouse
from roi_pipeline.explain.ahead import COLUMNS, KEYS
from roi_pipeline.explain.columns import WINDOW
from roi_pipeline.explain.published import PORTFOLIO, Published, lines_of
from roi_pipeline.explain.states import add_models, reading
from roi_pipeline.explain.tree import Number
from roi_pipeline.explain.walk import Walk
from roi_pipeline.marts.choices import options_monthly
from roi_pipeline.marts.projections import projection_monthly, stances
from roi_pipeline.marts.reading import Read
from roi_pipeline.marts.scenarios import sensitivity_monthly
from roi_pipeline.marts.wear import degradation_monthly

Row = Mapping[str, Any]
Frame = Callable[[Read, date, int | None], pl.DataFrame]
# What makes a table, the section of the method, and how in words.
AGAIN: Mapping[str, tuple[Frame, str, str]] = {
    "degradation_monthly": (
        lambda read, month, draws: degradation_monthly(read),
        "§5.1, §5.2",
        "the law fitted to the evidence months of the version, and where it meets the cost",
    ),
    "options_monthly": (
        lambda read, month, draws: options_monthly(read),
        "§7.1, §7.2",
        "what the option changes in the expected month, over the horizon at the hurdle",
    ),
    "projection_monthly": (
        projection_monthly,
        "§5.3",
        "cumulative net + every month to come, drawn from its expected level and errors",
    ),
    "sensitivity_monthly": (
        sensitivity_monthly,
        "§5.3",
        "the expected month with one input changed; of monte_carlo, draws of all inputs",
    ),
}
_COPIED = ("economics_monthly", "degradation_monthly", "roi_monthly")
_COUNTED = (
    *("system_id", "model_version", "month"),
    *("decisions", "right_decisions", "labelled", "right_labels"),
)


def computed_again(
    there: Published, walk: Walk, table: str, row: Row, column: str, start: int
) -> Number:
    """The number with what its function gives when it is run again on the edition's own rows."""
    function, method, formula = AGAIN[table]
    keys = KEYS[table]
    con = _books(there, walk, row["month"])
    kept = walk.again.get((table, row["month"]))
    if kept is None:
        kept = function(reading(con), row["month"], _draws(there, table, row["month"]))
        walk.again[table, row["month"]] = kept
    named = ("month", "system_id", *keys)
    shaped = warehouse.shaped_like(con, kept, table)
    same = [pl.col(key).eq_missing(pl.lit(row[key])) for key in named]
    found = shaped.filter(same).to_dicts()
    parts, lines, notes = _starts_from(there, con, row, start)
    return Number(
        column=column,
        key={key: row[key] for key in keys},
        published=row[column],
        unit="",
        formula=formula,
        method=method,
        parts=parts | {name: row[name] for name in ("draws", "seed") if row.get(name)},
        recomputed=found[0][column] if len(found) == 1 else "no such row",
        is_applied=True,
        lines=lines,
        notes=notes,
    )


def _draws(there: Published, table: str, month: date) -> int | None:
    """How often the month was drawn when it was published."""
    if "draws" not in COLUMNS[table]:
        return None
    of_month = there.frame(table).filter(pl.col("month") == month)
    draws: int | None = of_month.select(pl.col("draws").max()).item()
    return draws


def _books(there: Published, walk: Walk, month: date) -> duckdb.DuckDBPyConnection:
    """The inputs of the month's state, with the small tables of the edition."""
    con = walk.inputs(walk.state(month))
    named = warehouse.relation_names(con)
    if "economics_monthly" in named:
        return con
    add_models(con, walk.models, ("option_cost",))
    for table in (*_COPIED, *(name for name in AGAIN if name not in _COPIED)):
        warehouse.create_table(con, table, there.frame(table))
    counted = there.frame("degradation_monthly").select(_COUNTED)
    warehouse.create_table(con, "version_quality", counted)
    if "closing" not in named:  # every month may be asked for
        warehouse.create_table(con, "closing", pl.DataFrame(schema={"month": pl.Date}))
    return con


def _starts_from(
    there: Published, con: duckdb.DuckDBPyConnection, row: Row, start: int
) -> tuple[dict[str, Any], tuple[Any, ...], tuple[str, ...]]:
    """The expected month and its errors, and the ledger lines of the months it is the mean of."""
    found = [
        s for s in stances(reading(con), row["month"]) if s.ahead.system_id == row["system_id"]
    ]
    if not found:
        note = "the worlds of its systems, added one by one: explain each system"
        return {}, (), (note,) if row["system_id"] == PORTFOLIO else ()
    stance = found[0]
    ahead, base = stance.ahead, stance.ahead.base
    parts: dict[str, Any] = {
        "cumulative net": stance.seen[-1].cumulative_net,
        "hurdle a year": ahead.hurdle,
        "model version": ahead.model_version,
        "evidence months": ", ".join(f"{month.month:%Y-%m}" for month in ahead.window),
    }
    if base is not None:
        names = ("volume", "quality", "unit_value", "error_cost", "cost")
        parts |= {f"expected {n}".replace("_", " "): _short(getattr(base, n)) for n in names}
        parts["fixed cost"] = _short(ahead.fixed)
        parts |= {
            "errors of volume, value, cost": ", ".join(
                f"{error:.2%}"
                for error in (ahead.volume_error, ahead.value_error, ahead.cost_error)
            ),
            "scatter of a month": _short(ahead.month_error),
        }
    if start > 1:
        return parts, (), ("made of the same ledger lines as the number above",)
    lines: list[Any] = []
    months = [month.month for month in ahead.window]
    for term in WINDOW:
        begin = start + len(lines)
        lines += lines_of(there, term, months, row["system_id"], begin)
    return parts, tuple(lines), ()


def _short(number: Any) -> str:
    return f"{float(number):,.6g}"
