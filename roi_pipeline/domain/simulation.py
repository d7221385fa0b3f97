"""What a result may become when several inputs are uncertain together (method §5.3).

Numbers are drawn from a seed that the caller stores: the same seed gives the same draws.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from roi_pipeline.domain.degradation import Floats

DRAWS = 100_000
PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Expected:
    """A month to come: its level, how wrong that may be, and how much single months scatter.

    `quality` and `quality_error` are by month ahead; the other errors are relative standard errors,
    `month_error` is money. `freedom` is how many months of scatter those errors were measured on:
    fewer make larger surprises more likely.
    """

    volume: float
    unit_value: float
    error_cost: float
    avoidable: float
    fixed: float
    quality: Floats
    quality_error: Floats
    volume_error: float
    value_error: float
    cost_error: float
    month_error: float
    freedom: float
    correlation: float = 0.0  # of volume and cost


@dataclass(frozen=True)
class Fan:
    """Cumulative net by month ahead: percentiles, and how likely it is recovered."""

    percentiles: Mapping[int, list[float]]
    mean: list[float]
    reached: list[float]  # probability that the cumulative net has been at 0 or above by then
    standing: list[float]  # probability that it is at 0 or above then
    below_hurdle: float  # probability that a year's incremental ROI is below the hurdle
    net_percentiles: Mapping[int, float]  # of the mean monthly net over all months


@dataclass(frozen=True)
class Worlds:
    """Courses of the cumulative net from `now`: `totals` has a row a month ahead, a column a draw.

    `surplus` is what a year's value has above cost and hurdle, by draw.
    """

    now: float
    totals: Floats
    surplus: Floats


def copula(rng: np.random.Generator, correlation: Sequence[Sequence[float]], draws: int) -> Floats:
    """Standard normal draws with that correlation, a row an input: a Gaussian copula's ranks.

    `correlation` must be positive definite (Cholesky).

    >>> found = copula(np.random.default_rng(1), [[1.0, 0.5], [0.5, 1.0]], 20000)
    >>> bool(abs(np.corrcoef(found)[0, 1] - 0.5) < 0.02)
    True
    """
    lower = np.linalg.cholesky(np.asarray(correlation, dtype=np.float64))
    found: Floats = lower @ rng.standard_normal((len(lower), draws))
    return found


def in_order_of(normal: Floats, sample: Floats) -> Floats:
    """A sample of any distribution put in the order of normal draws, so that it depends on the
    others as they do.

    >>> in_order_of(np.array([0.3, -1.0, 2.0]), np.array([9.0, 7.0, 8.0])).tolist()
    [8.0, 7.0, 9.0]
    """
    found = np.empty_like(sample)
    found[np.argsort(normal, kind="stable")] = np.sort(sample)
    return found


def fan(expected: Expected, now: float, hurdle: float, seed: int, draws: int = DRAWS) -> Fan:
    """The cumulative net month by month from `now`, over so many draws (W20)."""
    return spread(worlds(expected, now, hurdle, seed, draws))


def worlds(expected: Expected, now: float, hurdle: float, seed: int, draws: int = DRAWS) -> Worlds:
    """So many courses that the months to come may take.

    One draw is one world: its level of volume, value, cost and quality holds for all months, and
    every month scatters about it. How wide the levels are is itself uncertain when few months were
    seen, so errors are scaled to be Student's.
    """
    rng = np.random.default_rng(seed)
    correlation = np.eye(4)
    correlation[0, 2] = correlation[2, 0] = expected.correlation
    volume, value, cost, quality = copula(rng, correlation.tolist(), draws)
    scale = np.sqrt(expected.freedom / rng.chisquare(expected.freedom, draws))
    decided = expected.volume * np.maximum(1 + expected.volume_error * scale * volume, 0.0)
    decided *= 1 + expected.value_error * value
    running = expected.avoidable * np.maximum(1 + expected.cost_error * scale * cost, 0.0)
    scatter = expected.month_error * scale
    total, values = np.full(draws, now), np.zeros(draws)
    totals = np.empty((len(expected.quality), draws))
    year = min(12, len(expected.quality))
    worth, noise = np.empty(draws), np.empty(draws)
    for k, (level, error) in enumerate(zip(expected.quality, expected.quality_error, strict=True)):
        np.multiply(quality, error, out=worth)
        worth += level
        np.maximum(worth, 0.0, out=worth)
        np.minimum(worth, 1.0, out=worth)
        worth *= expected.unit_value
        worth -= expected.error_cost
        worth *= decided
        if k < year:
            values += worth
        worth -= running
        worth -= expected.fixed
        worth += np.multiply(rng.standard_normal(out=noise), scatter, out=noise)
        total += worth
        totals[k] = total
    return Worlds(now, totals, values - year * running - hurdle * year * running)


def together(
    parts: Iterable[Worlds],
    correlation: Sequence[Sequence[float]],
    months: int,
    now: float,
    drift: float,
    seed: int,
) -> Worlds:
    """The sum of several systems over so many months, world by world; `now` and `drift` a month
    are what no system has.

    Which worlds meet is drawn: where the nets of systems depend on each other, good worlds of one
    meet good worlds of the other (Gaussian copula over the ranks of their cumulative nets at the
    end). A sum of percentiles would say that everything goes wrong at once. All parts have the
    same number of draws.

    >>> one = Worlds(0.0, np.array([[1.0, 2.0, 3.0]]), np.zeros(3))
    >>> alike = [[1.0, 0.999999], [0.999999, 1.0]]
    >>> sorted(together([one, one], alike, 1, 10.0, 1.0, 7).totals[0].tolist())
    [13.0, 15.0, 17.0]
    """
    totals, surplus, begin, ranks = np.zeros((months, 1)), np.zeros(1), now, np.zeros((0, 0))
    for k, part in enumerate(parts):
        draws = part.totals.shape[1]
        if k == 0:
            totals, surplus = np.zeros((months, draws)), np.zeros(draws)
            ranks = copula(np.random.default_rng(seed), correlation, draws)
        met = np.empty(draws, dtype=np.int64)
        met[_order(ranks[k])] = _order(part.totals[months - 1])
        for total, course in zip(totals, part.totals, strict=False):
            total += course[met]
        surplus += part.surplus[met]
        begin += part.now
    for ahead, total in enumerate(totals, 1):
        total += now
        total += drift * ahead
    return Worlds(begin, totals, surplus)


def spread(found: Worlds) -> Fan:
    """Percentiles and probabilities of worlds, month by month."""
    reached = np.full(found.totals.shape[1], found.now >= 0)
    shown = _percentiles(found.totals)
    mean, by_then, then = [], [], []
    for total in found.totals:
        is_recovered = total >= 0
        reached |= is_recovered
        mean.append(float(np.mean(total)))
        by_then.append(_share(reached))
        then.append(_share(is_recovered))
    monthly = {p: (levels[-1] - found.now) / len(levels) for p, levels in shown.items()}
    return Fan(shown, mean, by_then, then, _share(found.surplus < 0), monthly)


def positive_definite(correlation: Sequence[Sequence[float]]) -> list[list[float]]:
    """The same, its dependences halved until they can all hold at once.

    >>> positive_definite([[1.0, 0.5], [0.5, 1.0]])
    [[1.0, 0.5], [0.5, 1.0]]
    >>> round(positive_definite([[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]])[0][1], 3)
    0.45
    """
    found = np.asarray(correlation, dtype=np.float64)
    while np.linalg.eigvalsh(found)[0] < 1e-9:
        found = (found + np.eye(len(found))) / 2
    told: list[list[float]] = found.tolist()
    return told


def _order(samples: Floats) -> np.ndarray:
    """The places of samples in ascending order, equal ones as they came; none are, as a rule, and
    then a sort that is not stable gives the same in a third of the time."""
    found = np.argsort(samples)
    ordered = samples[found]
    is_strict = bool(np.all(ordered[:-1] < ordered[1:]))
    return found if is_strict else np.argsort(samples, kind="stable")


def _share(is_so: np.ndarray) -> float:
    return int(np.count_nonzero(is_so)) / len(is_so)


def _percentiles(samples: Floats) -> dict[int, list[float]]:
    """Of every row of draws, by the nearest rank: no interpolation, so that a number is one that
    was drawn."""
    ordered, draws = np.sort(samples, axis=1), samples.shape[1]
    return {p: ordered[:, min(draws - 1, draws * p // 100)].tolist() for p in PERCENTILES}
