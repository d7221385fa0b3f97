"""The asset register as monthly charges."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.depreciation import Asset, Event, schedule
from roi_pipeline.errors import DataRefused

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
READS = ("asset", "asset_document", "asset_period")  # models; with asset_events and usage_cells
_HOME = ""  # where the register says; only a transfer changes it
Units = Mapping[date, Decimal]


def depreciation(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What every asset costs in every month of its life (method §1.4), in the reporting currency.

    `is_home` while the asset is where the register says; after a transfer `system_id` or
    `allocation_key` names its owner. `book_value` is what is left when the month ends. Raises
    DataRefused, naming the asset, when it cannot be depreciated, or the currency without a rate.
    """
    _refuse_unrated(con)
    events = _events(con)
    rows: list[dict[str, Any]] = []
    for asset, used in _assets(con):
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


def _refuse_unrated(con: duckdb.DuckDBPyConnection) -> None:
    missing = con.execute(
        "select currency, min(document_on), min(asset_id) from asset_document "
        "where amount is null group by currency order by currency"
    ).fetchall()
    if missing:
        raise DataRefused(
            "fx: "
            + "; ".join(
                f"no rate for {money} on or before {day} ({asset_id})"
                for money, day, asset_id in missing
            )
            + ": deliver rates that reach back to these days, none older than 31 days"
        )


def _events(con: duckdb.DuckDBPyConnection) -> defaultdict[str, list[Event]]:
    """What happened to each asset; an owner is a system, or a line break and a shared key."""
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for asset_id, event_on, kind, amount, proceeds, to_system_id, to_key in con.execute(
        """
        select e.asset_id, e.event_on, e.kind, coalesce(d.amount, 0), coalesce(p.amount, 0),
            e.to_system_id, e.to_allocation_key
        from asset_events as e
        inner join asset using (asset_id)
        left join asset_document as d
            on d.asset_id = e.asset_id and d.document_on = e.event_on and d.kind = e.kind
        left join asset_document as p
            on p.asset_id = e.asset_id and p.document_on = e.event_on
            and p.kind = 'part_proceeds' and e.kind = 'partial_disposal'
        order by all
        """
    ).fetchall():
        to = to_system_id or (f"\n{to_key}" if to_key else None)
        found[asset_id].append(Event(event_on, kind, amount, proceeds, to))
    return found


def _assets(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Asset, Units]]:
    for (
        asset_id,
        in_service_on,
        cost,
        life,
        salvage,
        method,
        how,
        sold_on,
        proceeds,
        units,
        unit,
    ) in con.execute(
        """
            select asset_id, in_service_on, cost, life_months, salvage_value,
                coalesce(method, 'straight_line'), coalesce(proration, 'month'), disposed_on,
                disposal_proceeds, life_units, usage_unit
            from asset order by asset_id
            """
    ).fetchall():
        asset = Asset(
            *(asset_id, _HOME, in_service_on, cost, life, salvage, method, how, sold_on, proceeds),
            life_units=units,
        )
        yield asset, _used(con, asset, unit) if method == "units_of_production" else {}


def _used(con: duckdb.DuckDBPyConnection, asset: Asset, unit: str) -> Units:
    """What the system that has the asset served in each month of the run (method §1.4).

    A shared asset has no log of its own, and a month without the measure is not a month without
    use: both are refused by name.
    """
    tokens = "input_tokens + output_tokens + coalesce(cached_tokens, 0)"
    measure = {"tokens": tokens}.get(unit, unit)
    found = con.execute(
        f"""
        select m.month, p.system_id, sum({measure}), coalesce(sum(u.predictions), 0),
            bool_or(u.predictions > 0 and {measure} is null)
        from (
            select cast(unnest(generate_series(date_trunc('month', cast($first as date)),
                (select max(month) from run_month), interval 1 month)) as date) as month
        ) as m
        inner join asset_period as p
            on p.asset_id = $asset and m.month + interval 1 month > p.from_on
            and m.month + interval 1 month <= p.to_on
        left join usage_cells as u on u.month = m.month and u.system_id = p.system_id
        group by m.month, p.system_id order by m.month
        """,  # noqa: S608
        {"asset": asset.asset_id, "first": asset.in_service_on},
    ).fetchall()
    for month, system_id, _, predictions, is_unknown in found:
        if system_id is None or (predictions and is_unknown):
            why = "a shared key has it" if system_id is None else f"{system_id} logs no {unit}"
            raise DataRefused(
                f"asset {asset.asset_id}: units_of_production by {unit}, but in {month:%Y-%m} "
                f"{why}: name another method or usage_unit in the register"
            )
    return {month: used or Decimal(0) for month, _, used, *_ in found}
