"""What is known of a value, whose it is, and why it changed (method §2.7, §3.1, §3.3, §7.2).

Knows sums and counts of one system and month; not the drivers or prices they came from.
Money is Decimal throughout, and parts add up to their whole exactly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import comb

CENT = Decimal("0.01")

Worth = Callable[[frozenset[str]], Decimal]  # of an outcome, had only these systems acted


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what was acted on is linked to an outcome; None for a share of nothing."""

    coverage: float | None  # linked / acted
    maturity: float | None  # matured linked / linked
    evidence_share: float | None  # matured linked / acted


@dataclass(frozen=True, slots=True)
class Bounds:
    """Realised value with every unknown decision at its worst and at its best.

    `point` stands between them if the unknown are like the known; None when nothing is known.
    """

    low: Decimal
    point: Decimal | None
    high: Decimal


def coverage(acted: int, linked: int, matured_linked: int) -> Coverage:
    """Shares of evidence (method §3.1). Predictions nobody acted on are in none of the counts.

    >>> coverage(10, 8, 6)
    Coverage(coverage=0.8, maturity=0.75, evidence_share=0.6)
    """
    return Coverage(
        _share(linked, acted), _share(matured_linked, linked), _share(matured_linked, acted)
    )


def bounds(
    realised: Decimal, acted: int, matured_linked: int, worst: Decimal, best: Decimal
) -> Bounds:
    """Realised value widened by the unknown decisions, each worth `worst` to `best` (method §3.3).

    >>> bounds(Decimal(30), 10, 6, Decimal(-1), Decimal(5))
    Bounds(low=Decimal('26'), point=Decimal('50'), high=Decimal('50'))
    """
    unknown = acted - matured_linked
    point = realised * acted / matured_linked if matured_linked else None
    return Bounds(realised + unknown * worst, point, realised + unknown * best)


def allocate(
    amount: Decimal, weights: Mapping[str, Decimal | Fraction | int], unit: Decimal = CENT
) -> dict[str, Decimal]:
    """An amount in proportion to weights, in whole units but for a rest smaller than one.

    Largest remainder (method §0): floors first, then one unit each to the largest remainders, ties
    by name; a rest below one unit goes to the first of them. Parts add up to the amount exactly,
    negatives included. ValueError unless the weights add up to more than 0.

    >>> {k: str(v) for k, v in allocate(Decimal('-100.00'), {'a': 1, 'b': 1, 'c': 1}).items()}
    {'a': '-33.33', 'b': '-33.33', 'c': '-33.34'}
    """
    total = sum(Fraction(weight) for weight in weights.values())
    if total <= 0:
        raise ValueError(f"cannot allocate {amount}: the weights {dict(weights)} add up to {total}")
    return _whole({k: Fraction(amount) * Fraction(w) / total for k, w in weights.items()}, unit)


def first_touch(came: Mapping[str, int], worth: Worth) -> dict[str, Decimal]:
    """What each system added to those that acted before it; adds up to the worth of all.

    `came` are places in the order of acting; those who came at the same time share what they added
    equally (method §2.7, W16).

    >>> first_touch({'a': 1, 'b': 2}, lambda systems: Decimal(100 + 30 * (len(systems) - 1)))
    {'a': Decimal('100.00'), 'b': Decimal('30.00')}
    """
    shares: dict[str, Decimal] = {}
    before = Decimal(0)
    for place in sorted(set(came.values())):
        together = [system for system, at in came.items() if at == place]
        reached = worth(frozenset([*shares, *together]))
        shares |= allocate(reached - before, dict.fromkeys(together, 1))
        before = reached
    return {system: shares[system] for system in came}


def equal(systems: Sequence[str], worth: Worth) -> dict[str, Decimal]:
    """The worth of all in equal parts.

    >>> equal(['a', 'b'], lambda systems: Decimal(130))
    {'a': Decimal('65.00'), 'b': Decimal('65.00')}
    """
    return allocate(worth(frozenset(systems)), dict.fromkeys(systems, 1))


def shapley(systems: Sequence[str], worth: Worth, unit: Decimal = CENT) -> dict[str, Decimal]:
    """What each system adds on average over all orders of acting; adds up to the worth of all.

    Asks for the worth of every subset: 2**n of them.

    >>> alone = {'a': 100, 'b': 80}
    >>> shapley(['a', 'b'], lambda s: Decimal(130 if len(s) == 2 else alone[min(s)]))
    {'a': Decimal('75.00'), 'b': Decimal('55.00')}
    """
    return _whole({system: _mean_addition(system, systems, worth) for system in systems}, unit)


@dataclass(frozen=True, slots=True)
class Month:
    """What made one month's net value: volume * (unit_value * quality - error_cost) - cost."""

    volume: Decimal  # decisions
    quality: Decimal  # share that was right
    unit_value: Decimal  # what a right decision is worth above a wrong one
    error_cost: Decimal  # what a wrong decision costs
    cost: Decimal  # avoidable cost of the month

    @property
    def net(self) -> Decimal:
        """Value less cost."""
        return self.volume * self._each - self.cost

    @property
    def _each(self) -> Decimal:
        return self.unit_value * self.quality - self.error_cost


@dataclass(frozen=True, slots=True)
class Change:
    """A change of net value by cause; the four add up to it exactly."""

    volume: Decimal
    quality: Decimal
    price: Decimal
    cost: Decimal

    @property
    def total(self) -> Decimal:
        """The whole change."""
        return sum(astuple(self), Decimal(0))

    @property
    def dominant(self) -> str | None:
        """The cause that took most away: `quality` says retrain or roll back before replacing,
        `cost` renegotiate, quantise or batch; None when nothing took away."""
        effects = {field.name: getattr(self, field.name) for field in fields(self)}
        worst = min(effects, key=lambda cause: effects[cause])
        return worst if effects[worst] < 0 else None


def split_change(before: Month, after: Month) -> Change:
    """The change between two months, one cause after another: volume, quality, price, cost.

    The order is fixed (W24), since another gives other parts of the same total: volume at the old
    quality and price, quality at the new volume and old price, price at both new.

    >>> old = Month(Decimal(10), Decimal(1), Decimal(5), Decimal(0), Decimal(20))
    >>> new = Month(Decimal(8), Decimal('0.5'), Decimal(6), Decimal(0), Decimal(21))
    >>> [str(effect) for effect in astuple(split_change(old, new))]
    ['-10', '-20.0', '4.0', '-1']
    """
    worse = Month(after.volume, after.quality, before.unit_value, before.error_cost, before.cost)
    return Change(
        volume=(after.volume - before.volume) * before._each,
        quality=after.volume * (worse._each - before._each),
        price=after.volume * (after._each - worse._each),
        cost=before.cost - after.cost,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean_addition(system: str, systems: Sequence[str], worth: Worth) -> Fraction:
    others = [other for other in systems if other != system]
    mean = Fraction(0)
    for size in range(len(systems)):
        for group in combinations(others, size):
            with_it = Fraction(worth(frozenset(group) | {system}))
            without = Fraction(worth(frozenset(group))) if group else Fraction(0)
            mean += (with_it - without) / (len(systems) * comb(len(others), size))
    return mean


def _whole(exact: Mapping[str, Fraction], unit: Decimal) -> dict[str, Decimal]:
    """Exact parts as whole units that keep their sum."""
    step = Fraction(unit)
    floors = {k: part // step for k, part in exact.items()}
    by_remainder = sorted(exact, key=lambda k: (floors[k] * step - exact[k], k))
    spare, rest = divmod(sum(exact.values()) - sum(floors.values()) * step, step)
    parts = {k: floors[k] * unit for k in exact}
    for k in by_remainder[:spare]:
        parts[k] += unit
    parts[by_remainder[0]] += Decimal(rest.numerator) / rest.denominator
    return parts
