"""The same months seen with caution: benefits lowered and costs raised by their risk, and charged
for the capital that stopping would release (method §1.10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from roi_pipeline.domain.cashflow import economic_profit, monthly_rate
from roi_pipeline.marts.facts import TOTAL, Month
from roi_pipeline.marts.terms import Terms

ESTIMATE = Decimal("0.000001")  # an amount that depends on a rate is no exact money


@dataclass(frozen=True)
class Flows:
    """Value and cash cost by month since the investment, after risk."""

    values: Sequence[Decimal]
    costs: Sequence[Decimal]

    @property
    def nets(self) -> list[Decimal]:
        """Value less cost, by month."""
        return [value - cost for value, cost in zip(self.values, self.costs, strict=True)]


@dataclass(frozen=True)
class Capital:
    """What stopping would release at the end of a month, and what that could earn elsewhere."""

    releasable: Decimal
    charge: Decimal


def hurdle(system_id: str, month: date, terms: Terms) -> float:
    """The contract's hurdle in force in a month, per month (method D5)."""
    annual = terms.number(system_id, month, "hurdle_rate_annual", 0.12)
    return monthly_rate(annual, terms.text(system_id, month, "hurdle_convention", "effective"))


def risk_adjusted(
    system_id: str, facts: Mapping[str, Sequence[Month]], last: date, terms: Terms
) -> Flows:
    """Benefits x (1 - r_b) and costs x (1 + r_c), with the factors in force in month `last`.

    r_b and r_c are the terms `risk_benefit` and `risk_cost` (0 unless agreed). The total adds up
    its systems, each with its own factors.
    """
    names = [name for name in facts if name != TOTAL] if system_id == TOTAL else [system_id]
    values = {m.month: Decimal(0) for m in facts[system_id] if m.month <= last}
    costs = dict(values)
    for name in names:
        less = 1 - Decimal(repr(terms.number(name, last, "risk_benefit", 0)))
        more = 1 + Decimal(repr(terms.number(name, last, "risk_cost", 0)))
        for month in facts[name]:
            if month.month in values:
                values[month.month] += month.value * less
                costs[month.month] += month.tco_cash * more
    return Flows(list(values.values()), list(costs.values()))


def capital(
    system_id: str, facts: Mapping[str, Sequence[Month]], at: date, terms: Terms
) -> Capital:
    """The book value of a month's end that stopping would release, and the hurdle on it.

    The term `releasable_capital_share` says how much of the book value selling or redeploying the
    hardware would bring; nothing unless agreed. The total adds up its systems.
    """
    if system_id == TOTAL:
        parts = [capital(name, facts, at, terms) for name in facts if name != TOTAL]
        return Capital(
            sum((part.releasable for part in parts), Decimal(0)),
            sum((part.charge for part in parts), Decimal(0)),
        )
    held = sum((m.book_value for m in facts[system_id] if m.month == at), Decimal(0))
    share = Decimal(repr(terms.number(system_id, at, "releasable_capital_share", 0)))
    kept = (held * share).quantize(ESTIMATE)
    rate = hurdle(system_id, at, terms)
    charge = -economic_profit(Decimal(0), Decimal(0), rate, kept)
    return Capital(kept, charge.quantize(ESTIMATE))
