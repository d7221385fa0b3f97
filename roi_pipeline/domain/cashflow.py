"""Return on flows of money: discounting, internal rates, ratios (method §1.1, 1.2, 1.5, 1.10).

Knows numbers only: no systems, tables or currencies. Money comes in as Decimal. What is not
discounted leaves as Decimal; what is discounted leaves as float, since a fractional power has no
exact decimal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import exp, expm1, fsum, log1p
from typing import Literal

from roi_pipeline.errors import ConfigurationError

Convention = Literal["effective", "nominal"]
Terms = Sequence[tuple[float, float]]  # (periods from the first flow, amount), ascending

WIDEST = 50.0  # |ln(1 + rate)| searched: no rate beyond e**50 says anything


def monthly_rate(annual: float, convention: str = "effective") -> float:
    """An annual hurdle per month: effective `(1+h)^(1/12)-1`, nominal `h/12` (method D5, §1.1).

    >>> round(monthly_rate(0.12), 6), monthly_rate(0.12, 'nominal')
    (0.009489, 0.01)
    """
    if annual <= -1:
        raise ConfigurationError(f"hurdle_rate_annual {annual} must be above -1; 12 % is 0.12")
    if convention == "effective":
        return expm1(log1p(annual) / 12)
    if convention == "nominal":
        return annual / 12
    raise ConfigurationError(f"hurdle_convention {convention!r} is unknown: effective or nominal")


def effective_rate(nominal: float, periods: int) -> float:
    """The yearly rate that `periods` compoundings of nominal/periods add up to.

    >>> round(effective_rate(0.1, 2), 12)
    0.1025
    """
    return expm1(periods * log1p(nominal / periods))


def nominal_rate(effective: float, periods: int) -> float:
    """The yearly rate whose `periods` equal parts compound to `effective`.

    >>> round(nominal_rate(0.1025, 2), 12)
    0.1
    """
    return periods * expm1(log1p(effective) / periods)


def present_values(rate: float, flows: Sequence[Decimal]) -> list[float]:
    """Each flow at its worth in period 0; the first is not discounted. `rate` per period, above -1.

    >>> present_values(1.0, [Decimal(-8), Decimal(8), Decimal(8)])
    [-8.0, 4.0, 2.0]
    """
    return [float(flow) / (1 + rate) ** k for k, flow in enumerate(flows)]


def npv(rate: float, flows: Sequence[Decimal]) -> float:
    """Net present value, the first flow undiscounted (method §1.1). `rate` per period.

    >>> npv(0.25, [Decimal(-100), Decimal(125)])
    0.0
    """
    return fsum(present_values(rate, flows))


def npv_excel(rate: float, flows: Sequence[Decimal]) -> float:
    """Excel's NPV, which discounts its first flow too (method §1.1).

    >>> npv_excel(0.25, [Decimal(125)])
    100.0
    """
    return npv(rate, [Decimal(0), *flows])


@dataclass(frozen=True, slots=True)
class Irr:
    """An internal rate per period, or None, and how often the flows change sign."""

    rate: float | None
    sign_changes: int


def irr(flows: Sequence[Decimal]) -> Irr:
    """The rate at which flows are worth nothing; of several the one nearest 0 (method §1.2).

    More than one sign change means the rate may not be unique: prefer NPV or MIRR then.

    >>> round(irr([Decimal(-100), Decimal(125)]).rate, 12), irr([Decimal(1), Decimal(2)])
    (0.25, Irr(rate=None, sign_changes=0))
    """
    return _nearest_rate([(float(k), float(flow)) for k, flow in enumerate(flows) if flow])


def mirr(flows: Sequence[Decimal], finance_rate: float, reinvest_rate: float) -> float | None:
    """Modified internal rate per period: deficits financed, surpluses reinvested at their own rate.

    None unless the flows hold both a deficit and a surplus (method §1.2, Excel's MIRR).

    >>> round(mirr([Decimal(-100), Decimal(0), Decimal(121)], 0.05, 0.05), 12)
    0.1
    """
    spent = -npv(finance_rate, [min(flow, Decimal(0)) for flow in flows])
    earned = npv(reinvest_rate, [max(flow, Decimal(0)) for flow in flows])
    if spent <= 0 or earned <= 0:
        return None
    return float((earned / spent) ** (1 / (len(flows) - 1)) * (1 + reinvest_rate) - 1)


def xnpv(rate: float, flows: Sequence[tuple[date, Decimal]]) -> float:
    """Net present value of dated flows at the first date given, ACT/365 (method §1.2). Annual rate.

    >>> xnpv(0.25, [(date(2025, 1, 1), Decimal(-100)), (date(2026, 1, 1), Decimal(125))])
    0.0
    """
    return fsum(float(flow) / (1 + rate) ** years for years, flow in _years(flows))


def xirr(flows: Sequence[tuple[date, Decimal]]) -> Irr:
    """The annual rate at which dated flows are worth nothing, ACT/365; as `irr` otherwise.

    >>> found = xirr([(date(2025, 1, 1), Decimal(-100)), (date(2026, 1, 1), Decimal(125))])
    >>> round(found.rate, 12), found.sign_changes
    (0.25, 1)
    """
    by_date: dict[float, Decimal] = {}
    for years, flow in _years(flows):
        by_date[years] = by_date.get(years, Decimal(0)) + flow
    return _nearest_rate([(years, float(flow)) for years, flow in sorted(by_date.items()) if flow])


def roi(value: Decimal, cost: Decimal) -> Decimal | None:
    """(V-C)/C; None when there is no cost to return on (method §1.5).

    >>> roi(Decimal(500), Decimal(400)), roi(Decimal(500), Decimal(0))
    (Decimal('0.25'), None)
    """
    return (value - cost) / cost if cost > 0 else None


def incremental_roi(value: Decimal, avoidable: Decimal) -> Decimal | None:
    """(V-A)/A over the evidence window, A being cost that stopping would avoid: no capex, no
    amortisation, no committed minimum (method D8, §1.5); None when nothing is avoidable.

    >>> incremental_roi(Decimal(18000), Decimal(20000))
    Decimal('-0.1')
    """
    return roi(value, avoidable)


def present_value_roi(
    rate: float, values: Sequence[Decimal], costs: Sequence[Decimal]
) -> float | None:
    """NPV over the present value of cost (method §1.5); None when that is not positive.

    >>> present_value_roi(0.1, [Decimal(0), Decimal(330)], [Decimal(200), Decimal(0)])
    0.5
    """
    cost = npv(rate, costs)
    return (npv(rate, values) - cost) / cost if cost > 0 else None


def economic_profit(
    value: Decimal, avoidable: Decimal, rate: float, releasable: Decimal
) -> Decimal:
    """V - A - r K: what a period earns above the return its releasable capital could earn elsewhere
    (method §1.10). `rate` for the same period as value and cost.

    >>> economic_profit(Decimal(350), Decimal(300), 0.25, Decimal(100))
    Decimal('25.00')
    """
    return value - avoidable - Decimal(repr(rate)) * releasable


def equivalent_periodic_value(present_value: float, rate: float, periods: int) -> float:
    """The level amount at the end of each period worth `present_value` (method §1.10).

    >>> equivalent_periodic_value(120.0, 0.0, 12)
    10.0
    """
    if rate == 0:
        return present_value / periods
    return present_value * rate / -expm1(-periods * log1p(rate))


def profitability_index(rate: float, flows: Sequence[Decimal]) -> float | None:
    """Present value of all later flows per unit invested in period 0; None without an investment.

    >>> profitability_index(0.25, [Decimal(-100), Decimal(250)])
    2.0
    """
    return 1 + npv(rate, flows) / -float(flows[0]) if flows and flows[0] < 0 else None


def _years(flows: Sequence[tuple[date, Decimal]]) -> list[tuple[float, Decimal]]:
    return [((day - flows[0][0]).days / 365, flow) for day, flow in flows]


def _nearest_rate(terms: Terms) -> Irr:
    rates = [expm1(log_rate) for log_rate in _roots(terms)]
    return Irr(min(rates, key=abs, default=None), _sign_changes(amount for _, amount in terms))


def _sign_changes(amounts: Iterable[float]) -> int:
    return sum((a > 0) != (b > 0) for a, b in pairwise(amounts))


def _worth(terms: Terms, log_rate: float) -> float:
    """Present value up to a positive factor, chosen so that no exponential exceeds 1."""
    pivot = terms[0][0] if log_rate > 0 else terms[-1][0]
    return fsum(amount * exp((pivot - k) * log_rate) for k, amount in terms)


def _roots(terms: Terms) -> list[float]:
    """Every ln(1+rate) at which the terms are worth nothing.

    There are at most as many as sign changes (Descartes, for any real exponents), and between two
    of them lies a turning point of the sum over its first power, whose slope has one term less
    (Rolle).
    """
    changes = _sign_changes(amount for _, amount in terms)
    if changes == 0:
        return []
    start, span = terms[0][0], terms[-1][0] - terms[0][0]
    slope = [(k, amount * ((k - start) / span)) for k, amount in terms[1:]]
    turns = sorted(_roots(slope)) if changes > 1 else []
    brackets = pairwise([-WIDEST, *turns, WIDEST])
    crossings = [_bisect(terms, low, high) for low, high in brackets if _crosses(terms, low, high)]
    return crossings + [turn for turn in turns if _touches(terms, turn)]


def _crosses(terms: Terms, low: float, high: float) -> bool:
    return _worth(terms, low) * _worth(terms, high) < 0


def _touches(terms: Terms, turn: float) -> bool:
    size = _worth([(k, abs(amount)) for k, amount in terms], turn)
    return abs(_worth(terms, turn)) <= 1e-14 * size


def _bisect(terms: Terms, low: float, high: float) -> float:
    falling = _worth(terms, low) > 0
    while low < (middle := (low + high) / 2) < high:
        if (_worth(terms, middle) > 0) == falling:
            low = middle
        else:
            high = middle
    return middle
