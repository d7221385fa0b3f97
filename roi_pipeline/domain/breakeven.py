"""When a cumulative net turns from deficit to surplus, and when it will (method §1.6, D4, D9).

Knows a sequence of cumulative amounts by period, 0 being the investment date; not whose it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import Literal

from roi_pipeline.domain.cashflow import present_values


@dataclass(frozen=True, slots=True)
class Breakeven:
    """Periods after the investment date, interpolated inside the period; None = not (yet)."""

    first: float | None
    sustained: float | None
    crossings: int
    projected: float | None


def breakeven(
    cumulative: Sequence[Decimal] | Sequence[float], evidence_nets: Sequence[Decimal] | None = None
) -> Breakeven:
    """Where the cumulative net crosses from below 0 to 0 or above (method §1.6).

    first       the first crossing; touching 0 exactly counts.
    sustained   the last crossing, if no deficit came after it: decide on this one.
    crossings   how many there were.
    projected   now + deficit / mean of the last three `evidence_nets`, while in deficit; None when
                that mean is not positive. Without evidence_nets the periods' own nets are taken,
                never the investment of period 0.

    A breakeven needs an earlier deficit: a cumulative net that starts at 0 and falls (the invoice
    came a month later) breaks even where it recovers, not in period 0. Only what was never in
    deficit, having needed no investment, is at 0.0 from the start, with no crossing (W06, W07).

    >>> breakeven([Decimal(-100), Decimal(-50), Decimal(50), Decimal(-10), Decimal(10)])
    Breakeven(first=1.5, sustained=3.5, crossings=2, projected=None)
    >>> round(breakeven([Decimal(-100), Decimal(-70), Decimal(-40)]).projected, 6)
    3.333333
    >>> breakeven([Decimal(0), Decimal(7000)]).first
    0.0
    """
    levels = [float(level) for level in cumulative]
    if not levels:
        return Breakeven(None, None, 0, None)
    if min(levels) >= 0:
        return Breakeven(0.0, 0.0, 0, None)
    found = [k + -a / (b - a) for k, (a, b) in enumerate(pairwise(levels)) if a < 0 <= b]
    if levels[-1] < 0:
        nets = [float(net) for net in evidence_nets] if evidence_nets is not None else _nets(levels)
        return Breakeven(found[0] if found else None, None, len(found), _projected(levels, nets))
    return Breakeven(found[0], found[-1], len(found), None)


def discounted_breakeven(rate: float, flows: Sequence[Decimal]) -> Breakeven:
    """The same on flows discounted at `rate` per period (method §1.6).

    Never projected: a level net does not stay level when it is discounted.

    >>> discounted_breakeven(1.0, [Decimal(-6), Decimal(8), Decimal(16)]).first
    1.5
    """
    return replace(breakeven(list(accumulate(present_values(rate, flows)))), projected=None)


def payback(flows: Sequence[Decimal], rate: float = 0.0) -> float | None:
    """Periods until flows have paid back what was spent, linear inside the period (method D9).

    Undiscounted by default, discounted at `rate` per period otherwise; the first crossing counts.

    >>> round(payback([Decimal(-120), Decimal(70), Decimal(70)]), 6)
    1.714286
    """
    if rate:
        return discounted_breakeven(rate, flows).first
    return breakeven(list(accumulate(flows))).first


def band(
    months: float | None, earliest: float = 9, latest: float = 24
) -> Literal["early", "expected", "late"] | None:
    """Where a breakeven lies against the contract's expected band, ends included (method §1.6).

    >>> band(8.9), band(9), band(24.1), band(None)
    ('early', 'expected', 'late', None)
    """
    if months is None:
        return None
    return "early" if months < earliest else "late" if months > latest else "expected"


def _nets(levels: Sequence[float]) -> list[float]:
    return [b - a for a, b in pairwise(levels)]


def _projected(levels: Sequence[float], nets: Sequence[float]) -> float | None:
    recent = nets[-3:]
    pace = sum(recent) / len(recent) if recent else 0.0
    return len(levels) - 1 + -levels[-1] / pace if pace > 0 else None
