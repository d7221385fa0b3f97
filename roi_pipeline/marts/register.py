"""The asset register as monthly charges."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from roi_pipeline.domain.depreciation import Asset, Event, schedule
from roi_pipeline.errors import DataRefused
from roi_pipeline.marts.reading import Read

SCHEMA: dict[str, Any] = {
    "asset_id": pl.String,
    "is_home": pl.Boolean,
    "system_id": pl.String,
    "allocation_key": pl.String,
    "month": pl.Date,
    "kind": pl.String,
    "amount": pl.Decimal(38, 2),
    "book_value": pl.Decimal(38, 2),
}
_HOME = ""  # where the register says; only a transfer changes it
Units = Mapping[date, Decimal]


def depreciation(read: Read) -> pl.DataFrame:
    """What every asset costs in every month of its life (method §1.4), in the reporting currency.

    `is_home` while the asset is where the register says; after a transfer `system_id` or
    `allocation_key` names its owner. `book_value` is what is left when the month ends. Raises
    DataRefused, naming the asset, when it cannot be depreciated, or the currency without a rate.
    """
    _refuse_unrated(read)
    events = _events(read)
    rows: list[dict[str, Any]] = []
    for asset, used in _assets(read):
        charges = schedule(asset, events[asset.asset_id], used)
        closing = {charge.month: charge.book_value for charge in charges}
        for charge in charges:
            system_id, _, key = charge.owner.partition("\n")
            rows.append(
                {
                    "asset_id": charge.asset_id,
                    "is_home": charge.owner == _HOME,
                    "system_id": system_id or None,
                    "allocation_key": key or None,
                    "month": charge.month,
                    "kind": charge.kind,
                    "amount": charge.amount,
                    "book_value": closing[charge.month],
                }
            )
    return pl.DataFrame(rows, schema=SCHEMA)


def _refuse_unrated(read: Read) -> None:
    missing = (
        read("asset_document")
        .filter(pl.col("amount").is_null())
        .group_by("currency")
        .agg(pl.min("document_on", "asset_id"))
        .sort("currency", nulls_last=True)
        .rows()
    )
    if missing:
        raise DataRefused(
            "fx: "
            + "; ".join(
                f"no rate for {money} on or before {day} ({asset_id})"
                for money, day, asset_id in missing
            )
            + ": deliver rates that reach back to these days, none older than 31 days"
        )


def _events(read: Read) -> defaultdict[str, list[Event]]:
    """What happened to each asset; an owner is a system, or a line break and a shared key."""
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for row in read("asset_change").iter_rows(named=True):
        to_key = row["to_allocation_key"]
        to = row["to_system_id"] or (f"\n{to_key}" if to_key else None)
        happened = Event(row["event_on"], row["kind"], row["amount"], row["proceeds"], to)
        found[row["asset_id"]].append(happened)
    return found


def _assets(read: Read) -> Iterator[tuple[Asset, Units]]:
    served: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for month in read("asset_service").sort("asset_id", "month").iter_rows(named=True):
        served[month["asset_id"]].append(month)
    for row in read("asset").sort("asset_id").iter_rows(named=True):
        method = row["method"] or "straight_line"
        asset = Asset(
            asset_id=row["asset_id"],
            owner=_HOME,
            in_service_on=row["in_service_on"],
            cost=row["cost"],
            life_months=row["life_months"],
            salvage=row["salvage_value"],
            method=method,
            proration=row["proration"] or "month",
            disposed_on=row["disposed_on"],
            disposal_proceeds=row["disposal_proceeds"],
            life_units=row["life_units"],
        )
        yield asset, _used(row, served[row["asset_id"]])


def _used(asset: Mapping[str, Any], served: Sequence[Mapping[str, Any]]) -> Units:
    """What the system that has an asset served in each month of the run (method §1.4).

    A shared asset has no log of its own, and a month without the measure is not a month without
    use: both are refused by name.
    """
    unit = asset["usage_unit"]
    for row in served:
        system_id = row["system_id"]
        if system_id is None or row["is_unknown"]:
            why = "a shared key has it" if system_id is None else f"{system_id} logs no {unit}"
            raise DataRefused(
                f"asset {asset['asset_id']}: units_of_production by {unit}, but in "
                f"{row['month']:%Y-%m} {why}: name another method or usage_unit in the register"
            )
    return {row["month"]: row["units"] or Decimal(0) for row in served}
