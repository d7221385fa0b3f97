"""How the quality of a model version wears off, and what follows from it (method §5.1, §5.2).

Knows laws of a quality over months; not whose they are, nor how they were fitted (decay_fit).
Quality is a share of right decisions, age a number of months.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Law = Literal["linear", "exponential", "step"]


@dataclass(frozen=True, slots=True)
class Decay:
    """A law with its numbers; `level` is the quality at age 0.

    linear       level - loss * age
    exponential  floor + (level - floor) * exp(-loss * age)
    step         level before the age `at`, floor from it on
    """

    law: Law
    level: float
    loss: float = 0.0
    floor: float = 0.0
    at: float = 0.0

    def quality(self, ages: Floats | float) -> Floats:
        """The law at these ages, between 0 and 1."""
        t = np.asarray(ages, dtype=np.float64)
        if self.law == "linear":
            found = self.level - self.loss * t
        elif self.law == "exponential":
            found = self.floor + (self.level - self.floor) * np.exp(-self.loss * t)
        else:
            found = np.where(t < self.at, self.level, self.floor)
        return np.clip(found, 0.0, 1.0)

    @property
    def falls(self) -> bool:
        """Whether quality gets worse at all."""
        return self.level > self.floor if self.law == "step" else self.loss_at(0.0) > 0

    def loss_at(self, age: float) -> float:
        """Quality lost a month at that age; a step loses nothing but at its moment."""
        if self.law == "exponential":
            return self.loss * (self.level - self.floor) * exp(-self.loss * age)
        return self.loss if self.law == "linear" else 0.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """When quality falls below a threshold, as an age; a missing number has a reason."""

    age: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None  # no_decay | never | beyond_horizon | below_already | …


def linear_decay(before: float, after: float, months: float) -> Decay:
    """From `before` to `after` in so many months, by the same loss every month.

    >>> round(linear_decay(0.96, 0.88, 18).loss, 6)
    0.004444
    """
    return Decay("linear", before, max(before - after, 0.0) / months)


def exponential_decay(before: float, after: float, months: float, floor: float = 0.0) -> Decay:
    """From `before` to `after` in so many months, losing a constant share of what is above `floor`.

    >>> round(exponential_decay(0.96, 0.88, 18, floor=0.5).loss, 6)
    0.010614
    """
    is_falling = before > after > floor
    rate = log((before - floor) / (after - floor)) / months if is_falling else 0.0
    return Decay("exponential", before, rate, floor)


def half_life(decay: Decay) -> float | None:
    """Months in which half of what is above the floor is lost; None without decay or for a step.

    >>> half_life(Decay("linear", 0.9, 0.05))
    9.0
    """
    if decay.law == "step" or not decay.falls:
        return None
    return log(2) / decay.loss if decay.law == "exponential" else decay.level / 2 / decay.loss


def break_even_quality(unit_value: float, error_cost: float, cost_each: float) -> float | None:
    """q* = (A/N + c_err)/(gain + c_err): the quality at which value equals cost (method §5.2).

    `unit_value` is gain + c_err: what a right decision is worth above a wrong one. None when that
    is not positive: then no quality makes the system worth its cost.

    >>> round(break_even_quality(17.0, 15.0, 60000 / 100000), 6)
    0.917647
    """
    return (cost_each + error_cost) / unit_value if unit_value > 0 else None


def crossing(decay: Decay, threshold: float) -> Crossing:
    """The age at which the law falls to the threshold (method §5.2); it may lie before age 0.

    >>> round(crossing(linear_decay(0.96, 0.88, 18), 0.917647).age, 4)
    9.5294
    >>> crossing(Decay("linear", 0.9), 0.8).reason
    'no_decay'
    """
    if not decay.falls:
        return Crossing(None, reason="no_decay")
    if decay.law == "linear":
        return Crossing((decay.level - threshold) / decay.loss)
    if threshold <= decay.floor:
        return Crossing(None, reason="never")
    if decay.law == "step":
        return Crossing(decay.at if threshold <= decay.level else 0.0)
    return Crossing(log((decay.level - decay.floor) / (threshold - decay.floor)) / decay.loss)


def optimal_interval(retrain_cost: float, value_slope: float) -> float | None:
    """T* = sqrt(2R/s): months between retrainings at which their cost and the value lost to decay
    add up to least, s being the value lost a month, more each month (method §5.2).

    >>> optimal_interval(24000.0, 3000.0)
    4.0
    """
    return sqrt(2 * retrain_cost / value_slope) if value_slope > 0 else None


def cost_rate(retrain_cost: float, value_slope: float, interval: float) -> float:
    """R/T + sT/2: what decay and retraining every `interval` months cost a month (W21).

    >>> cost_rate(24000.0, 3000.0, 4.0)
    12000.0
    """
    return retrain_cost / interval + value_slope * interval / 2
