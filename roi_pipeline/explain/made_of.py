"""What a month of a system, or of one of its serving modes, was made of: the lines behind it.

Here a correction of an earlier month counts in the month it belongs to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from roi_pipeline.explain.columns import Term
from roi_pipeline.explain.published import LEDGER, Published, lines_of
from roi_pipeline.explain.tree import Line, Number
from roi_pipeline.explain.walk import total
from roi_pipeline.marts.economics import cents

Row = Mapping[str, Any]
_VALUE = Term(1, "value", "cohort")
_SAVED = Term(1, "cost", "accrual", measure="avoidable_amount")
_PAID = Term(-1, "cost", "cash")
_USED = Term(1, "cost", "accrual")
# The terms, each with what narrows its lines, and whether all months so far count.
ECONOMICS: Mapping[str, tuple[tuple[tuple[Term, Row | None], ...], bool]] = {
    "value": (((_VALUE, {"category": "direct"}),), False),
    "avoidable": (((_SAVED, {}),), False),
    "compute": (((_SAVED, {"source": "billing"}),), False),
    "cumulative_net": (((_VALUE, None), (_PAID, {})), True),  # of value only what counts
}
# The numbers of the row that a number follows from.
SERVING: Mapping[str, tuple[str, ...]] = {
    "cost": ("predictions",),
    "cost_per_1k": ("cost", "predictions"),
    "value_per_1k": ("value", "predictions"),
    "counterfactual_saving": ("compute_cost",),
    "value_lost": ("value",),
    "deferred_value": ("value", "value_lost"),
    "deferral_cost": ("deferred_value",),
    "net_change": ("counterfactual_saving", "value_lost", "deferral_cost"),
}


def of_economics(there: Published, row: Row, column: str, start: int) -> Number:
    """A number of economics_monthly as the signed sum of its lines."""
    terms, is_to_date = ECONOMICS[column]
    lines = _lines(there, terms, row, start, is_to_date=is_to_date)
    again = total(line.sign * line.amount for line in lines)
    if row[column] is None:  # for the row's missing_reason: nothing it is compared with
        return replace(_number(row, column, {}, (), None), is_applied=False)
    return _number(row, column, {}, lines, again)


def of_serving(there: Published, row: Row, column: str, start: int) -> Number:
    """A number of a serving mode: its lines, or the numbers of its row that it follows from."""
    key = {"serving_mode": row["serving_mode"]}
    if column == "value":
        narrow = {"category": "direct", **key}
        lines = _lines(there, ((_VALUE, narrow),), row, start, is_to_date=False)
        again = cents(total(line.sign * line.amount for line in lines))
        return _number(row, column, key, lines, again)
    lines = _lines(there, ((_USED, {}),), row, start, is_to_date=False) if column == "cost" else []
    parts = {name: row[name] for name in (*SERVING[column], "assumptions") if row[name] is not None}
    made = _number(row, column, key, lines, None)
    return replace(made, parts=parts, is_applied=False)


def _lines(
    there: Published,
    terms: Sequence[tuple[Term, Row | None]],
    row: Row,
    start: int,
    *,
    is_to_date: bool,
) -> list[Line]:
    months = there.frame(LEDGER)["month"].unique().sort().to_list()
    found: list[Line] = []
    for term, narrow in terms:
        for line in lines_of(there, term, months, row["system_id"], start, narrow):
            late = line.belongs_month > row["month"]
            if not late and (is_to_date or line.belongs_month == row["month"]):
                found.append(replace(line, number=start + len(found)))
    return found


def _number(row: Row, column: str, key: Row, lines: Sequence[Line], again: Any) -> Number:
    return Number(
        column=column,
        key=key,
        published=row[column],
        unit=row["currency"],
        recomputed=again,
        is_applied=True,
        lines=tuple(lines),
    )
