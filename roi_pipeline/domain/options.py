"""What to do about a system: what each way out is worth, and which one comes first (method §7).

Knows flows of money by month and qualities; not whose they are. Money is float here: what is
discounted has no exact decimal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from roi_pipeline.domain.cashflow import equivalent_periodic_value
from roi_pipeline.domain.degradation import Floats

SURE = 0.8  # below this probability of being best, the second-best is named too
# What helps against which cause of a fall in net value (W24); other options help against any.
REMEDIES: Mapping[str, tuple[str, ...]] = {
    "quality": ("retrain", "rollback"),
    "cost": ("renegotiate", "quantise", "batch"),
}


@dataclass(frozen=True)
class Ranked:
    """An option among the others; `probability_best` is the share of draws in which it won."""

    option: str
    rank: int
    probability_best: float
    is_recommended: bool


def option_npv(
    rate: float,
    one_off: float,
    values: Sequence[float],
    costs: Sequence[float],
    salvage: float = 0.0,
) -> float:
    """-one_off + sum (V_k - A_k)/(1+r)^k for k = 1.. + salvage at the end (method §7.1).

    >>> option_npv(0.25, 100.0, [250.0], [0.0], salvage=25.0)
    120.0
    """
    flows = [
        (v - a) / (1 + rate) ** k for k, (v, a) in enumerate(zip(values, costs, strict=True), 1)
    ]
    return fsum([-one_off, *flows, salvage / (1 + rate) ** len(values)])


def equivalent_monthly(npv: float, rate: float, life: int) -> float:
    """The level amount a month worth the same over the option's life: compares unequal lives.

    >>> round(equivalent_monthly(5000.0, 1.12 ** (1 / 12) - 1, 12), 6)
    442.810337
    """
    return equivalent_periodic_value(npv, rate, life)


def recovered_value(
    decisions: float,
    quality_there: float,
    quality_here: float,
    unit_value: float,
    months: int,
    cost: float,
) -> float:
    """N*(q_X_now - q_current_now)*(gain + c_err)*H - cost, undiscounted (method §7.3, W23).

    Both qualities must come from the same recent labelled rows.

    >>> recovered_value(1000.0, 0.75, 0.5, 16.0, 6, 5000.0)
    19000.0
    """
    return decisions * (quality_there - quality_here) * unit_value * months - cost


def rank(draws: Mapping[str, Floats], worth: Mapping[str, float]) -> list[Ranked]:
    """Options by expected worth, best first; draws of one option line up with those of another.

    The best is recommended, and the second with it when the best wins fewer than 80 % of their
    draws (method §7.1).

    >>> found = rank({"keep": np.array([1.0, 4.0]), "stop": np.array([2.0, 2.0])},
    ...              {"keep": 2.5, "stop": 2.0})
    >>> [(one.option, one.probability_best, one.is_recommended) for one in found]
    [('keep', 0.5, True), ('stop', 0.5, True)]
    """
    order = sorted(worth, key=lambda option: (-worth[option], option))
    table = np.stack([draws[option] for option in order])
    best = np.argmax(table, axis=0)
    shares = [float(np.mean(best == place)) for place in range(len(order))]
    is_close = len(order) > 1 and float(np.mean(table[0] > table[1])) < SURE
    return [
        Ranked(option, place + 1, shares[place], place == 0 or (place == 1 and is_close))
        for place, option in enumerate(order)
    ]


def first_action(worth: Mapping[str, float], cause: str | None) -> str:
    """Which option to take up first (method §7.2).

    What helps against the dominant cause of the fall comes before anything bigger, as long as it
    is worth more than carrying on and than stopping; otherwise the option that is worth most.

    >>> worth = {"keep": -5.0, "retrain": 10.0, "replace": 20.0}
    >>> first_action(worth, "quality"), first_action(worth, "volume")
    ('retrain', 'replace')
    """
    best = max(worth, key=lambda option: (worth[option], option))
    least = max((worth[name] for name in ("keep", "decommission") if name in worth), default=0.0)
    remedies = REMEDIES.get(cause or "", ())
    helping = [option for option in worth if option.split("/")[0] in remedies]
    chosen = max(helping, key=lambda option: worth[option], default=best)
    return chosen if worth[chosen] > least else best
