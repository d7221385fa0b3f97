"""What a unit costs, why a cost changed, what is expected and what is unallocated: each number down
to its ledger lines, or to delivered rows where it is a part of a line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

from roi_pipeline.domain.calendar import add_months
from roi_pipeline.domain.unit_cost import DIGIT, EXACT, Used, per, split_cost_change
from roi_pipeline.domain.value import allocate
from roi_pipeline.engines import drill_through
from roi_pipeline.explain import published
from roi_pipeline.explain.columns import Term
from roi_pipeline.explain.cost_columns import RATIOS
from roi_pipeline.explain.published import Published
from roi_pipeline.explain.rows import Found
from roi_pipeline.explain.states import add_models
from roi_pipeline.explain.tree import Line, Measure, Number
from roi_pipeline.explain.walk import Walk, source_row, total

Row = Mapping[str, Any]
MODE = ("serving_mode",)
PLACE = ("month", "basis", "source", "source_id", "account", "service", "allocation_key", "reason")


def number_of_cost(
    there: Published, walk: Walk, table: str, row: Row, column: str, start: int
) -> Number:
    """A column of a row of one of the cost tables, its lines numbered from `start`."""
    if table == "unallocated_monthly":
        return _unallocated(walk, row, column)
    taken: Mapping[str, Callable[[Published, Row, str, int], Number]] = {
        "unit_cost_monthly": _unit_cost,
        "tco_change_monthly": _change,
        "cost_completeness_monthly": _expected,
    }
    return taken[table](there, row, column, start)


def _unit_cost(there: Published, row: Row, column: str, start: int) -> Number:
    """Ratios are computed from the row's own costs, and these from the lines of the system."""
    lines = _lines(there, row, start)
    key = {name: row[name] for name in MODE}
    if column in RATIOS:
        cost, units, count = RATIOS[column]
        again = per(row[cost], Decimal(row[units] or 0), count)
        parts = {name: row[name] for name in (cost, units)}
        return _made("unit_cost_monthly", row, column, key, lines, parts, again)
    if column == "fixed_cost":
        with localcontext(EXACT):
            again = row["cost_accrual"] - row["variable_cost"]
        parts = {name: row[name] for name in ("cost_accrual", "variable_cost")}
        return _made("unit_cost_monthly", row, column, key, lines, parts, again)
    if column == "variable_cost":
        lines = _lines(there, row, start, measure="avoidable_amount", source="billing")
    modes = there.rows("unit_cost_monthly", row["month"], row["system_id"])
    weights = {mode["serving_mode"]: mode[row["split_by"]] for mode in modes}
    if not sum(weights.values()):
        weights = dict.fromkeys(weights, 1)
    whole = _summed(lines)
    parts = {"of the system": whole, row["split_by"]: row[row["split_by"]]}
    parts |= {f"{row['split_by']} of all modes": sum(weights.values())}
    with localcontext(EXACT):
        again = allocate(whole, weights, DIGIT)[row["serving_mode"]]
    return _made("unit_cost_monthly", row, column, key, lines, parts, again)


def _change(there: Published, row: Row, column: str, start: int) -> Number:
    """The lines of the month less those of the month before."""
    table, key = "tco_change_monthly", {name: row[name] for name in ("category", "driver")}
    now = [] if column == "before" else _lines(there, row, start, **key)
    past = {**row, "month": add_months(row["month"], -1)}
    before = _lines(there, past, start + len(now), **key) if column != "after" else []
    if column in ("before", "after"):
        return _made(table, row, column, key, before or now, {}, _summed(before or now))
    lines = [*now, *(replace(line, sign=-1) for line in before)]
    parts = {name: row[name] for name in ("before", "after")}
    if column == "change":
        return _made(table, row, column, key, lines, parts, _summed(lines))
    used = [
        Used(row[when], row[f"quantity_{when}"], row[f"predictions_{when}"])
        for when in ("before", "after")
    ]
    measured = [f"{what}_{when}" for what in ("quantity", "predictions") for when in parts]
    parts |= {name: row[name] for name in measured}
    return _made(table, row, column, key, lines, parts, getattr(split_cost_change(*used), column))


def _expected(there: Published, row: Row, column: str, start: int) -> Number:
    named = _lines(there, row, start, category=row["category"])
    pooled = _lines(there, row, start, cost_pool=row["category"])
    extra = [line for line in pooled if line.category != row["category"]]
    lines = [replace(line, number=k) for k, line in enumerate([*named, *extra], start)]
    parts = {name: row[name] for name in ("status", "last_month", "reason")}
    key = {"category": row["category"]}
    return _made("cost_completeness_monthly", row, column, key, lines, parts, _summed(lines))


def _unallocated(walk: Walk, row: Row, column: str) -> Number:
    """Delivered rows: an account's service is a part of the ledger lines of `unallocated`."""
    con = walk.inputs(walk.state(row["month"]))
    add_models(con, walk.models, ("unclaimed_cost",))
    place = {name: row[name] for name in PLACE}
    found = [
        Found(one["amount"], one["dataset"], one["delivery_id"], one["row_no"], one["driver"])
        for one in drill_through.unclaimed_rows(con, place)
    ]
    key = {name: value for name, value in place.items() if name != "month"}
    again = total(one.amount for one in found)
    made = _made("unallocated_monthly", row, column, key, (), {"lines": row["lines"]}, again)
    return replace(made, rows=tuple(source_row(walk, 0, one.amount, one) for one in found))


def _lines(
    there: Published, row: Row, start: int, measure: Measure = "amount", **more: Any
) -> list[Line]:
    term = Term(1, "cost", "accrual", "month", measure)
    return published.lines_of(there, term, [row["month"]], row["system_id"], start, more)


def _summed(lines: Sequence[Line]) -> Decimal:
    return total(line.sign * line.amount for line in lines)


def _made(
    table: str, row: Row, column: str, key: Row, lines: Sequence[Line], parts: Row, again: Any
) -> Number:
    return Number(
        column=column,
        key=key,
        published=row[column],
        unit=row["currency"],
        parts=parts,
        recomputed=again,
        is_applied=True,
        lines=tuple(lines),
    )
