"""How much of each month is known."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import month_end, months_between
from roi_pipeline.domain.development import maturities
from roi_pipeline.marts.reading import Read, as_of

TOTAL = "portfolio"
MATURITY = {"month": pl.Date, "system_id": pl.String, "maturity": pl.Float64}


def maturity(read: Read) -> pl.DataFrame:
    """The share of its final outcomes that each month of each system has, and of the portfolio.

    1 once the horizon of the month's last day has passed, or when nothing is open any more; before,
    by how earlier months filled up (method §3.2); null while no month of the system is finished.
    """
    cut_off = as_of(read)
    horizons = dict(read("systems").select("system_id", "outcome_horizon_days").iter_rows())
    horizons[TOTAL] = max(horizons.values())
    linked: dict[str, dict[date, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in read("outcome_arrival").iter_rows(named=True):
        age = months_between(row["month"], row["observed_month"])
        for name in (row["system_id"], TOTAL):
            by_age = linked[name][row["month"]]
            by_age[age] = by_age.get(age, 0) + row["outcomes"]
    closed = _with_nothing_open(read)
    rows: list[dict[str, Any]] = []
    for system_id in sorted(linked):
        months = sorted(linked[system_id])
        horizon = horizons.get(system_id, 0)
        shares = maturities(
            [triangle_row(linked[system_id][month], month, cut_off) for month in months]
        )
        final = {
            month
            for month in months
            if (system_id, month) in closed or is_settled(month, horizon, cut_off)
        }
        is_known = months[0] in final  # before, nobody knows how months end
        for month, share in zip(months, shares, strict=True):
            known = 1.0 if month in final else (share if is_known else None)
            rows.append({"month": month, "system_id": system_id, "maturity": known})
    return pl.DataFrame(rows, schema=MATURITY)


def triangle_row(
    by_age: Mapping[int, int] | Mapping[int, Decimal], month: date, as_of: datetime
) -> list[Decimal | None]:
    """What came in by age in months, cumulative, up to the age the cut-off allows."""
    last_known = (as_of - timedelta(microseconds=1)).date()
    age = months_between(month, last_known.replace(day=1))
    total, row = Decimal(0), list[Decimal | None]()
    for k in range(age + 1):
        total += by_age.get(k, 0)
        row.append(total)
    return row


def is_settled(month: date, horizon_days: int, as_of: datetime) -> bool:
    """Whether nothing that may still come can count: the horizon of the last day has passed."""
    return month_end(month) + timedelta(days=horizon_days + 1) <= as_of.date()


def _with_nothing_open(read: Read) -> set[tuple[str, date]]:
    """The months of a system, and of the portfolio, in which every decision's outcome is known."""
    counted = read("evidence_count").select("system_id", "month", "acted", "linked")
    whole = counted.with_columns(system_id=pl.lit(TOTAL))
    known = (
        pl.concat([counted, whole])
        .group_by("system_id", "month")
        .agg(pl.sum("acted", "linked"))
        .filter(pl.col("acted") > 0, pl.col("acted") == pl.col("linked"))
    )
    return set(known.select("system_id", "month").iter_rows())
