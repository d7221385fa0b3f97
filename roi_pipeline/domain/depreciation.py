"""Book depreciation: what an asset costs each month of its life (method §1.4, promise 21).

Knows one asset, its dated events and whole calendar months; not where they came from, and no tax
rule (those are in macrs). Money is Decimal in one currency; charges are whole cents, but for the
last one when the base is not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from roi_pipeline.domain.calendar import Months, add_months, month_of, months_between
from roi_pipeline.domain.spreading import ZERO, cents, declining_balance, spread
from roi_pipeline.errors import DataRefused

Method = Literal[
    "straight_line",
    "declining_balance_150",
    "declining_balance_200",
    "sum_of_years_digits",
    "units_of_production",
]
Proration = Literal["month", "daily", "half_year"]
_WEIGHT = Decimal("1e-9")  # so that sums of weights are exact
EventKind = Literal["impairment", "improvement", "partial_disposal", "transfer"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One line of the fixed-asset register (contracts §2 capex), in the reporting currency.

    `owner` is who bears its cost: a system or a shared key, as the caller writes it. `life_units`
    is what units of production expects of the whole life.
    DataRefused, naming the asset, when its numbers cannot be depreciated.
    """

    asset_id: str
    owner: str
    in_service_on: date
    cost: Decimal
    life_months: int
    salvage: Decimal = ZERO
    method: str = "straight_line"
    proration: str = "month"
    disposed_on: date | None = None
    disposal_proceeds: Decimal = ZERO
    life_units: Decimal | None = None

    def __post_init__(self) -> None:
        if fault := _fault(self):
            raise DataRefused(f"asset {self.asset_id}: {fault}")


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to an asset (contracts §2 asset_events), effective from its month on.

    `amount`: value lost (impairment), spent (improvement), or the share of COST that left
    (partial_disposal; its part of the book value is written off less `proceeds`). A transfer goes
    to the owner `to`, at the start of its day and at book value.
    """

    event_on: date
    kind: str
    amount: Decimal = ZERO
    proceeds: Decimal = ZERO
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Cost of one asset in one month; a negative write-off is a gain on disposal.

    A transfer is two of them that add up to 0: the book value leaves one owner for the other.
    """

    month: date
    asset_id: str
    owner: str
    kind: str  # depreciation | write_off | impairment | transfer
    amount: Decimal
    book_value: Decimal  # what remains on the books after this charge


@dataclass(frozen=True, slots=True)
class _Book:
    owner: str
    cost: Decimal
    value: Decimal
    salvage: Decimal


def schedule(
    asset: Asset, events: Iterable[Event] = (), used: Mapping[date, Decimal] | None = None
) -> list[Charge]:
    """Every charge of an asset from service to the end of life or disposal, by month (method §1.4).

    A full month in the in-service month, none in the month of disposal, where the remaining book
    value less proceeds is written off. Events take effect before the charge of their month and
    change later months only. `used`, units by month, is what units of production charges by; months
    it does not hold are not charged yet. Always: sum of charges + last book value = cost +
    improvements - proceeds. DataRefused, naming the asset, when an event does not fit it.

    >>> server = Asset('srv-1', 'card-fraud', date(2026, 1, 15), Decimal(100), 3)
    >>> [(f'{c.month:%Y-%m}', str(c.amount)) for c in schedule(server)]
    [('2026-01', '33.33'), ('2026-02', '33.34'), ('2026-03', '33.33')]
    >>> sold = replace(server, disposed_on=date(2026, 2, 9), disposal_proceeds=Decimal(40))
    >>> [(c.kind, str(c.amount)) for c in schedule(sold)]
    [('depreciation', '33.33'), ('write_off', '26.67')]
    """
    dated = sorted(events, key=lambda e: (e.event_on, e.kind != "transfer", e.kind, e.amount))
    book = _Book(asset.owner, asset.cost, asset.cost, asset.salvage)
    weights = _weights(asset, used or {})
    charges: list[Charge] = []
    plan: Iterator[Decimal] | None = None
    for month in _months(asset, dated, len(weights)):
        age = months_between(asset.in_service_on, month)
        for event in (event for event in dated if month_of(event.event_on) == month):
            book, happened = _apply(asset, book, event, age)
            plan = plan if event.kind == "transfer" else None
            charges += [replace(charge, month=month) for charge in happened]
        if asset.disposed_on and month_of(asset.disposed_on) == month:
            loss, book = book.value - asset.disposal_proceeds, replace(book, value=ZERO)
            charges.append(_charge(asset, book, month, "write_off", loss))
        elif 0 <= age < len(weights):
            plan = iter(_plan(asset, book, weights, age)) if plan is None else plan
            amount = next(plan)
            book = replace(book, value=book.value - amount)
            charges.append(_charge(asset, book, month, "depreciation", amount))
    return charges


def _fault(asset: Asset) -> str | None:
    if asset.life_months < 1:
        return f"life_months {asset.life_months} must be at least 1"
    if not 0 <= asset.salvage <= asset.cost:
        return f"0 <= salvage_value {asset.salvage} <= cost {asset.cost} must hold"
    if asset.method not in get_args(Method):
        return f"method {asset.method!r} must be one of {', '.join(get_args(Method))}"
    if asset.proration not in get_args(Proration):
        return f"proration {asset.proration!r} must be one of {', '.join(get_args(Proration))}"
    if asset.proration != "month" and asset.method != "straight_line":
        return f"proration {asset.proration!r} goes with method 'straight_line' only"
    if asset.method == "units_of_production" and not asset.life_units:
        return "method 'units_of_production' needs life_units, the units expected of its life"
    if asset.disposal_proceeds and asset.disposed_on is None:
        return f"disposal_proceeds {asset.disposal_proceeds} need a disposed_on"
    return None


def _weights(asset: Asset, used: Mapping[date, Decimal]) -> list[Decimal]:
    """What each month of the life takes in proportion, from the in-service month on.

    Daily: the first calendar year takes its share of days, whole months in it a whole one, the
    in-service month the rest. Half-year: the first calendar year takes six months, evenly.
    """
    life, first = asset.life_months, asset.in_service_on
    if asset.method == "units_of_production":
        months = [add_months(month_of(first), k) for k in range(life)]
        return [used.get(month, ZERO) for month in months if month <= max(used, default=date.min)]
    if asset.method == "sum_of_years_digits":
        return [Decimal(left) for left in range(life, 0, -1)]
    in_year = 13 - first.month
    if asset.proration == "half_year":
        part = (Decimal(6) / in_year).quantize(_WEIGHT)
        return _until(life, [part] * (in_year - 1) + [6 - part * (in_year - 1)])
    if asset.proration == "daily":
        days, year = (date(first.year + 1, 1, 1) - d for d in (first, date(first.year, 1, 1)))
        part = (Decimal(12) * days.days / year.days).quantize(_WEIGHT)
        return _until(life, [part - (in_year - 1)])
    return [Decimal(1)] * life


def _until(life: int, begun: Sequence[Decimal]) -> list[Decimal]:
    """Weights that begin so, go on with a whole one a month, and add up to the life exactly."""
    weights: list[Decimal] = []
    left = Decimal(life)
    for weight in (*begun, *[Decimal(1)] * life):
        part = min(weight, left)
        left -= part
        if part > 0:
            weights.append(part)
    return weights


def _plan(asset: Asset, book: _Book, weights: Sequence[Decimal], age: int) -> Sequence[Decimal]:
    base = max(book.value - book.salvage, ZERO)
    if asset.method.startswith("declining_balance"):
        rate = Decimal(asset.method.rpartition("_")[2]) / (100 * asset.life_months)
        return declining_balance(book.value, book.salvage, len(weights) - age, rate)
    if asset.life_units is None or asset.method != "units_of_production":
        return spread(base, weights[age:])
    left = asset.life_units - sum(weights[:age])
    return spread(base, weights[age:], whole=left) if left > 0 else [ZERO] * len(weights[age:])


def _apply(asset: Asset, book: _Book, event: Event, age: int) -> tuple[_Book, list[Charge]]:
    """The books after an event, and what it charges at once."""
    if event.kind == "transfer" and event.to:
        to = replace(book, owner=event.to)
        return to, [
            _charge(asset, book, event.event_on, "transfer", -book.value),
            _charge(asset, to, event.event_on, "transfer", book.value),
        ]
    if event.kind == "improvement" and age < asset.life_months and event.amount > 0:
        cost, value = book.cost + event.amount, book.value + event.amount
        return replace(book, cost=cost, value=value), []
    if event.kind == "impairment" and 0 < event.amount <= book.value:
        less = replace(book, value=book.value - event.amount)
        return less, [_charge(asset, less, event.event_on, "impairment", event.amount)]
    if event.kind == "partial_disposal" and 0 < event.amount <= book.cost:
        gone, salvage = (
            cents(part * event.amount / book.cost) for part in (book.value, book.salvage)
        )
        left = _Book(
            book.owner, book.cost - event.amount, book.value - gone, book.salvage - salvage
        )
        loss = gone - event.proceeds
        return left, [_charge(asset, left, event.event_on, "write_off", loss)]
    raise DataRefused(_misfit(asset, book, event))


def _misfit(asset: Asset, book: _Book, event: Event) -> str:
    expected = {
        "transfer": "a to_system_id or a to_allocation_key",
        "improvement": "an amount above 0 and a date within the life, or to be an asset of its own",
        "impairment": f"an amount above 0 and up to the book value {book.value}",
        "partial_disposal": f"an amount (of cost) above 0 and up to the cost {book.cost}",
    }.get(event.kind, f"a kind out of {', '.join(get_args(EventKind))}")
    what = f"{event.kind} of {event.amount} on {event.event_on}"
    return f"asset {asset.asset_id}: {what} needs {expected}"


def _months(asset: Asset, dated: Sequence[Event], life: int) -> Months:
    """From the first thing that happens to the last; DataRefused for events after disposal."""
    service = month_of(asset.in_service_on)
    happened = [month_of(event.event_on) for event in dated]
    if asset.disposed_on is None:
        ends = [add_months(service, max(life, 1) - 1), *happened]
        return Months(min([service, *happened]), max(ends))
    for event in (event for event in dated if event.event_on > asset.disposed_on):
        raise DataRefused(
            f"asset {asset.asset_id}: {event.kind} on {event.event_on} comes after its disposal"
            f" on {asset.disposed_on}: correct one of the two dates"
        )
    disposed = month_of(asset.disposed_on)
    return Months(min([service, disposed, *happened]), disposed)


def _charge(asset: Asset, book: _Book, month: date, kind: str, amount: Decimal) -> Charge:
    return Charge(month, asset.asset_id, book.owner, kind, amount, book.value)
