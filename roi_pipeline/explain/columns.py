"""What a published column is made of: the ledger lines or the predictions behind it. The recipes of
the explanations; applies none of them. Their formulas in words are in models/columns.yml."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from roi_pipeline.explain.cost_columns import COST_TABLES
from roi_pipeline.explain.counts import STATUS_COUNTS, VALUE_COUNTS
from roi_pipeline.explain.flows import FLOWS
from roi_pipeline.explain.status_columns import STATUS
from roi_pipeline.explain.tree import Measure

Span = Literal["month", "to_date", "year", "window"]
Parts = Mapping[str, Any]


@dataclass(frozen=True)
class Term:
    """Ledger lines that count `sign` times: a side and basis, over months up to the row's own."""

    sign: int
    side: Literal["cost", "value"]
    basis: str
    span: Span = "month"
    measure: Measure = "amount"
    is_gross: bool = False
    category: Literal["direct", "indirect"] = "direct"


@dataclass(frozen=True)
class Recipe:
    """How a column is computed.

    Without `compute` it is the sum of its `terms`; with it, the function of other columns of the
    same row (`parts`), and `terms` are the lines behind those.
    """

    terms: tuple[Term, ...] = ()
    parts: tuple[str, ...] = ()
    compute: Callable[[Parts], Any] | None = None
    is_money: bool = True
    note: str | None = None


def _value(span: Span = "month", sign: int = 1) -> Term:
    return Term(sign, "value", "cohort", span)


def _indirect(span: Span = "month") -> Term:
    return Term(1, "value", "cohort", span, category="indirect")


def _cost(basis: str, span: Span = "month", sign: int = 1) -> Term:
    return Term(sign, "cost", basis, span)


def _saved(span: Span = "month", sign: int = 1) -> Term:
    return Term(sign, "cost", "accrual", span, "avoidable_amount")


def _ratio(gain: str, cost: str) -> Callable[[Parts], Any]:
    """(V - C) / C, null without a cost (method §1.5)."""

    def compute(parts: Parts) -> float | None:
        value, spent = Decimal(parts[gain]), Decimal(parts[cost])
        return round(float((value - spent) / spent), 6) if spent > 0 else None

    return compute


def _share(over: str, under: str) -> Callable[[Parts], Any]:
    def compute(parts: Parts) -> float | None:
        whole = float(parts[under] or 0)
        return round(float(parts[over] or 0) / whole, 6) if whole else None

    return compute


_BOUND = "the open predictions at their worst or best, and the standard errors, come from the cells"
WINDOW = (_value("window"), _saved("window"))
CASH = (_value("to_date"), _cost("cash", "to_date", -1))

ROI: Mapping[str, Recipe] = {
    "value": Recipe(
        (_value(),),
    ),
    "gross_value": Recipe(
        (Term(1, "value", "cohort", is_gross=True),),
    ),
    "tco_cash": Recipe((_cost("cash"),)),
    "tco_accrual": Recipe((_cost("accrual"),)),
    "avoidable_cost": Recipe((_saved(),)),
    "net_cash": Recipe((_value(), _cost("cash", sign=-1))),
    "net_accrual": Recipe((_value(), _cost("accrual", sign=-1))),
    "cumulative_value": Recipe((_value("to_date"),)),
    "cumulative_tco_cash": Recipe((_cost("cash", "to_date"),)),
    "cumulative_tco_accrual": Recipe((_cost("accrual", "to_date"),)),
    "cumulative_net_cash": Recipe(CASH),
    "cumulative_net_accrual": Recipe(
        (_value("to_date"), _cost("accrual", "to_date", -1)),
    ),
    "value_trailing_12": Recipe((_value("year"),)),
    "tco_accrual_trailing_12": Recipe((_cost("accrual", "year"),)),
    "window_value": Recipe((_value("window"),)),
    "window_avoidable_cost": Recipe((_saved("window"),)),
    "releasable_capital": Recipe(
        note="the book value comes from the asset register and the share from terms.csv, not from "
        "ledger lines",
    ),
    "capital_charge": Recipe(
        parts=("releasable_capital",),
        note="the hurdle comes from terms.csv; the total adds up its systems",
    ),
    "economic_profit": Recipe(
        (_value(), _saved(sign=-1)),
        ("value", "avoidable_cost", "capital_charge"),
        lambda parts: parts["value"] - parts["avoidable_cost"] - parts["capital_charge"],
    ),
    "indirect_value": Recipe((_indirect(),)),
    "cumulative_indirect_value": Recipe((_indirect("to_date"),)),
    "with_indirect_roi": Recipe(
        (_value("to_date"), _indirect("to_date"), _cost("cash", "to_date")),
        ("cumulative_value", "cumulative_indirect_value", "cumulative_tco_cash"),
        lambda parts: _ratio("all", "cumulative_tco_cash")(
            {**parts, "all": parts["cumulative_value"] + parts["cumulative_indirect_value"]}
        ),
        is_money=False,
    ),
    "roi_cumulative_cash": Recipe(
        (_value("to_date"), _cost("cash", "to_date")),
        ("cumulative_value", "cumulative_tco_cash"),
        _ratio("cumulative_value", "cumulative_tco_cash"),
        is_money=False,
    ),
    "roi_cumulative_accrual": Recipe(
        (_value("to_date"), _cost("accrual", "to_date")),
        ("cumulative_value", "cumulative_tco_accrual"),
        _ratio("cumulative_value", "cumulative_tco_accrual"),
        is_money=False,
    ),
    "roi_trailing_12": Recipe(
        (_value("year"), _cost("accrual", "year")),
        ("value_trailing_12", "tco_accrual_trailing_12"),
        _ratio("value_trailing_12", "tco_accrual_trailing_12"),
        is_money=False,
    ),
    "incremental_roi": Recipe(
        WINDOW,
        ("window_value", "window_avoidable_cost"),
        _ratio("window_value", "window_avoidable_cost"),
        is_money=False,
    ),
    **{
        f"incremental_roi_{end}": Recipe(
            WINDOW,
            ("window_value", "window_avoidable_cost", "incremental_roi"),
            is_money=False,
            note=_BOUND,
        )
        for end in ("low", "high")
    },
    "cumulative_net_cash_low": Recipe(
        CASH,
        ("cumulative_net_cash",),
        note=_BOUND,
    ),
}
TCO: Mapping[str, Recipe] = {
    "amount": Recipe(),
    "avoidable_amount": Recipe(),
}
LEDGER: Mapping[str, Recipe] = {
    "amount": Recipe(),
    "quantity": Recipe(is_money=False),
    "avoidable_amount": Recipe(),
}
VALUE: Mapping[str, Recipe] = {
    "amount": Recipe(),
    "quantity": Recipe(is_money=False),
    **{
        f"amount_{end}": Recipe(
            parts=("amount",),
            note="what open predictions could be worth comes from the cells",
        )
        for end in ("low", "high")
    },
    "standard_error": Recipe(
        parts=("amount", "acted"),
        note="the sum of squares comes from the cells",
    ),
    "coverage": Recipe((), ("linked", "acted"), _share("linked", "acted"), is_money=False),
}


def _rate(hits: tuple[str, ...], seen: tuple[str, ...]) -> Callable[[Parts], Any]:
    def compute(parts: Parts) -> float | None:
        whole = sum(int(parts[name] or 0) for name in seen)
        return round(sum(int(parts[name] or 0) for name in hits) / whole, 6) if whole else None

    return compute


QUALITY: Mapping[str, Recipe] = {
    "accuracy": Recipe((), ("tp", "tn", "n"), _rate(("tp", "tn"), ("n",))),
    "precision": Recipe((), ("tp", "fp", "n"), _rate(("tp",), ("tp", "fp"))),
    "recall": Recipe((), ("tp", "fn", "n"), _rate(("tp",), ("tp", "fn"))),
}
# Where no decision counts as positive, right means that the predicted label came true.
QUALITY_BY_LABEL: Mapping[str, Recipe] = {
    **QUALITY,
    "accuracy": Recipe(
        (),
        ("correct", "labelled"),
        _rate(("correct",), ("labelled",)),
    ),
}
# The column that is meant where none is named.
DEFAULTS: Mapping[str, str] = {
    "ledger_monthly": "amount",
    "tco_monthly": "amount",
    "value_attribution_monthly": "amount",
    "roi_monthly": "net_cash",
    "threshold_status_monthly": "metric",
    "quality_monthly": "accuracy",
    **{table: columns[0] for table, columns in COST_TABLES.items()},
    "degradation_monthly": "expected_quality",
    "options_monthly": "npv",
    "projection_monthly": "cumulative_net_p50",
    "sensitivity_monthly": "npv",
    "economics_monthly": "value",
    "serving_mode_comparison_monthly": "value",
}
EXPLAINED: Mapping[str, tuple[str, ...]] = {
    "ledger_monthly": tuple(LEDGER),
    "tco_monthly": tuple(TCO),
    "value_attribution_monthly": (*VALUE, *VALUE_COUNTS),
    "roi_monthly": (*ROI, *FLOWS),
    "threshold_status_monthly": (*STATUS, *STATUS_COUNTS),
    "quality_monthly": ("n", "tp", "fp", "fn", "tn", "correct", *QUALITY),
    **COST_TABLES,
}
