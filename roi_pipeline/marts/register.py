"""The asset register as monthly charges."""

from collections import defaultdict
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.depreciation import Asset, Event, schedule

SCHEMA: dict[str, Any] = {
    "asset_id": pl.String,
    "system_id": pl.String,
    "month": pl.Date,
    "kind": pl.String,
    "amount": pl.Decimal(38, 2),
    "book_value": pl.Decimal(38, 2),
}


def depreciation(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What every asset costs in every month of its life (method §1.4), in the reporting currency.

    `system_id` is null while the asset is where the register says, and names the system after a
    transfer. Raises DataRefused, naming the asset, when it cannot be depreciated.
    """
    events: dict[str, list[Event]] = defaultdict(list)
    for asset_id, event_on, kind, amount, proceeds, to_system_id in con.execute(
        """
        select asset_id, event_on, kind,
            cast(cast(coalesce(amount, 0) as decimal(38, 9)) * rate as decimal(38, 2)),
            cast(cast(coalesce(proceeds, 0) as decimal(38, 9)) * rate as decimal(38, 2)),
            to_system_id
        from asset_events join asset using (asset_id) order by all
        """
    ).fetchall():
        events[asset_id].append(Event(event_on, kind, amount, proceeds, to_system_id))
    rows: list[dict[str, Any]] = []
    for (
        asset_id,
        in_service_on,
        cost,
        life,
        salvage,
        method,
        proration,
        sold_on,
        proceeds,
    ) in con.execute(
        """
            select asset_id, in_service_on, cost, life_months, salvage_value,
                coalesce(method, 'straight_line'), coalesce(proration, 'month'), disposed_on,
                disposal_proceeds
            from asset order by asset_id
            """
    ).fetchall():
        home = ""  # the register's own system or shared key; only a transfer changes it
        asset = Asset(
            asset_id, home, in_service_on, cost, life, salvage, method, proration, sold_on, proceeds
        )
        rows.extend(
            {
                "asset_id": charge.asset_id,
                "system_id": charge.system_id or None,
                "month": charge.month,
                "kind": charge.kind,
                "amount": charge.amount,
                "book_value": charge.book_value,
            }
            for charge in schedule(asset, events[asset_id])
        )
    return pl.DataFrame(rows, schema=SCHEMA)
