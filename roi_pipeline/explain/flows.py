"""Columns of roi_monthly that are functions of all months' cash, each with its formula and the
method's own function to compute it again. Knows amounts by month; reads nothing."""

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


@dataclass(frozen=True)
class Flow:
    """How such a column is computed."""

    formula: str
    method: str
    compute: Callable[[Cash], Any]


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


FLOWS: Mapping[str, Flow] = {
    "npv": Flow(
        "sum of net_cash of month k / (1 + r)^k, r from the hurdle in terms.csv",
        "§1.1, D5",
        lambda cash: rounded(npv(cash.rate, cash.plain.nets)),
    ),
    "pv_cost": Flow(
        "the same sum over tco_cash", "§1.1", lambda cash: rounded(npv(cash.rate, cash.plain.costs))
    ),
    "pv_roi": Flow(
        "npv / pv_cost",
        "§1.5",
        lambda cash: rounded(present_value_roi(cash.rate, cash.plain.values, cash.plain.costs)),
    ),
    "equivalent_monthly_value": Flow(
        "npv / annuity(r, n): the level monthly amount that is worth as much", "§1.10", _level
    ),
    "irr_annual": Flow(
        "(1 + r)^12 - 1, r the monthly rate at which the npv is 0",
        "§1.2",
        lambda cash: annual(irr(cash.plain.nets).rate),
    ),
    "irr_sign_changes": Flow(
        "how often net_cash changes its sign; above 1 the rate may not be the only one",
        "§1.2",
        lambda cash: irr(cash.plain.nets).sign_changes,
    ),
    "mirr_annual": Flow(
        "(1 + r)^12 - 1, deficits financed and surpluses reinvested at the hurdle",
        "§1.2",
        lambda cash: annual(mirr(cash.plain.nets, cash.rate, cash.rate)),
    ),
    "breakeven_month_first": Flow(
        "where cumulative_net_cash first crosses 0", "§1.6, D9", _crossed("first")
    ),
    "breakeven_month_sustained": Flow(
        "the last crossing that was never undone", "§1.6, D9", _crossed("sustained")
    ),
    "breakeven_month_discounted": Flow(
        "the same on discounted flows",
        "§1.6, D9",
        lambda cash: rounded(discounted_breakeven(cash.rate, cash.plain.nets).sustained),
    ),
    "breakeven_crossings": Flow(
        "how often cumulative_net_cash crossed 0 upwards", "§1.6", _crossed("crossings")
    ),
    "breakeven_month_projected": Flow(
        "now + deficit / mean net of the last three evidence months", "§1.6", _projected
    ),
    "risk_adjusted_npv": Flow(
        "npv of value x (1 - risk_benefit) less tco_cash x (1 + risk_cost), both in terms.csv",
        "§1.10",
        lambda cash: rounded(npv(cash.rate, cash.cautious.nets)),
    ),
    "risk_adjusted_pv_cost": Flow(
        "present value of tco_cash x (1 + risk_cost)",
        "§1.10",
        lambda cash: rounded(npv(cash.rate, cash.cautious.costs)),
    ),
    "risk_adjusted_roi": Flow(
        "risk_adjusted_npv / risk_adjusted_pv_cost",
        "§1.10",
        lambda cash: rounded(
            present_value_roi(cash.rate, cash.cautious.values, cash.cautious.costs)
        ),
    ),
    "risk_adjusted_breakeven_month": Flow(
        "the last lasting crossing of the risk-adjusted cumulative net",
        "§1.6, §1.10",
        lambda cash: rounded(breakeven([*accumulate(cash.cautious.nets)]).sustained),
    ),
}
