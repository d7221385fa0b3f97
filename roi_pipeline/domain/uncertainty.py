"""How far a rate, a total or a return may be from what was counted (method §4.2, W14, W15).

Knows sums and counts, never rows. Money comes in as Decimal; errors and intervals are float.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import fsum, hypot, sqrt
from statistics import NormalDist

from roi_pipeline.errors import DataRefused

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated total and its standard error, in the unit of what was summed."""

    total: float
    standard_error: float

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """The normal interval around the total."""
        reach = z_score(confidence) * self.standard_error
        return Interval(self.total - reach, self.total + reach)


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of an experiment: mean and standard deviation of value per decision."""

    mean: float
    standard_deviation: float
    n: int


def z_score(confidence: float = CONFIDENCE) -> float:
    """Standard errors to each side of a two-sided interval.

    >>> round(z_score(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(hits: int, n: int, confidence: float = CONFIDENCE) -> Interval | None:
    """The Wilson interval of a rate hits/n, within 0 and 1; None without observations.

    >>> wilson(0, 50).low, round(wilson(0, 50).high, 4), wilson(0, 0)
    (0.0, 0.0713, None)
    """
    if n <= 0:
        return None
    rate, z2 = hits / n, z_score(confidence) ** 2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    reach = sqrt(z2 * (rate * (1 - rate) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return Interval(
        0.0 if hits == 0 else centre - reach,  # exact where rounding is not
        1.0 if hits == n else centre + reach,
    )


def se_of_total(n: int, total: Decimal, sum_of_squares: Decimal) -> float | None:
    """s*sqrt(n): the standard error of a sum of n values, s their sample standard deviation.

    It conditions on n: that the volume may vary too is not in it. None for fewer than two values.

    >>> se_of_total(2, Decimal(4), Decimal(10))
    2.0
    """
    if n < 2:
        return None
    with localcontext(prec=80):  # the difference of two nearly equal numbers
        variance = (sum_of_squares - total * total / n) / (n - 1)
        return sqrt(max(variance * n, Decimal(0)))


def se_of_clusters(clusters: Iterable[tuple[int, Decimal]]) -> float | None:
    """The standard error of a sum whose values stand or fall together: (n, total) of each cluster.

    sqrt(K/(K-1) * sum (T - n*mean)^2): like s*sqrt(n) it conditions on how many values there are,
    and it is near it when clusters do not matter (method §4.2, in closed form rather than by
    resampling). None for fewer than two clusters, or without values.

    >>> se_of_clusters([(2, Decimal(4)), (2, Decimal(0))])
    4.0
    """
    known = list(clusters)
    n = sum(count for count, _ in known)
    if len(known) < 2 or not n:
        return None
    with localcontext(prec=80):
        mean = sum((total for _, total in known), Decimal(0)) / n
        spread = sum(((total - count * mean) ** 2 for count, total in known), Decimal(0))
        return sqrt(spread * len(known) / (len(known) - 1))


def roi_standard_error(
    value: Decimal,
    se_value: float,
    cost: Decimal,
    se_cost: float = 0.0,
    covariance: float = 0.0,
) -> float | None:
    """The standard error of V/C-1 by the delta method; None unless cost is positive.

    >>> roi_standard_error(Decimal(200), 30.0, Decimal(100), 20.0)
    0.5
    """
    if cost <= 0:
        return None
    v, c = float(value), float(cost)
    square = (se_value / c) ** 2 + (v * se_cost / c**2) ** 2 - 2 * v * covariance / c**3
    return sqrt(max(square, 0.0))


def roi_interval_delta(
    value: Decimal,
    se_value: float,
    cost: Decimal,
    se_cost: float = 0.0,
    covariance: float = 0.0,
    confidence: float = CONFIDENCE,
) -> Interval | None:
    """The interval of V/C-1 by the delta method, for cost that is known or nearly; None unless cost
    is positive.

    >>> roi_interval_delta(Decimal(150), 0.0, Decimal(100))
    Interval(low=0.5, high=0.5)
    """
    error = roi_standard_error(value, se_value, cost, se_cost, covariance)
    if error is None:
        return None
    return Estimate(float(value) / float(cost) - 1, error).interval(confidence)


def roi_interval_fieller(
    value: Decimal,
    se_value: float,
    cost: Decimal,
    se_cost: float,
    confidence: float = CONFIDENCE,
) -> Interval | None:
    """Fieller's interval of V/C-1 when cost is uncertain too and independent of value.

    None when it has no bounds: cost not positive, or not distinct from 0 (z*sC/C >= 1).

    >>> roi_interval_fieller(Decimal(150), 10.0, Decimal(100), 60.0) is None
    True
    """
    z = z_score(confidence)
    if cost <= 0 or (g := (z * se_cost / float(cost)) ** 2) >= 1:
        return None
    ratio = float(value) / float(cost)
    spread = hypot(se_value * sqrt(1 - g), ratio * se_cost) / float(cost)
    reach, centre = z * spread / (1 - g), ratio / (1 - g)
    return Interval(centre - reach - 1, centre + reach - 1)


def horvitz_thompson(released: Iterable[tuple[Decimal, float]]) -> Estimate:
    """The total over all decisions from those released at random: (value, propensity) of each.

    V = sum v/pi, var = sum v^2(1-pi)/pi^2 (method §4.1). DataRefused unless 0 < propensity <= 1.

    >>> horvitz_thompson([(Decimal(9), 0.5), (Decimal(0), 0.5)]).total
    18.0
    """
    totals, variances = [], []
    for value, propensity in released:
        if not 0 < propensity <= 1:
            raise DataRefused(
                f"propensity {propensity} of a released decision must lie above 0 and up to 1:"
                " log the probability with which it was released"
            )
        totals.append(float(value) / propensity)
        variances.append(float(value) ** 2 * (1 - propensity) / propensity**2)
    return Estimate(fsum(totals), sqrt(fsum(variances)))


def ab_incremental(treatment: Arm, control: Arm, acted: int) -> Estimate | None:
    """Value over `acted` decisions that the treatment adds to the control, with Welch's error.

    None when an arm is empty (method §4.1 grade A).

    >>> ab_incremental(Arm(12.5, 3.0, 9), Arm(10.0, 0.0, 4), 100)
    Estimate(total=250.0, standard_error=100.0)
    """
    if min(treatment.n, control.n) < 1:
        return None
    errors = [arm.standard_deviation / sqrt(arm.n) for arm in (treatment, control)]
    return Estimate(acted * (treatment.mean - control.mean), acted * hypot(*errors))
