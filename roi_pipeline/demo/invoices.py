"""The invoices and labour charges of the demo company, month by month. Pure parameters."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from roi_pipeline.demo.costs import Invoice, last_day
from roi_pipeline.demo.plan import FRAUD, INSPECTION, INVESTED, LIVE, MONTHS, ROUTING, SUPPORT, age

# USD a month from go-live on: system, category, amount, vendor.
_MONTHLY = (
    (FRAUD, "mlops_labour", 2100, "internal"),
    (INSPECTION, "mlops_labour", 9600, "internal"),
    (INSPECTION, "qa", 4300, "internal"),
    (INSPECTION, "support", 2300, "Linewise"),
    (INSPECTION, "licences", 1200, "Visionworks"),
    (SUPPORT, "licences", 450, "Deskline"),
    (SUPPORT, "qa", 650, "internal"),
    (ROUTING, "mlops_labour", 1200, "internal"),
    (ROUTING, "licences", 400, "Fleetkit"),
)
_COLOCATION_UNTIL = date(2026, 12, 31)


def invoices() -> Iterator[Invoice]:
    """Every invoice and labour charge, by month of document."""
    for month in MONTHS:
        yield from _running(month)
        yield from _cage(month)
        yield from _now_and_then(month)


def _running(month: date) -> Iterator[Invoice]:
    for system_id, category, amount, vendor in _MONTHLY:
        if month >= LIVE[system_id]:
            yield _invoice(system_id, category, last_day(month), Decimal(amount), vendor)


def _cage(month: date) -> Iterator[Invoice]:
    """Colocation is billed ahead and bound by contract; energy follows the load."""
    if month < INVESTED[FRAUD]:
        return
    end, busy = last_day(month), 15 * (month.month % 3)
    yield Invoice(
        entry_id=f"{month:%Y%m}-{FRAUD}-colocation",
        document_on=month,
        amount=Decimal("1250.00"),
        category="colocation",
        system_id=FRAUD,
        service_start=month,
        service_end=end,
        vendor="Cage & Co",
        committed_until=_COLOCATION_UNTIL,
    )
    yield _invoice(FRAUD, "energy", end, Decimal(480 + busy), "Stadtstrom", month)


def _now_and_then(month: date) -> Iterator[Invoice]:
    end = last_day(month)
    if month.month == 1 and month >= LIVE[FRAUD]:
        year = Invoice(
            entry_id=f"{month:%Y%m}-{FRAUD}-licences",
            document_on=date(month.year, 1, 3),
            amount=Decimal("7300.00"),
            category="licences",
            system_id=FRAUD,
            service_start=month,
            service_end=date(month.year, 12, 31),
            vendor="Scorewell",
        )
        yield year
    if month.month % 3 == 0 and month >= LIVE[FRAUD]:
        yield _invoice(FRAUD, "compliance", end, Decimal("900.00"), "Auditwise")
    if month == LIVE[ROUTING] or (month.month % 3 == 1 and month > LIVE[ROUTING]):
        yield _sim_cards(month)
    if month == INVESTED[SUPPORT]:
        yield _integration()
    if age(FRAUD, month) == 9:
        yield _invoice(FRAUD, "retraining", end, Decimal("3400.00"), "internal")


def _integration() -> Invoice:
    """Paid before go-live and gone: stopping the assistant brings none of it back."""
    return Invoice(
        entry_id=f"202503-{SUPPORT}-integration",
        document_on=date(2025, 3, 20),
        amount=Decimal("12000.00"),
        category="integration",
        system_id=SUPPORT,
        vendor="Botsmiths",
        is_avoidable=False,
    )


def _sim_cards(month: date) -> Invoice:
    """Mobile data, in EUR and in advance: a first month, then a quarter at a time."""
    end = last_day(month if month == LIVE[ROUTING] else month.replace(month=month.month + 2))
    months = end.month - month.month + 1
    return Invoice(
        entry_id=f"{month:%Y%m}-{ROUTING}-connectivity",
        document_on=month,
        amount=Decimal("350.00") * months,
        category="connectivity",
        system_id=ROUTING,
        currency="EUR",
        service_start=month,
        service_end=end,
        vendor="Funknetz",
    )


def _invoice(
    system_id: str,
    category: str,
    on: date,
    amount: Decimal,
    vendor: str,
    service_start: date | None = None,
) -> Invoice:
    return Invoice(
        entry_id=f"{on:%Y%m}-{system_id}-{category}",
        document_on=on,
        amount=amount.quantize(Decimal("0.01")),
        category=category,
        system_id=system_id,
        service_start=service_start,
        service_end=on if service_start else None,
        vendor=vendor,
    )
