"""What it is worth to make a unit of work cheaper: by technique, and by serving in batches
(method §1.8, W04, W19).

Knows money and counts of one month; not which system. Money is float: these are assumptions.
"""

from dataclasses import dataclass
from math import expm1, log1p

DAYS = 365


@dataclass(frozen=True, slots=True)
class Batch:
    """A month served in batches instead of in real time, against what it was."""

    saving: float
    value_lost: float
    deferral: float  # what waiting for the rest of the value costs at the hurdle
    time_sensitive_share: float | None  # at which saving and lost value are equal; None: no value

    @property
    def net(self) -> float:
        """What the change is worth a month."""
        return self.saving - self.value_lost - self.deferral


@dataclass(frozen=True, slots=True)
class Cheaper:
    """A technique that cuts compute and costs some value."""

    net: float  # a month, afterwards
    months_before: float | None  # until the investment is back; None: never
    months_after: float | None
    value_loss_at_no_gain: float | None  # the share of value whose loss would eat up the saving


def batch_against_realtime(
    predictions: float,
    cost_each: float,
    discount: float,
    value: float,
    time_sensitive_share: float,
    delay_days: float,
    hurdle_annual: float,
) -> Batch:
    """saving = N c x; lost = s V; deferral = V(1-s)(1-(1+h)^(-d/365)); s* = saving/V (W04).

    >>> batch_against_realtime(2e6, 0.002, 0.5, 50000.0, 0.1, 1, 0.12).time_sensitive_share
    0.04
    """
    saving = predictions * cost_each * discount
    kept = value * (1 - time_sensitive_share)
    waiting = -expm1(-delay_days / DAYS * log1p(hurdle_annual))
    share = saving / value if value > 0 else None
    return Batch(saving, value * time_sensitive_share, kept * waiting, share)


def cheaper(
    investment: float, value: float, compute: float, other: float, cut: float, value_loss: float
) -> Cheaper:
    """Breakeven before and after compute*(1-cut) and value*(1-value_loss) (W19).

    >>> cheaper(360000.0, 38000.0, 14000.0, 6000.0, 0.45, 0.02).months_before
    20.0
    """
    before = value - compute - other
    after = value * (1 - value_loss) - compute * (1 - cut) - other
    return Cheaper(
        after,
        investment / before if before > 0 else None,
        investment / after if after > 0 else None,
        compute * cut / value if value > 0 else None,
    )
