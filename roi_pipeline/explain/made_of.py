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
# Formula, method's section, terms with what narrows their lines, and whether all months count.
ECONOMICS: Mapping[str, tuple[str, str, tuple[tuple[Term, Row | None], ...], bool]] = {
    "value": (
        "direct value of its decisions",
        "§2, D1",
        ((_VALUE, {"category": "direct"}),),
        False,
    ),
    "avoidable": ("what not running it would have saved", "D8", ((_SAVED, {}),), False),
    "compute": (
        "the part of it that clouds and model providers bill",
        "§1.7",
        ((_SAVED, {"source": "billing"}),),
        False,
    ),
    "cumulative_net": (
        "value less everything paid, since the investment",
        "§1.6, D4",
        ((_VALUE, None), (_PAID, {})),  # of value only what counts
        True,
    ),
}
SERVING: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cost": ("the accrual cost of the system x the mode's share of its use", ("predictions",)),
    "cost_per_1k": ("cost / predictions x 1,000", ("cost", "predictions")),
    "value_per_1k": ("value / predictions x 1,000", ("value", "predictions")),
    "counterfactual_saving": ("compute_cost x the discount of batch", ("compute_cost",)),
    "value_lost": ("value x the share that cannot wait", ("value",)),
    "deferred_value": ("value - value_lost", ("value", "value_lost")),
    "deferral_cost": ("what waiting costs at the hurdle", ("deferred_value",)),
    "net_change": (
        "counterfactual_saving - value_lost - deferral_cost",
        ("counterfactual_saving", "value_lost", "deferral_cost"),
    ),
}


def of_economics(there: Published, row: Row, column: str, start: int) -> Number:
    """A number of economics_monthly as the signed sum of its lines."""
    formula, method, terms, is_to_date = ECONOMICS[column]
    lines = _lines(there, terms, row, start, is_to_date=is_to_date)
    again = total(line.sign * line.amount for line in lines)
    if row[column] is None:  # for the row's missing_reason: nothing it is compared with
        return replace(_number(row, column, formula, method, {}, (), None), is_applied=False)
    return _number(row, column, formula, method, {}, lines, again)


def of_serving(there: Published, row: Row, column: str, start: int) -> Number:
    """A number of a serving mode: its lines, or the numbers of its row that it follows from."""
    key = {"serving_mode": row["serving_mode"]}
    if column == "value":
        narrow = {"category": "direct", **key}
        lines = _lines(there, ((_VALUE, narrow),), row, start, is_to_date=False)
        again = cents(total(line.sign * line.amount for line in lines))
        return _number(row, column, "direct value of its decisions", "§1.8", key, lines, again)
    formula, names = SERVING[column]
    lines = _lines(there, ((_USED, {}),), row, start, is_to_date=False) if column == "cost" else []
    parts = {name: row[name] for name in (*names, "assumptions") if row[name] is not None}
    made = _number(row, column, formula, "§1.8", key, lines, None)
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


def _number(
    row: Row, column: str, formula: str, method: str, key: Row, lines: Sequence[Line], again: Any
) -> Number:
    return Number(
        column=column,
        key=key,
        published=row[column],
        unit=row["currency"],
        formula=formula,
        method=method,
        recomputed=again,
        is_applied=True,
        lines=tuple(lines),
    )
