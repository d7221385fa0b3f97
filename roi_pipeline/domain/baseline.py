"""The process before a system, measured from its own cases (method §2.1, §4.2).

Knows numbers of cases; not where they were read. Values are Decimal with nine digits, as
baselines.csv holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import fsum, sqrt

from roi_pipeline.domain.uncertainty import wilson, z_score

DIGITS = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of the process before: its value, how many cases it rests on, its standard error."""

    value: Decimal
    n: int
    standard_error: Decimal


def mean(values: Sequence[float]) -> Measured:
    """The mean of a number per case, with s / sqrt(n); ValueError for fewer than two cases.

    >>> mean([1.0, 2.0, 3.0])
    Measured(value=Decimal('2.000000000'), n=3, standard_error=Decimal('0.577350269'))
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"{n} cases: a standard error needs two at least")
    middle = fsum(values) / n
    spread = sqrt(fsum((value - middle) ** 2 for value in values) / (n - 1))
    return Measured(_rounded(middle), n, _rounded(spread / sqrt(n)))


def rate(hits: int, n: int) -> Measured:
    """A share of cases; its standard error is half the 95 % Wilson interval over 1.96, so that a
    rate of 0 is not told as certain. ValueError without cases.

    >>> rate(60, 1000)
    Measured(value=Decimal('0.060000000'), n=1000, standard_error=Decimal('0.007544680'))
    >>> rate(0, 1000).standard_error
    Decimal('0.000976232')
    """
    interval = wilson(hits, n)
    if interval is None:
        raise ValueError("no cases: a rate of nothing is not known")
    return Measured(_rounded(hits / n), n, _rounded((interval.high - interval.low) / 2 / z_score()))


def _rounded(number: float) -> Decimal:
    return Decimal(repr(number)).quantize(DIGITS)
