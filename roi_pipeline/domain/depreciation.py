"""Book depreciation: what an asset costs each month of its life (method §1.4, promise 21).

Knows one asset, its dated events and whole calendar months; not where they came from, and no tax
rule (those are in macrs). Money is Decimal in one currency; charges are whole cents, but for the
last one when the base is not.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, get_args

from roi_pipeline.domain.calendar import Months, add_months, month_of, months_between
from roi_pipeline.errors import DataRefused

CENT = Decimal("0.01")
ZERO = Decimal(0)

Method = Literal[
    "straight_line", "declining_balance_150", "declining_balance_200", "sum_of_years_digits"
]
EventKind = Literal["impairment", "improvement", "partial_disposal", "transfer"]
Switch = Literal["remaining", "original", "never"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One line of the fixed-asset register (contracts §2 capex), in the reporting currency.

    DataRefused, naming the asset, when its numbers cannot be depreciated.
    """

    asset_id: str
    system_id: str
    in_service_on: date
    cost: Decimal
    life_months: int
    salvage: Decimal = ZERO
    method: str = "straight_line"
    proration: str = "month"
    disposed_on: date | None = None
    disposal_proceeds: Decimal = ZERO

    def __post_init__(self) -> None:
        if fault := _fault(self):
            raise DataRefused(f"asset {self.asset_id}: {fault}")


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an asset (contracts §2 asset_events), effective from its month on.

    `amount`: value lost (impairment), spent (improvement), or the share of COST that left
    (partial_disposal; its part of the book value is written off less `proceeds`).
    """

    event_on: date
    kind: str
    amount: Decimal = ZERO
    proceeds: Decimal = ZERO
    to_system_id: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Cost of one asset in one month; a negative write-off is a gain on disposal."""

    month: date
    asset_id: str
    system_id: str
    kind: str  # depreciation | write_off | impairment
    amount: Decimal
    book_value: Decimal  # what remains on the books after this charge


@dataclass(frozen=True, slots=True)
class _Book:
    system_id: str
    cost: Decimal
    value: Decimal
    salvage: Decimal


def schedule(asset: Asset, events: Iterable[Event] = ()) -> list[Charge]:
    """Every charge of an asset from service to the end of life or disposal, by month (method §1.4).

    A full month in the in-service month, none in the month of disposal, where the remaining book
    value less proceeds is written off. Events take effect before the charge of their month and
    change later months only. Always: sum of charges + last book value = cost + improvements -
    proceeds. DataRefused, naming the asset, when an event does not fit it.

    >>> server = Asset('srv-1', 'card-fraud', date(2026, 1, 15), Decimal(100), 3)
    >>> [(f'{c.month:%Y-%m}', str(c.amount)) for c in schedule(server)]
    [('2026-01', '33.33'), ('2026-02', '33.34'), ('2026-03', '33.33')]
    >>> sold = replace(server, disposed_on=date(2026, 2, 9), disposal_proceeds=Decimal(40))
    >>> [(c.kind, str(c.amount)) for c in schedule(sold)]
    [('depreciation', '33.33'), ('write_off', '26.67')]
    """
    dated = sorted(events, key=lambda event: (event.event_on, event.kind, event.amount))
    book = _Book(asset.system_id, asset.cost, asset.cost, asset.salvage)
    charges: list[Charge] = []
    plan: Iterator[Decimal] | None = None
    for month in _months(asset, dated):
        age = months_between(asset.in_service_on, month)
        for event in (event for event in dated if month_of(event.event_on) == month):
            book, loss = _apply(asset, book, event, age)
            plan = plan if event.kind == "transfer" else None
            if loss is not None:
                kind = "impairment" if event.kind == "impairment" else "write_off"
                charges.append(_charge(asset, book, month, kind, loss))
        if asset.disposed_on and month_of(asset.disposed_on) == month:
            loss, book = book.value - asset.disposal_proceeds, replace(book, value=ZERO)
            charges.append(_charge(asset, book, month, "write_off", loss))
        elif 0 <= age < asset.life_months:
            plan = iter(_plan(asset, book, age)) if plan is None else plan
            amount = next(plan)
            book = replace(book, value=book.value - amount)
            charges.append(_charge(asset, book, month, "depreciation", amount))
    return charges


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
        reached = base if used == total else _cents(base * used / total)
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
        charge = room if last else min(_cents(max(value * rate, line)), room)
        charges.append(charge)
        value -= charge
    return charges


def _fault(asset: Asset) -> str | None:
    if asset.life_months < 1:
        return f"life_months {asset.life_months} must be at least 1"
    if not 0 <= asset.salvage <= asset.cost:
        return f"0 <= salvage_value {asset.salvage} <= cost {asset.cost} must hold"
    if asset.method not in get_args(Method):
        return f"method {asset.method!r} must be one of {', '.join(get_args(Method))}"
    if asset.proration != "month":
        return f"proration {asset.proration!r} must be 'month'"
    if asset.disposal_proceeds and asset.disposed_on is None:
        return f"disposal_proceeds {asset.disposal_proceeds} need a disposed_on"
    return None


def _plan(asset: Asset, book: _Book, age: int) -> Sequence[Decimal]:
    left = asset.life_months - age
    base = max(book.value - book.salvage, ZERO)
    if asset.method == "straight_line":
        return spread(base, [1] * left)
    if asset.method == "sum_of_years_digits":
        return spread(base, range(left, 0, -1))
    rate = Decimal(asset.method.rpartition("_")[2]) / (100 * asset.life_months)
    return declining_balance(book.value, book.salvage, left, rate)


def _apply(asset: Asset, book: _Book, event: Event, age: int) -> tuple[_Book, Decimal | None]:
    """The books after an event, and what it charges at once."""
    if event.kind == "transfer" and event.to_system_id:
        return replace(book, system_id=event.to_system_id), None
    if event.kind == "improvement" and age < asset.life_months and event.amount > 0:
        cost, value = book.cost + event.amount, book.value + event.amount
        return replace(book, cost=cost, value=value), None
    if event.kind == "impairment" and 0 < event.amount <= book.value:
        return replace(book, value=book.value - event.amount), event.amount
    if event.kind == "partial_disposal" and 0 < event.amount <= book.cost:
        gone, salvage = (
            _cents(part * event.amount / book.cost) for part in (book.value, book.salvage)
        )
        left = _Book(
            book.system_id, book.cost - event.amount, book.value - gone, book.salvage - salvage
        )
        return left, gone - event.proceeds
    raise DataRefused(_misfit(asset, book, event))


def _misfit(asset: Asset, book: _Book, event: Event) -> str:
    expected = {
        "transfer": "a to_system_id",
        "improvement": "an amount above 0 and a date within the life, or to be an asset of its own",
        "impairment": f"an amount above 0 and up to the book value {book.value}",
        "partial_disposal": f"an amount (of cost) above 0 and up to the cost {book.cost}",
    }.get(event.kind, f"a kind out of {', '.join(get_args(EventKind))}")
    what = f"{event.kind} of {event.amount} on {event.event_on}"
    return f"asset {asset.asset_id}: {what} needs {expected}"


def _months(asset: Asset, dated: Sequence[Event]) -> Months:
    """From the first thing that happens to the last; DataRefused for events after disposal."""
    service = month_of(asset.in_service_on)
    happened = [month_of(event.event_on) for event in dated]
    if asset.disposed_on is None:
        ends = [add_months(service, asset.life_months - 1), *happened]
        return Months(min([service, *happened]), max(ends))
    for event in (event for event in dated if event.event_on > asset.disposed_on):
        raise DataRefused(
            f"asset {asset.asset_id}: {event.kind} on {event.event_on} comes after its disposal"
            f" on {asset.disposed_on}: correct one of the two dates"
        )
    disposed = month_of(asset.disposed_on)
    return Months(min([service, disposed, *happened]), disposed)


def _charge(asset: Asset, book: _Book, month: date, kind: str, amount: Decimal) -> Charge:
    return Charge(month, asset.asset_id, book.system_id, kind, amount, book.value)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_EVEN)
