"""What one unit of work costs (method §1.7), and why a monthly cost changed. Pure."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

# The costs an inference system is expected to have, and in how many months at least once.
EXPECTED_COSTS: Mapping[str, int] = {
    **dict.fromkeys(("compute", "api_fees", "licences", "mlops_labour", "monitoring"), 1),
    **dict.fromkeys(("energy", "network"), 1),
    **dict.fromkeys(("retraining", "compliance", "redeployment"), 12),
}
DIGIT = Decimal("1E-18")
EXACT = Context(prec=76, rounding=ROUND_HALF_EVEN)  # sums of DECIMAL(38,18) keep every digit


def per(amount: Decimal, units: Decimal | int, count: int = 1) -> Decimal | None:
    """An amount for `count` units, to six decimals; None without units.

    >>> per(Decimal(130), 2000, 1000), per(Decimal(130), 0)
    (Decimal('65.000000'), None)
    """
    if units == 0:
        return None
    with localcontext(EXACT):
        return (amount * count / units).quantize(Decimal("0.000001"))


def accelerator_cost_per_prediction(
    price_per_hour: Decimal,
    accelerators: int,
    predictions_per_second: Decimal,
    utilisation: Decimal,
) -> Decimal:
    """From the price of an accelerator hour to a prediction (W05): the hours that are paid for,
    busy or not, over the predictions made in them. ValueError unless something is served.

    >>> cost = accelerator_cost_per_prediction(Decimal('2.5'), 1, Decimal(40), Decimal('0.35'))
    >>> round(cost * 1000, 6)
    Decimal('0.049603')
    """
    served = predictions_per_second * 3600 * utilisation
    if served <= 0:
        raise ValueError(f"no predictions in an hour: {predictions_per_second} a second")
    return price_per_hour * accelerators / served


@dataclass(frozen=True, slots=True)
class CostChange:
    """A change of cost by cause; the four add up to it exactly."""

    price: Decimal
    volume: Decimal
    mix: Decimal
    other: Decimal

    @property
    def total(self) -> Decimal:
        """The whole change."""
        with localcontext(EXACT):
            return sum(astuple(self), Decimal(0))


@dataclass(frozen=True, slots=True)
class Used:
    """A month of one cost: its amount, the units consumed for it (None where it has none), and the
    predictions of the system."""

    amount: Decimal
    quantity: Decimal | None
    predictions: int


def split_cost_change(before: Used, after: Used) -> CostChange:
    """Why a cost changed from one month to the next, to the last of 18 decimals (method §7.2).

    volume: more predictions, each as before. mix: more units a prediction, at the old price.
    price: the new price of the units used now. What has no units, or had none before, is `other`:
    a contract, a new or an ended cost, a correction. Without predictions before, or now, volume is
    the change in units itself.

    >>> old = Used(Decimal(100), Decimal(50), 10)
    >>> [str(part.normalize()) for part in astuple(split_cost_change(old, old))]
    ['0', '0', '0', '0']
    >>> new = Used(Decimal(180), Decimal(60), 11)  # 2 a unit then, 3 now; 5 units each, 5.45 now
    >>> [f'{part.normalize():f}' for part in astuple(split_cost_change(old, new))]
    ['60', '10', '10', '0']
    """
    nothing = Decimal(0)
    with localcontext(EXACT):
        change = after.amount - before.amount
        if not before.quantity or not after.quantity:
            return CostChange(nothing, nothing, nothing, change)
        at_old_price = before.amount * after.quantity / before.quantity - before.amount
        volume = at_old_price
        if before.predictions and after.predictions:
            growth = after.predictions - before.predictions
            volume = before.amount * growth / before.predictions
        used, volume = at_old_price.quantize(DIGIT), volume.quantize(DIGIT)
        return CostChange(change - used, volume, used - volume, nothing)
