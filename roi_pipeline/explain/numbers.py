"""A published row as a number with its formula, its parts and the ledger lines behind it.

One function a table, each applying the recipes of columns.py; the rows under the lines come later.
A number without a recipe is taken from its model: the tables it reads, the ledger lines of its
month, and the delivered rows that share its key.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

from roi_pipeline import words
from roi_pipeline.domain.calendar import Months
from roi_pipeline.explain import columns, counts, published
from roi_pipeline.explain import rows as deep
from roi_pipeline.explain.columns import Recipe, Term
from roi_pipeline.explain.cost_columns import COST_TABLES
from roi_pipeline.explain.costs import number_of_cost
from roi_pipeline.explain.flows import FLOWS
from roi_pipeline.explain.forecasts import FORECASTS, of_forecast
from roi_pipeline.explain.made_of import ECONOMICS, SERVING, of_economics, of_serving
from roi_pipeline.explain.published import Published
from roi_pipeline.explain.recompute import delivered_rows, reading_of, recomputed
from roi_pipeline.explain.states import reading
from roi_pipeline.explain.status_columns import COPIED, STATUS
from roi_pipeline.explain.tree import Line, Measure, Number
from roi_pipeline.explain.walk import Walk, source_row, total
from roi_pipeline.marts.projections import Stance, stances
from roi_pipeline.marts.terms import Terms
from roi_pipeline.models import registry
from roi_pipeline.models.columns import Formula, formula_of, meaning

Row = Mapping[str, Any]
NO_BASELINE = "no_baseline"
BASES: Sequence[tuple[Literal["cost", "value"], str]] = (
    *(("cost", "cash"), ("cost", "accrual"), ("value", "cohort")),
)
RECIPES: Mapping[str, Collection[str]] = {
    **columns.EXPLAINED,
    "economics_monthly": ECONOMICS,
    "serving_mode_comparison_monthly": ("value", *SERVING),
}
LINE_KEYS = ("driver", "model_version", "serving_mode", "category")
MEASURES: Mapping[str, Measure] = {
    "quantity": "quantity",
    "avoidable_amount": "avoidable_amount",
}
MONEY_FLOWS = (
    *("npv", "pv_cost", "equivalent_monthly_value"),
    *("risk_adjusted_npv", "risk_adjusted_pv_cost"),
)
WITH_STATUS = (
    *("metric", "metric_low", "metric_high", "hurdle", "coverage", "maturity"),
    *("evidence_predictions", "held_reason", "rule_id", "evidence_months", "window_months"),
    *("bad_streak", "good_streak", "negative_streak", "probation_left", "terms_version"),
)


def number_of(
    there: Published, walk: Walk, table: str, row: Row, column: str, start: int
) -> Number | None:
    """A column of a row, its lines numbered from `start`; None when the row has no such number.

    What no recipe computes from lines or parts is computed again by the model of the table.
    """
    if column in RECIPES.get(table, ()):
        number = _by_recipe(there, walk, table, row, column, start)
    else:
        number = _by_model(there, walk, table, row, column, start)
    if number is None:
        return None
    formula = formula_of(table, column) or Formula(meaning(column, table) or "")
    number = replace(number, formula=formula.formula, method=formula.method)
    if number.is_applied or number.counted is not None:
        return number
    return recomputed(walk, table, row, number)


def _by_recipe(
    there: Published, walk: Walk, table: str, row: Row, column: str, start: int
) -> Number | None:
    if table == "ledger_monthly":
        return _of_ledger(row, column, start)
    if table == "tco_monthly":
        return _of_tco(there, row, column, start)
    if table == "value_attribution_monthly":
        return _of_value(there, walk, row, column, start)
    if table == "quality_monthly":
        return _of_quality(walk, row, column)
    if table == "threshold_status_monthly":
        return _of_status(there, walk, row, column, start)
    if table in COST_TABLES:
        return number_of_cost(there, walk, table, row, column, start)
    if table == "economics_monthly":
        return of_economics(there, row, column, start)
    if table == "serving_mode_comparison_monthly":
        return of_serving(there, row, column, start)
    return _of_roi(there, walk, row, column, start)


def _outlooks(walk: Walk, row: Row) -> list[Stance]:
    """What every system looked ahead from in the row's month."""
    month = row["month"]
    if month not in walk.outlooks:
        walk.outlooks[month] = [*stances(reading_of(walk, "projection_monthly", row), [month])]
    return walk.outlooks[month]


def _by_model(
    there: Published, walk: Walk, table: str, row: Row, column: str, start: int
) -> Number:
    """A number without a recipe, with the ledger lines of its month or the rows of its key."""
    model = walk.models[table]
    made = Number(
        column=column,
        key={key: row[key] for key in model.grain if key not in ("month", "system_id")},
        published=row[column],
        unit="",
    )
    if table in FORECASTS:
        return of_forecast(there, _outlooks(walk, row), row, made, start)
    lines: list[Line] = []
    if "ledger_line" in registry.ancestors(walk.models, [table]) and "month" in row:
        narrow = {name: row[name] for name in LINE_KEYS if row.get(name) is not None}
        for side, basis in BASES:
            term = Term(1, side, basis)
            system = row.get("system_id", published.PORTFOLIO)
            begin = start + len(lines)
            lines += published.lines_of(there, term, [row["month"]], system, begin, narrow)
    rows, notes = ((), ()) if lines else delivered_rows(walk, table, row)
    return replace(made, lines=tuple(lines), rows=rows, notes=notes)


def _of_ledger(row: Row, column: str, start: int) -> Number | None:
    if column == "avoidable_amount" and row["side"] == "value":
        return None
    line = published.line_of(row, start, 1, MEASURES.get(column, "amount"))
    key = {name: row[name] for name in ("side", "basis", *LINE_KEYS)}
    parts = {name: row[name] for name in ("quantity", "unit_price")} if column == "amount" else {}
    return _made(row, column, columns.LEDGER[column], line.unit, key, [line], parts)


def _of_tco(there: Published, row: Row, column: str, start: int) -> Number:
    term = Term(1, "cost", row["basis"], "month", MEASURES.get(column, "amount"))
    more = {"category": row["category"]}
    lines = published.lines_of(there, term, [row["month"]], row["system_id"], start, more)
    key = {name: row[name] for name in ("basis", "category")}
    return _summed(row, column, columns.TCO[column], row["currency"], key, lines)


def _of_value(there: Published, walk: Walk, row: Row, column: str, start: int) -> Number | None:
    key = {name: row[name] for name in ("view", *LINE_KEYS)}
    mine = {name: row[name] for name in ("system_id", "model_version", "serving_mode")}
    if column in counts.VALUE_COUNTS or column == "coverage":
        if row["predictions"] is None:
            return None  # only the cohort view counts predictions
        return _of_counts(walk, row, column, counts.VALUE_COUNTS, columns.VALUE, mine, key)
    recipe = columns.VALUE[column]
    term = Term(1, "value", row["view"], "month", MEASURES.get(column, "amount"))
    more = {name: row[name] for name in LINE_KEYS}
    lines = published.lines_of(there, term, [row["month"]], row["system_id"], start, more)
    unit = row["unit"] if column == "quantity" else row["currency"]
    if recipe.parts:
        parts = {name: row[name] for name in recipe.parts}
        return _made(row, column, recipe, unit, key, lines, parts)
    return _summed(row, column, recipe, unit, key, lines)


def _of_quality(walk: Walk, row: Row, column: str) -> Number:
    mine = {name: row[name] for name in ("system_id", "model_version")}
    recipes = columns.QUALITY_BY_LABEL if row["tp"] is None else columns.QUALITY
    key = {"model_version": row["model_version"]}
    return _of_counts(walk, row, column, counts.QUALITY_COUNTS, recipes, mine, key)


def _of_counts(
    walk: Walk,
    row: Row,
    column: str,
    counted: Mapping[str, str],
    recipes: Mapping[str, Recipe],
    mine: Row,
    key: Row,
) -> Number:
    """A count of predictions, or a share of counts; each count is taken from the rows again."""
    month = row["month"]
    con = walk.predictions(walk.state(month), Months(month, month), [row["system_id"]])
    where = {**mine, "month": month}
    if column in counted:
        found = deep.counted_rows(con, counted[column], where)
        made = _made(row, column, Recipe(), "predictions", key, (), {})
        sources = tuple(source_row(walk, 0, one.amount, one) for one in found)
        return replace(made, rows=sources, counted=len(found))
    recipe = recipes[column]
    parts = {name: len(deep.counted_rows(con, counted[name], where)) for name in recipe.parts}
    seen = deep.counted_rows(con, counted[recipe.parts[-1]], where)
    made = _made(row, column, recipe, "", key, (), parts)
    sources = tuple(source_row(walk, 0, one.amount, one) for one in seen)
    again = recipe.compute(parts) if recipe.compute else None
    return replace(made, rows=sources, recomputed=again, is_applied=True)


def _of_status(there: Published, walk: Walk, row: Row, column: str, start: int) -> Number:
    if column in counts.STATUS_COUNTS:
        mine = {"system_id": row["system_id"]}
        return _of_counts(walk, row, column, counts.STATUS_COUNTS, {}, mine, {})
    behind = STATUS[column]
    money = there.rows("roi_monthly", row["month"], row["system_id"])[0]
    number = _of_roi(there, walk, money, behind, start)
    parts = {name: row[name] for name in WITH_STATUS if name != column}
    return replace(
        number,
        column=column,
        published=row[column],
        unit="",
        parts=parts | dict(number.parts),
        recomputed=money[behind],
        is_applied=column in COPIED,
    )


def _of_roi(there: Published, walk: Walk, row: Row, column: str, start: int) -> Number:
    month, system_id = row["month"], row["system_id"]
    terms = Terms.read(reading(walk.inputs(walk.state(month))))
    if row[column] is None and row["missing_reason"] == NO_BASELINE:
        return _unknown(row, column)
    if column in FLOWS:
        recipe = Recipe(columns.CASH)
        cash = published.cash(there, terms, system_id, month)
        nets, again = cash.plain.nets, FLOWS[column](cash)
        parts = {
            "hurdle_rate_annual": Decimal(
                str(terms.number(system_id, month, "hurdle_rate_annual", 0.12))
            ),
            "months": len(nets),
            "net_cash of the first month": nets[0],
            "net_cash of the last month": nets[-1],
        }
        lines, notes = _lines(there, terms, row, recipe, start)
        unit = row["currency"] if column in MONEY_FLOWS else ""
        made = _made(row, column, recipe, unit, {}, lines, parts)
        is_known = column != "breakeven_month_projected" or system_id != published.PORTFOLIO
        return replace(made, recomputed=again, is_applied=is_known, notes=notes)
    recipe = columns.ROI[column]
    unit = row["currency"] if recipe.is_money else ""
    lines, notes = _lines(there, terms, row, recipe, start)
    if not recipe.parts and not notes:
        return _summed(row, column, recipe, unit, {}, lines)
    parts = {name: row[name] for name in recipe.parts}
    made = _made(row, column, recipe, unit, {}, lines, parts)
    again = recipe.compute(parts) if recipe.compute else None
    is_applied = recipe.compute is not None
    return replace(made, recomputed=again, is_applied=is_applied, notes=(*made.notes, *notes))


def _unknown(row: Row, column: str) -> Number:
    """A number that is missing because the value, or a part of it, is compared with nothing."""
    made = _made(row, column, Recipe(), "", {}, (), {})
    return replace(made, notes=(f"{NO_BASELINE}: {words.reason(NO_BASELINE)}",))


def _lines(
    there: Published, terms: Terms, row: Row, recipe: Recipe, start: int
) -> tuple[list[Line], tuple[str, ...]]:
    """The lines of every term of a recipe; a note instead where their months are not published."""
    lines: list[Line] = []
    for term in recipe.terms:
        months = published.months_of(there, terms, row["system_id"], row["month"], term.span)
        if months is None:
            return [], ("the evidence months of the total are not published: explain each system",)
        lines += published.lines_of(there, term, months, row["system_id"], start + len(lines))
    return lines, ()


def _summed(
    row: Row, column: str, recipe: Recipe, unit: str, key: Row, lines: Sequence[Line]
) -> Number:
    """A number that is the signed sum of its lines."""
    made = _made(row, column, recipe, unit, key, lines, {})
    again = total(line.sign * line.amount for line in lines)
    return replace(made, recomputed=again, is_applied=True)


def _made(
    row: Row,
    column: str,
    recipe: Recipe,
    unit: str,
    key: Row,
    lines: Iterable[Line],
    parts: Row,
) -> Number:
    return Number(
        column=column,
        key=key,
        published=row[column],
        unit=unit,
        parts=parts,
        lines=tuple(lines),
        notes=(recipe.note,) if recipe.note else (),
    )
