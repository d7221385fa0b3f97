"""What the demo company pays: charges by the day, commitments, assets and invoices.

Pure parameters like `plan`, and the accounting of each in closed form. No file is read here.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from roi_pipeline.demo.plan import (
    FRAUD,
    INSPECTION,
    INVESTED,
    LIVE,
    MONTHS,
    ROUTING,
    SUPPORT,
    UNALLOCATED,
)

CENT = Decimal("0.01")


def days_in(month: date) -> int:
    """Days of the month."""
    return monthrange(month.year, month.month)[1]


def last_day(month: date) -> date:
    """The last day of the month."""
    return month.replace(day=days_in(month))


@dataclass(frozen=True)
class Daily:
    """A cloud charge of the same amount every day, from a month on; `key` is what it is tagged."""

    resource: str
    key: str
    amount: Decimal
    service_category: str
    service_name: str
    since: date
    until: date | None = None  # the first month without it

    def runs_in(self, month: date) -> bool:
        """Whether the charge is made in that month."""
        return self.since <= month and (self.until is None or month < self.until)


def _daily(resource: str, key: str, amount: str, service: str, since: date) -> Daily:
    category, _, name = service.partition("/")
    return Daily(resource, key, Decimal(amount), category, name, since)


_SPLIT = MONTHS[5]  # the platform's costs are shared by four systems from here, by two before
SHARES: Mapping[str, Mapping[str, Decimal]] = {
    "platform-start": {FRAUD: Decimal("0.60"), INSPECTION: Decimal("0.40")},
    "platform": {
        FRAUD: Decimal("0.35"),
        INSPECTION: Decimal("0.25"),
        SUPPORT: Decimal("0.25"),
        ROUTING: Decimal("0.15"),
    },
}
DAILY = (
    _daily("vm-features", FRAUD, "14.40", "Compute/Virtual Machines", INVESTED[FRAUD]),
    _daily("feature-store", FRAUD, "3.20", "Storage/Object Storage", INVESTED[FRAUD]),
    _daily("gpu-batch", INSPECTION, "48.00", "Compute/GPU Instances", LIVE[INSPECTION]),
    _daily("vm-assistant", SUPPORT, "9.60", "Compute/Virtual Machines", LIVE[SUPPORT]),
    _daily("fleet-backend", ROUTING, "8.40", "Compute/Virtual Machines", LIVE[ROUTING]),
    _daily("fleet-transfer", ROUTING, "1.25", "Networking/Data Transfer", LIVE[ROUTING]),
    _daily("bucket-tmp", UNALLOCATED, "2.35", "Storage/Object Storage", MONTHS[0]),
    _daily("egress", UNALLOCATED, "0.85", "Networking/Data Transfer", MONTHS[0]),
    Daily(
        resource="kube-shared",
        key="platform-start",
        amount=Decimal("24.00"),
        service_category="Compute",
        service_name="Managed Kubernetes",
        since=MONTHS[0],
        until=_SPLIT,
    ),
    _daily("kube-shared", "platform", "24.00", "Compute/Managed Kubernetes", _SPLIT),
)
SANDBOX_DAILY = Decimal("0.75")  # the provider of language models, without a tag
SANDBOX_SINCE = LIVE[SUPPORT]


@dataclass(frozen=True)
class Once:
    """A charge that comes once: a credit, a support plan, a correction of an earlier month."""

    provider: str
    billed_in: date
    charged_on: date
    key: str
    amount: Decimal
    category: str
    description: str
    is_correction: bool = False


def once() -> Iterator[Once]:
    """Every single charge of both providers."""
    for position, month in enumerate(MONTHS):
        plan = Decimal("100.00")
        yield Once("nimbus", month, month, UNALLOCATED, plan, "Purchase", "Support plan")
        if position < 6:
            credit = Decimal("-150.00")
            yield Once("nimbus", month, month, FRAUD, credit, "Credit", "Start credit")
    outage = date(2025, 6, 1)
    yield Once("lingua", outage, outage, SUPPORT, Decimal("-40.00"), "Credit", "Outage credit")
    yield Once(
        provider="nimbus",
        billed_in=date(2026, 4, 1),
        charged_on=date(2026, 3, 10),
        key=INSPECTION,
        amount=Decimal("-96.00"),
        category="Usage",
        description="GPU hours charged twice on 2026-03-10",
        is_correction=True,
    )


# Two commitments of a year, paid at once; 20 USD a day are used up, or lost.
COMMITMENT_KEY = INSPECTION
COMMITMENT_STARTS = (date(2024, 12, 1), date(2025, 12, 1))
COMMITMENT_PRICE = Decimal("7300.00")
COMMITMENT_USED_DAILY, COMMITMENT_UNUSED_DAILY = Decimal("18.40"), Decimal("1.60")


@dataclass(frozen=True)
class Asset:
    """A line of the fixed-asset register, written off in equal months."""

    asset_id: str
    description: str
    system_id: str
    acquired_on: date
    in_service_on: date
    cost: Decimal
    salvage: Decimal
    life_months: int
    disposed_on: date | None = None
    proceeds: Decimal | None = None
    power_kw: str = ""
    location: str = ""


def _servers() -> Iterator[Asset]:
    """Bought for the fraud system; they run in the company's own cage."""
    for number in (1, 2):
        yield Asset(
            asset_id=f"GPU-00{number}",
            description=f"GPU server {number}",
            system_id=FRAUD,
            acquired_on=date(2024, 11, 12),
            in_service_on=date(2025, 1, 6),
            cost=Decimal("33600.00"),
            salvage=Decimal("2400.00"),
            life_months=36,
            power_kw="2.6",
            location="cage 4",
        )
    yield Asset(
        asset_id="NET-001",
        description="Rack switch",
        system_id=FRAUD,
        acquired_on=date(2024, 11, 20),
        in_service_on=date(2025, 1, 6),
        cost=Decimal("5000.00"),
        salvage=Decimal("0.00"),
        life_months=36,
        power_kw="0.2",
        location="cage 4",
    )


def _cameras() -> Asset:
    return Asset(
        asset_id="CAM-001",
        description="Line cameras",
        system_id=INSPECTION,
        acquired_on=date(2024, 11, 18),
        in_service_on=date(2025, 1, 2),
        cost=Decimal("48000.00"),
        salvage=Decimal("3000.00"),
        life_months=48,
        location="plant 1",
    )


def _edge_devices() -> Iterator[Asset]:
    """Ten devices a depot; the west depot was closed and its devices were sold."""
    for number, depot in enumerate(("north", "south", "east", "west"), start=1):
        yield Asset(
            asset_id=f"EDG-00{number}",
            description=f"Edge devices, depot {depot}",
            system_id=ROUTING,
            acquired_on=date(2025, 2, 10),
            in_service_on=date(2025, 3, 3),
            cost=Decimal("9000.00"),
            salvage=Decimal("0.00"),
            life_months=48,
            disposed_on=date(2026, 5, 20) if depot == "west" else None,
            proceeds=Decimal("4100.00") if depot == "west" else None,
            location=f"depot {depot}",
        )


ASSETS = (*_servers(), _cameras(), *_edge_devices())


def depreciation(asset: Asset, month: date) -> Decimal:
    """Straight line by whole months, cumulative rounding to the cent (method §1.4).

    The month of disposal carries the remaining book value less the proceeds instead.
    """
    charged = _written_off(asset, month)
    if asset.disposed_on is None or month < asset.disposed_on.replace(day=1):
        return charged - _written_off(asset, _before(month))
    if month > asset.disposed_on:
        return Decimal(0)
    book = asset.cost - _written_off(asset, _before(month))
    return book - (asset.proceeds or Decimal(0))


def _written_off(asset: Asset, month: date) -> Decimal:
    """Charged from the in-service month to the end of `month`."""
    start = asset.in_service_on
    months = (month.year - start.year) * 12 + month.month - start.month + 1
    months = max(0, min(months, asset.life_months))
    whole = (asset.cost - asset.salvage) * months / asset.life_months
    return whole.quantize(CENT, rounding=ROUND_HALF_EVEN)


def _before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


@dataclass(frozen=True)
class Invoice:
    """A line of the ledger of operating costs; a service period includes its last day."""

    entry_id: str
    document_on: date
    amount: Decimal
    category: str
    system_id: str
    currency: str = "USD"
    service_start: date | None = None
    service_end: date | None = None
    vendor: str = ""
    committed_until: date | None = None
    is_avoidable: bool = True


# Units of USD for one EUR, by business day; a document of a weekend or a holiday takes the day
# before it.
EURO_RATES: Mapping[date, Decimal] = {
    date(2025, 2, 28): Decimal("1.0411"),
    date(2025, 3, 31): Decimal("1.0815"),
    date(2025, 4, 1): Decimal("1.0788"),
    date(2025, 7, 1): Decimal("1.1810"),
    date(2025, 9, 30): Decimal("1.1741"),
    date(2025, 10, 1): Decimal("1.1726"),
    date(2025, 12, 31): Decimal("1.1750"),
    date(2026, 3, 31): Decimal("1.1655"),
    date(2026, 4, 1): Decimal("1.1672"),
    date(2026, 7, 1): Decimal("1.1704"),
    date(2026, 10, 1): Decimal("1.1688"),
    date(2026, 10, 30): Decimal("1.1571"),
}


def in_dollars(invoice: Invoice) -> Decimal:
    """The document's amount at the rate of the last business day, rounded to cents (method D11)."""
    if invoice.currency == "USD":
        return invoice.amount
    on = max(day for day in EURO_RATES if day <= invoice.document_on)
    return (invoice.amount * EURO_RATES[on]).quantize(CENT, rounding=ROUND_HALF_EVEN)


def accrued(invoice: Invoice, month: date) -> Decimal:
    """The part that belongs to a month, by days of the service period (method §1.3), exact."""
    start = invoice.service_start or invoice.document_on
    end = invoice.service_end or start
    first, last = max(start, month), min(end, last_day(month))
    days = (last - first).days + 1
    whole = in_dollars(invoice)
    return whole * days / ((end - start).days + 1) if days > 0 else Decimal(0)
