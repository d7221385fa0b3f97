"""What a published column is made of: its formula, the method's section, and the ledger lines or
the predictions behind it. The recipes of the explanations; applies none of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from roi_pipeline.explain.counts import STATUS_COUNTS, VALUE_COUNTS
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


@dataclass(frozen=True)
class Recipe:
    """How a column is computed.

    Without `compute` it is the sum of its `terms`; with it, the function of other columns of the
    same row (`parts`), and `terms` are the lines behind those.
    """

    formula: str
    method: str
    terms: tuple[Term, ...] = ()
    parts: tuple[str, ...] = ()
    compute: Callable[[Parts], Any] | None = None
    is_money: bool = True
    note: str | None = None


def _value(span: Span = "month", sign: int = 1) -> Term:
    return Term(sign, "value", "cohort", span)


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


_BOUND = (
    "the open predictions at their worst or best and 1.96 standard errors come from the cells; "
    "they are not applied again here"
)
WINDOW = (_value("window"), _saved("window"))
CASH = (_value("to_date"), _cost("cash", "to_date", -1))

ROI: Mapping[str, Recipe] = {
    "value": Recipe(
        "direct value against the recorded baseline, by month of prediction",
        "§2, D1, D3",
        (_value(),),
    ),
    "gross_value": Recipe(
        "direct value without a recorded baseline; it decides nothing",
        "§2.1",
        (Term(1, "value", "cohort", is_gross=True),),
    ),
    "tco_cash": Recipe("what was paid", "§1.3", (_cost("cash"),)),
    "tco_accrual": Recipe("what was used up", "§1.3", (_cost("accrual"),)),
    "avoidable_cost": Recipe("what not running the system would save", "D8", (_saved(),)),
    "net_cash": Recipe("value - tco_cash", "§1.5, D4", (_value(), _cost("cash", sign=-1))),
    "net_accrual": Recipe("value - tco_accrual", "§1.5", (_value(), _cost("accrual", sign=-1))),
    "cumulative_value": Recipe("value of every month so far", "§1.5", (_value("to_date"),)),
    "cumulative_tco_cash": Recipe(
        "tco_cash of every month so far", "§1.3", (_cost("cash", "to_date"),)
    ),
    "cumulative_tco_accrual": Recipe(
        "tco_accrual of every month so far", "§1.3", (_cost("accrual", "to_date"),)
    ),
    "cumulative_net_cash": Recipe("cumulative_value - cumulative_tco_cash", "§1.6, D4", CASH),
    "cumulative_net_accrual": Recipe(
        "cumulative_value - cumulative_tco_accrual",
        "§1.5",
        (_value("to_date"), _cost("accrual", "to_date", -1)),
    ),
    "value_trailing_12": Recipe("value of twelve months", "§1.5", (_value("year"),)),
    "tco_accrual_trailing_12": Recipe(
        "tco_accrual of twelve months", "§1.5", (_cost("accrual", "year"),)
    ),
    "window_value": Recipe("value of the evidence months", "§1.5, §6, D7", (_value("window"),)),
    "window_avoidable_cost": Recipe(
        "avoidable cost of the evidence months", "§1.5, D8", (_saved("window"),)
    ),
    "economic_profit": Recipe(
        "value - avoidable_cost (no capital can be released)", "§1.10", (_value(), _saved(sign=-1))
    ),
    "roi_cumulative_cash": Recipe(
        "(cumulative_value - cumulative_tco_cash) / cumulative_tco_cash",
        "§1.5",
        (_value("to_date"), _cost("cash", "to_date")),
        ("cumulative_value", "cumulative_tco_cash"),
        _ratio("cumulative_value", "cumulative_tco_cash"),
        is_money=False,
    ),
    "roi_cumulative_accrual": Recipe(
        "(cumulative_value - cumulative_tco_accrual) / cumulative_tco_accrual",
        "§1.5",
        (_value("to_date"), _cost("accrual", "to_date")),
        ("cumulative_value", "cumulative_tco_accrual"),
        _ratio("cumulative_value", "cumulative_tco_accrual"),
        is_money=False,
    ),
    "roi_trailing_12": Recipe(
        "(value_trailing_12 - tco_accrual_trailing_12) / tco_accrual_trailing_12",
        "§1.5",
        (_value("year"), _cost("accrual", "year")),
        ("value_trailing_12", "tco_accrual_trailing_12"),
        _ratio("value_trailing_12", "tco_accrual_trailing_12"),
        is_money=False,
    ),
    "incremental_roi": Recipe(
        "(window_value - window_avoidable_cost) / window_avoidable_cost",
        "§1.5, §6, D8",
        WINDOW,
        ("window_value", "window_avoidable_cost"),
        _ratio("window_value", "window_avoidable_cost"),
        is_money=False,
    ),
    **{
        f"incremental_roi_{end}": Recipe(
            f"(window_value at its {word}, less avoidable cost) / avoidable cost",
            "§1.5, §3.3, §4.2",
            WINDOW,
            ("window_value", "window_avoidable_cost", "incremental_roi"),
            is_money=False,
            note=_BOUND,
        )
        for end, word in (("low", "lowest"), ("high", "highest"))
    },
    "cumulative_net_cash_low": Recipe(
        "cumulative_net_cash with the open predictions at their worst, less 1.96 standard errors",
        "§3.3, §4.2, §6",
        CASH,
        ("cumulative_net_cash",),
        note=_BOUND,
    ),
}
# Computed by the method's own functions from the months' cash nets: see `flows`.
FLOWS: Mapping[str, tuple[str, str]] = {
    "npv": ("sum of net_cash of month k / (1 + r)^k, r from the hurdle in terms.csv", "§1.1, D5"),
    "irr_annual": ("(1 + r)^12 - 1, r the monthly rate at which the npv is 0", "§1.2"),
    "breakeven_month_first": ("where cumulative_net_cash first crosses 0", "§1.6, D9"),
    "breakeven_month_sustained": ("the last crossing that was never undone", "§1.6, D9"),
    "breakeven_month_discounted": ("the same on discounted flows", "§1.6, D9"),
    "breakeven_crossings": ("how often cumulative_net_cash crossed 0 upwards", "§1.6"),
    "breakeven_month_projected": (
        "now + deficit / mean net of the last three evidence months",
        "§1.6",
    ),
}
TCO: Mapping[str, Recipe] = {
    "amount": Recipe("sum of the ledger's cost lines of this basis and category", "§1.3"),
    "avoidable_amount": Recipe("the avoidable part of these cost lines", "D8"),
}
LEDGER: Mapping[str, Recipe] = {
    "amount": Recipe("quantity x unit price", "§2, §1.3"),
    "quantity": Recipe("what the rows count for this driver", "§2", is_money=False),
    "avoidable_amount": Recipe("the avoidable part of the line", "D8"),
}
VALUE: Mapping[str, Recipe] = {
    "amount": Recipe("quantity x the price in force on the day of the prediction", "§2"),
    "quantity": Recipe("what the predictions count for this driver", "§2", is_money=False),
    **{
        f"amount_{end}": Recipe(
            f"amount + the open predictions at their {word}",
            "§3.3",
            parts=("amount",),
            note="what open predictions could be worth comes from the cells, not from here",
        )
        for end, word in (("low", "worst"), ("high", "best"))
    },
    "standard_error": Recipe(
        "s x sqrt(n) from count, sum and sum of squares of the rows",
        "§4.2",
        parts=("amount", "acted"),
        note="the sum of squares comes from the cells, not from here",
    ),
    "coverage": Recipe(
        "linked / acted", "§3.1", (), ("linked", "acted"), _share("linked", "acted"), is_money=False
    ),
}


def _rate(hits: tuple[str, ...], seen: tuple[str, ...]) -> Callable[[Parts], Any]:
    def compute(parts: Parts) -> float | None:
        whole = sum(int(parts[name] or 0) for name in seen)
        return round(sum(int(parts[name] or 0) for name in hits) / whole, 6) if whole else None

    return compute


QUALITY: Mapping[str, Recipe] = {
    "accuracy": Recipe("(tp + tn) / n", "§4.2", (), ("tp", "tn", "n"), _rate(("tp", "tn"), ("n",))),
    "precision": Recipe(
        "tp / (tp + fp)", "§4.2", (), ("tp", "fp", "n"), _rate(("tp",), ("tp", "fp"))
    ),
    "recall": Recipe("tp / (tp + fn)", "§4.2", (), ("tp", "fn", "n"), _rate(("tp",), ("tp", "fn"))),
}
# Where no decision counts as positive, right means that the predicted label came true.
QUALITY_BY_LABEL: Mapping[str, Recipe] = {
    **QUALITY,
    "accuracy": Recipe(
        "correct / labelled",
        "§4.2",
        (),
        ("correct", "labelled"),
        _rate(("correct",), ("labelled",)),
    ),
}
# What a status column is, and the column of roi_monthly that stands behind it.
STATUS: Mapping[str, tuple[str, str, str]] = {
    "metric": ("incremental ROI over the evidence window", "§6, D8", "incremental_roi"),
    "metric_low": ("its lower bound", "§3.3, §4.2, §6", "incremental_roi_low"),
    "metric_high": ("its upper bound", "§3.3, §4.2, §6", "incremental_roi_high"),
    "status": ("the label of investment and operating state", "§6", "incremental_roi"),
    "operating_state": (
        "healthy, marginal or negative, by the bounds of the metric",
        "§6",
        "incremental_roi",
    ),
    "investment_state": (
        "recovered once the lower bound of the cumulative cash net is not negative",
        "§6",
        "cumulative_net_cash",
    ),
    "recommended_action": ("what the status asks for", "§6, §7", "incremental_roi"),
    "rule_id": ("the transition of method §6 that this month made", "§6", "incremental_roi"),
}
DEFAULTS: Mapping[str, str] = {
    "ledger_monthly": "amount",
    "tco_monthly": "amount",
    "value_attribution_monthly": "amount",
    "roi_monthly": "net_cash",
    "threshold_status_monthly": "metric",
    "quality_monthly": "accuracy",
}
EXPLAINED: Mapping[str, tuple[str, ...]] = {
    "ledger_monthly": tuple(LEDGER),
    "tco_monthly": tuple(TCO),
    "value_attribution_monthly": (*VALUE, *VALUE_COUNTS),
    "roi_monthly": (*ROI, *FLOWS),
    "threshold_status_monthly": (*STATUS, *STATUS_COUNTS),
    "quality_monthly": ("n", "tp", "fp", "fn", "tn", "correct", *QUALITY),
}
