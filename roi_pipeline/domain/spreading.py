"""An amount over periods, in cents that add up to it exactly (method §0, §1.4).

Knows no asset and no calendar: weights, rates and numbers of periods only.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")  # money, to the cent

Switch = Literal["remaining", "original", "never"]


def cents(amount: Decimal) -> Decimal:
    """Rounded half-even to the cent (method D11).

    >>> str(cents(Decimal('2.345'))), str(cents(Decimal('2.355')))
    ('2.34', '2.36')
    """
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def spread(
    base: Decimal, weights: Iterable[Decimal | int], whole: Decimal | int | None = None
) -> list[Decimal]:
    """A base in proportion to weights, by rounding the cumulative half-even to cents, so that the
    parts add up to the base exactly once the weights add up to the `whole` (default: their sum).

    Weights 1 are straight line, n..1 the sum of years' digits, units with their expected total the
    units of production; what is used beyond the whole is not charged again.

    >>> [str(part) for part in spread(Decimal(1), [1, 1, 1])]
    ['0.33', '0.34', '0.33']
    >>> [str(part) for part in spread(Decimal(900), [300, 600, 200], whole=1000)]
    ['270.00', '540.00', '90.00']
    """
    parts = [Decimal(weight) for weight in weights]
    total = Decimal(sum(parts) if whole is None else whole)
    used, done, charges = ZERO, ZERO, []
    for part in parts:
        used = min(used + part, total)
        reached = base if used == total else cents(base * used / total)
        charges.append(reached - done)
        done = reached
    return charges


def declining_balance(
    value: Decimal, salvage: Decimal, periods: int, rate: Decimal, switch: Switch = "remaining"
) -> list[Decimal]:
    """A fixed rate of the remaining value each period, never below salvage.

    Switches to straight line where that charges more: over the periods that remain (`remaining`,
    US practice), at the first value over all periods (`original`, the French and Belgian rule), or
    `never`, which may leave value above salvage at the end.

    >>> [str(x) for x in declining_balance(Decimal(1000), Decimal(0), 5, Decimal('0.4'))]
    ['400.00', '240.00', '144.00', '108.00', '108.00']
    """
    charges = []
    level = value / periods
    for left in range(periods, 0, -1):
        line = {"remaining": (value - salvage) / left, "original": level, "never": ZERO}[switch]
        room = max(value - salvage, ZERO)
        last = left == 1 and switch == "remaining"
        charge = room if last else min(cents(max(value * rate, line)), room)
        charges.append(charge)
        value -= charge
    return charges
