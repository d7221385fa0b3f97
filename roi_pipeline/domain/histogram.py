"""What counts in fixed bins say: percentiles and how far a distribution has moved.

Knows bins and counts; not what was measured. Results are float, in the unit of the bins.
"""

from collections.abc import Mapping, Sequence
from math import log

# Half a count in each bin: a bin that one side never saw has no logarithm without it.
UNSEEN = 0.5


def quantile(bounds: Sequence[float], counts: Mapping[float, int], share: float) -> float | None:
    """The value below which a share of the counts lies, straight inside a bin; None without counts.

    `counts` by a bin's upper bound, each one of `bounds`; a bin begins where the one before ends,
    the first at 0. The last bin has no end that was measured: what lies in it is its beginning.

    >>> quantile([10, 20, 1000], {10: 50, 20: 50}, 0.75)
    15.0
    >>> quantile([10, 20, 1000], {1000: 5}, 0.5)
    20.0
    """
    total = sum(counts.values())
    below, low = 0.0, 0.0
    for bound in bounds:
        n = counts.get(bound, 0)
        if n and below + n >= share * total:
            if bound == bounds[-1]:
                return float(low)
            return low + (bound - low) * (share * total - below) / n
        below, low = below + n, bound
    return None


def population_stability(
    reference: Mapping[float, int], current: Mapping[float, int]
) -> float | None:
    """PSI of two histograms: sum of (p - q) * ln(p / q) over the bins that either has; None when
    one is empty. By custom 0.1 is a little and 0.25 a lot.

    >>> population_stability({1: 50, 2: 50}, {1: 50, 2: 50})
    0.0
    >>> round(population_stability({1: 50, 2: 50}, {1: 90, 2: 10}), 2)
    0.85
    """
    bins = reference.keys() | current.keys()
    if not sum(reference.values()) or not sum(current.values()):
        return None
    p, q = (
        {bin_: _share(counts, bin_, len(bins)) for bin_ in bins} for counts in (current, reference)
    )
    return sum((p[bin_] - q[bin_]) * log(p[bin_] / q[bin_]) for bin_ in sorted(bins))


def stability_by_chance(
    reference: Mapping[float, int], current: Mapping[float, int]
) -> float | None:
    """The PSI that two samples of one distribution have on average: (bins - 1) * (1/n + 1/m).

    >>> stability_by_chance({1: 50, 2: 50}, {1: 90, 2: 10})
    0.02
    """
    n, m = sum(reference.values()), sum(current.values())
    if not n or not m:
        return None
    return (len(reference.keys() | current.keys()) - 1) * (1 / n + 1 / m)


def _share(counts: Mapping[float, int], bin_: float, bins: int) -> float:
    return (counts.get(bin_, 0) + UNSEEN) / (sum(counts.values()) + UNSEEN * bins)
