"""Which law of degradation a model version follows, and how sure that is (method §5.1).

Knows points of a quality over months; not whose they are. Months weigh as many rows as they have
labels. What months scatter more than their counts explain widens every interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from roi_pipeline.domain.degradation import Crossing, Decay, Floats, crossing
from roi_pipeline.domain.uncertainty import z_score

FEWEST, ENOUGH = 4, 6  # evidence months for a forecast at all, and for a choice between laws
NOISE = 1e-12  # mean squared residuals below this are rounding
RATES = np.geomspace(1e-3, 2.0, 400)  # a month, searched for the exponential law
STEP = 0.05  # months, the grain of an interval's ends


@dataclass(frozen=True, slots=True)
class Point:
    """The quality of one month, and on how many labelled rows it stands."""

    age: float
    quality: float
    labelled: int


@dataclass(frozen=True)
class Fit:
    """A law fitted to points, with what is not known about it."""

    decay: Decay
    aicc: float | None  # None: too few points for so many parameters
    dispersion: float  # how many times more the months scatter than their counts explain
    covariance: Floats
    first_age: float
    last_age: float

    def standard_error(self, ages: Floats | float) -> Floats:
        """Of the fitted quality at these ages."""
        slopes = _jacobian(self.decay, np.atleast_1d(np.asarray(ages, dtype=np.float64)))
        found: Floats = np.sqrt(
            np.maximum(np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes), 0.0)
        )
        return found


def fit(points: Sequence[Point]) -> Fit | None:
    """The law that explains the months best by AICc; None for fewer than 4 months (method §5.1).

    With fewer than 6 there is nothing to choose by, and the law is linear.

    >>> fit([Point(age, 0.96, 100) for age in range(3)]) is None
    True
    >>> fit([Point(age, 0.96 - 0.01 * (age > 3), 9000) for age in range(8)]).decay.law
    'step'
    """
    if len(points) < FEWEST:
        return None
    if len(points) < ENOUGH:
        return fit_linear(points)
    candidates = (fit_linear(points), fit_exponential(points), fit_step(points))
    known = [(one.aicc, place, one) for place, one in enumerate(candidates) if one.aicc is not None]
    return min(known)[2]


def fit_linear(points: Sequence[Point]) -> Fit:
    """Weighted least squares of a line.

    >>> found = fit_linear([Point(0, 0.96, 10), Point(1, 0.95, 10), Point(2, 0.94, 10)]).decay
    >>> round(found.level, 9), round(found.loss, 9)
    (0.96, 0.01)
    """
    t, q, w = _columns(points)
    level, slope = _lines(t[np.newaxis], q, w)
    return _fitted(Decay("linear", float(level[0]), -float(slope[0])), points)


def fit_exponential(points: Sequence[Point]) -> Fit:
    """Weighted least squares of a fall towards a floor: for a given rate it is a line in exp(-kt).

    A floor below 0 is put at 0.
    """
    t, q, w = _columns(points)
    x = np.exp(-np.outer(RATES, t))
    floor, above = _lines(x, q, w)
    free = np.sum(w * q * x, axis=1) / np.sum(w * x * x, axis=1)
    above = np.where(floor < 0, free, above)
    floor = np.maximum(floor, 0.0)
    squares = np.sum(w * (q - floor[:, np.newaxis] - above[:, np.newaxis] * x) ** 2, axis=1)
    k = int(np.argmin(squares))
    level = float(floor[k] + above[k])
    return _fitted(Decay("exponential", level, float(RATES[k]), float(floor[k])), points)


def fit_step(points: Sequence[Point]) -> Fit:
    """Two levels, split where that explains the months best; needs two points or more."""
    t, q, w = _columns(points)

    def split(k: int) -> Decay:
        before, after = np.average(q[:k], weights=w[:k]), np.average(q[k:], weights=w[k:])
        return Decay("step", float(before), floor=float(after), at=float(t[k]))

    splits = [split(k) for k in range(1, len(points))]
    squares = [float(np.sum(w * (q - decay.quality(t)) ** 2)) for decay in splits]
    return _fitted(splits[int(np.argmin(squares))], points)


def forecast_crossing(fitted: Fit, threshold: float, now: float, confidence: float) -> Crossing:
    """When a fitted quality falls to the threshold, and between which ages that may be.

    The interval is where the band of the fitted law meets the threshold. Nothing is said beyond
    twice the observed span (W21): an end there is None, and a crossing there `beyond_horizon`.
    """
    found = crossing(fitted.decay, threshold)
    horizon = fitted.last_age + (fitted.last_age - fitted.first_age)
    ages = np.arange(fitted.first_age, horizon + STEP / 2, STEP)
    reach = z_score(confidence) * fitted.standard_error(ages)
    level = fitted.decay.quality(ages)
    low, high = (_first(ages, level + sign * reach <= threshold) for sign in (-1, 1))
    if found.age is None:
        return Crossing(None, low, None, found.reason)
    if found.age < fitted.first_age:
        return Crossing(None, None, high, "below_from_the_start")
    if found.age > horizon:
        return Crossing(None, low, None, "beyond_horizon")
    low = found.age if low is None else min(low, found.age)
    high = None if high is None else max(high, found.age)
    return Crossing(found.age, low, high, "below_already" if found.age <= now else None)


def _first(ages: Floats, is_below: np.ndarray) -> float | None:
    found = np.flatnonzero(is_below)
    return float(ages[found[0]]) if len(found) else None


def _columns(points: Sequence[Point]) -> tuple[Floats, Floats, Floats]:
    table = np.array([(p.age, p.quality, p.labelled) for p in points], dtype=np.float64)
    return table[:, 0], table[:, 1], table[:, 2]


def _lines(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Level and slope of y = level + slope * x, a line for each row of x."""
    centre = np.average(x, axis=1, weights=w)[:, np.newaxis]
    mean = np.average(y, weights=w)
    spread = np.sum(w * (x - centre) ** 2, axis=1)
    slope = np.sum(w * (x - centre) * (y - mean), axis=1) / np.where(spread > 0, spread, np.inf)
    return mean - slope * centre[:, 0], slope


def _fitted(decay: Decay, points: Sequence[Point]) -> Fit:
    t, q, w = _columns(points)
    slopes = _jacobian(decay, t)
    n, p = slopes.shape
    residuals = q - decay.quality(t)
    mean = (np.sum(w * q) + 2) / (np.sum(w) + 4)  # never 0 or 1: no month would vary
    precision = w / (mean * (1 - mean))
    dispersion = max(1.0, float(np.sum(precision * residuals**2)) / (n - p)) if n > p else 1.0
    bread = np.linalg.pinv(slopes.T @ (precision[:, np.newaxis] * slopes)).astype(np.float64)
    return Fit(
        decay,
        _aicc(float(np.sum(w * residuals**2) / np.sum(w)), n, p + 1 + (decay.law == "step")),
        dispersion,
        dispersion * bread,
        float(t[0]),
        float(t[-1]),
    )


def _aicc(mean_square: float, n: int, parameters: int) -> float | None:
    """Akaike's criterion for few points; the noise, and where a step lies, are parameters too."""
    spare = n - parameters - 1
    if spare <= 0:
        return None
    penalty = 2 * parameters + 2 * parameters * (parameters + 1) / spare
    return n * log(max(mean_square, NOISE)) + penalty


def _jacobian(decay: Decay, t: Floats) -> Floats:
    """How the law at each age moves with each of its numbers."""
    if decay.law == "linear":
        return np.stack([np.ones_like(t), -t], axis=1)
    if decay.law == "step":
        return np.stack([t < decay.at, t >= decay.at], axis=1).astype(np.float64)
    fallen = np.exp(-decay.loss * t)
    return np.stack([fallen, -(decay.level - decay.floor) * t * fallen, 1 - fallen], axis=1)
