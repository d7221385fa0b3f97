"""The demo's asset register, invoices and exchange rates, as its bookkeeping exports them."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from roi_pipeline.demo import costs
from roi_pipeline.demo.files import csv_bytes, instant, write
from roi_pipeline.demo.invoices import invoices
from roi_pipeline.demo.plan import MONTHS

CAPEX = (
    *("asset_id", "description", "asset_class", "acquired_on", "in_service_on", "cost", "currency"),
    *("salvage_value", "life_months", "method", "proration", "system_id", "allocation_key"),
    *("cost_class", "category", "disposed_on", "disposal_proceeds", "power_kw", "location"),
)
OPERATING_COSTS = (
    *("entry_id", "document_on", "service_start", "service_end", "amount", "currency", "category"),
    *("system_id", "allocation_key", "vendor", "description", "cost_class", "avoidable"),
    "committed_until",
)
_CLASSES = {"GPU": "accelerator", "NET": "network", "CAM": "camera", "EDG": "edge_device"}


def write_ledgers(folder: Path) -> None:
    """Registers where something was bought or sold, invoices every month, one file of rates."""
    for month in MONTHS:
        _register(folder, month)
        rows = [_invoice(invoice) for invoice in invoices() if _is_in(invoice.document_on, month)]
        _deliver(folder, "operating_costs", f"{month:%Y-%m}", OPERATING_COSTS, rows, month)
    rates = [(on, "USD", rate, "EUR") for on, rate in costs.EURO_RATES.items()]
    _deliver(folder, "fx", "eur", ("on", "currency", "rate", "base"), rates, MONTHS[-1])


def _register(folder: Path, month: date) -> None:
    """What was bought in a month; what was sold is told again with its disposal."""
    rows = [
        _asset(asset, is_sold=asset.disposed_on is not None and _is_in(asset.disposed_on, month))
        for asset in costs.ASSETS
        if _is_in(asset.acquired_on, month)
        or (asset.disposed_on is not None and _is_in(asset.disposed_on, month))
    ]
    if rows:
        _deliver(folder, "capex", f"{month:%Y-%m}", CAPEX, rows, month)


def _asset(asset: costs.Asset, *, is_sold: bool) -> tuple[object, ...]:
    return (
        asset.asset_id,
        asset.description,
        _CLASSES[asset.asset_id[:3]],
        asset.acquired_on,
        asset.in_service_on,
        asset.cost,
        "USD",
        asset.salvage,
        asset.life_months,
        "straight_line",
        "month",
        asset.system_id,
        None,
        "capex",
        "hardware",
        asset.disposed_on if is_sold else None,
        asset.proceeds if is_sold else None,
        asset.power_kw,
        asset.location,
    )


def _invoice(invoice: costs.Invoice) -> tuple[object, ...]:
    return (
        invoice.entry_id,
        invoice.document_on,
        invoice.service_start,
        invoice.service_end,
        invoice.amount,
        invoice.currency,
        invoice.category,
        invoice.system_id,
        None,
        invoice.vendor,
        f"{invoice.category.replace('_', ' ')}, {invoice.system_id}",
        "opex",
        "true" if invoice.is_avoidable else "false",
        invoice.committed_until,
    )


def _deliver(
    folder: Path,
    dataset: str,
    name: str,
    header: Iterable[str],
    rows: Iterable[tuple[object, ...]],
    month: date,
) -> None:
    file = folder / "inbox" / dataset / f"{name}.csv"
    last = costs.last_day(month) + timedelta(days=1)
    write(file, csv_bytes(tuple(header), rows), instant(last, hour=5))


def _is_in(day: date, month: date) -> bool:
    return day.replace(day=1) == month
