"""How much of a month's outcomes is in yet, by how earlier months filled up (method §3.2).

Knows a triangle: one row a cohort (month of prediction), oldest first; one column an age in months;
cumulative amounts or counts; None where an age lies ahead. Gains and losses go in apart: a signed
sum can pass 0 and then has no factor. Results are float.
"""

from collections.abc import Sequence
from decimal import Decimal

Triangle = Sequence[Sequence[Decimal | None]]


def factors(triangle: Triangle) -> list[float | None]:
    """Volume-weighted growth from each age to the next; None where there is nothing to grow from.

    >>> factors([[Decimal(40), Decimal(50)], [Decimal(20), None]])
    [1.25]
    >>> factors([[Decimal(0), Decimal(9)]])
    [None]
    """
    ages = max((len(row) for row in triangle), default=0)
    return [_factor(triangle, age) for age in range(ages - 1)]


def maturity_by_age(triangle: Triangle) -> list[float | None]:
    """The share of the final amount that is in at each age: 1 / product of the factors to come.

    No tail: the oldest age counts as final. None where a later factor is unknown.

    >>> maturity_by_age([[Decimal(40), Decimal(50)], [Decimal(20), None]])
    [0.8, 1.0]
    """
    if not any(triangle):
        return []
    shares: list[float | None] = [1.0]
    for growth in reversed(factors(triangle)):
        later = shares[-1]
        shares.append(None if later is None or growth is None else later / growth)
    return shares[::-1]


def maturities(triangle: Triangle) -> list[float | None]:
    """The maturity of each cohort at the age it has reached; None when empty or unknown.

    >>> maturities([[Decimal(40), Decimal(50)], [Decimal(20), None]])
    [1.0, 0.8]
    """
    by_age = maturity_by_age(triangle)
    ages = [_age(row) for row in triangle]
    return [None if age is None else by_age[age] for age in ages]


def ultimates(triangle: Triangle) -> list[float | None]:
    """The final amount each cohort is on course for: latest / maturity.

    >>> ultimates([[Decimal(40), Decimal(50)], [Decimal(20), None]])
    [50.0, 25.0]
    """
    return [
        float(_latest(row)) / maturity if maturity else None
        for row, maturity in zip(triangle, maturities(triangle), strict=True)
    ]


def bornhuetter_ferguson(latest: Decimal, maturity: float, expected: Decimal) -> float:
    """The final amount of a cohort that says little yet: what is in, plus the immature share of
    what was expected beforehand.

    >>> bornhuetter_ferguson(Decimal(10), 0.25, Decimal(100))
    85.0
    """
    return float(latest) + (1 - maturity) * float(expected)


def _factor(triangle: Triangle, age: int) -> float | None:
    pairs = [row[age : age + 2] for row in triangle]
    known = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]
    before = sum(a for a, b in known if a is not None and b is not None)
    after = sum(b for a, b in known if a is not None and b is not None)
    return float(after) / float(before) if before > 0 and after > 0 else None


def _age(row: Sequence[Decimal | None]) -> int | None:
    return max((age for age, amount in enumerate(row) if amount is not None), default=None)


def _latest(row: Sequence[Decimal | None]) -> Decimal:
    return [amount for amount in row if amount is not None][-1]
