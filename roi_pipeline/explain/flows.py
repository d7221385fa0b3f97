"""Columns of roi_monthly that are functions of all months' cash, each with the function of the
method that computes it again. Knows amounts by month; reads nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

from roi_pipeline.domain.breakeven import breakeven, discounted_breakeven
from roi_pipeline.domain.cashflow import (
    equivalent_periodic_value,
    irr,
    mirr,
    npv,
    present_value_roi,
)
from roi_pipeline.marts.adjusted import Flows
from roi_pipeline.marts.facts import rounded
from roi_pipeline.marts.returns import annual


@dataclass(frozen=True)
class Cash:
    """Value and cash cost by month since the investment, the same after risk, the hurdle per month
    and the nets of the evidence months (None: not published)."""

    plain: Flows
    cautious: Flows
    rate: float
    evidence_nets: Sequence[Decimal] | None


def _crossed(name: str) -> Callable[[Cash], Any]:
    def compute(cash: Cash) -> Any:
        found = breakeven([*accumulate(cash.plain.nets)], cash.evidence_nets or [])
        number = getattr(found, name)
        return number if name == "crossings" else rounded(number)

    return compute


def _projected(cash: Cash) -> Any:
    return None if cash.evidence_nets is None else _crossed("projected")(cash)


def _level(cash: Cash) -> float | None:
    periods = len(cash.plain.nets) - 1
    if not periods:
        return None
    return rounded(equivalent_periodic_value(npv(cash.rate, cash.plain.nets), cash.rate, periods))


FLOWS: Mapping[str, Callable[[Cash], Any]] = {
    "npv": lambda cash: rounded(npv(cash.rate, cash.plain.nets)),
    "pv_cost": lambda cash: rounded(npv(cash.rate, cash.plain.costs)),
    "pv_roi": lambda cash: rounded(
        present_value_roi(cash.rate, cash.plain.values, cash.plain.costs)
    ),
    "equivalent_monthly_value": _level,
    "irr_annual": lambda cash: annual(irr(cash.plain.nets).rate),
    "irr_sign_changes": lambda cash: irr(cash.plain.nets).sign_changes,
    "mirr_annual": lambda cash: annual(mirr(cash.plain.nets, cash.rate, cash.rate)),
    "breakeven_month_first": _crossed("first"),
    "breakeven_month_sustained": _crossed("sustained"),
    "breakeven_month_discounted": lambda cash: rounded(
        discounted_breakeven(cash.rate, cash.plain.nets).sustained
    ),
    "breakeven_crossings": _crossed("crossings"),
    "breakeven_month_projected": _projected,
    "risk_adjusted_npv": lambda cash: rounded(npv(cash.rate, cash.cautious.nets)),
    "risk_adjusted_pv_cost": lambda cash: rounded(npv(cash.rate, cash.cautious.costs)),
    "risk_adjusted_roi": lambda cash: rounded(
        present_value_roi(cash.rate, cash.cautious.values, cash.cautious.costs)
    ),
    "risk_adjusted_breakeven_month": lambda cash: rounded(
        breakeven([*accumulate(cash.cautious.nets)]).sustained
    ),
}
