"""The register as US tax returns depreciate it: a view of its own, in no total."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from roi_pipeline.domain.calendar import month_end
from roi_pipeline.domain.macrs import is_mid_quarter, tax_years
from roi_pipeline.errors import ConfigurationError
from roi_pipeline.marts.reading import Read, last_month

SCHEMA: dict[str, Any] = {
    "asset_id": pl.String,
    "placed_in_service_on": pl.Date,
    "tax_year": pl.Int64,
    "recovery_years": pl.Int64,
    "convention": pl.String,
    "basis": pl.Decimal(38, 2),
    "amount": pl.Decimal(38, 2),
    "missing_reason": pl.String,
    "is_provisional": pl.Boolean,
}


def tax_depreciation(read: Read) -> pl.DataFrame:
    """MACRS deductions by asset and tax year, up to the year of the run (method §1.4).

    Only assets whose `macrs_years` the register states. The convention of a year is decided by all
    of them that it put in service, so a year that has not ended is provisional. A class and
    convention without a published table here has no amount, for the reason `no_table`.
    """
    properties = read("tax_property").rows(named=True)
    if not properties:
        return pl.DataFrame([], schema=SCHEMA)
    until = month_end(last_month(read))
    is_open = (until.month, until.day) != (12, 31)
    placed: defaultdict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in properties:
        placed[row["placed_on"].year].append((row["placed_on"], row["basis"]))
    rows: list[dict[str, Any]] = []
    for row in properties:
        placed_on, years, basis = row["placed_on"], row["macrs_years"], row["basis"]
        convention = "half_year"
        if is_mid_quarter(placed[placed_on.year]):
            convention = f"mid_quarter_{(placed_on.month + 2) // 3}"
        same = {
            "asset_id": row["asset_id"],
            "placed_in_service_on": placed_on,
            "recovery_years": years,
            "convention": convention,
            "basis": basis,
        }
        rows.extend(
            {
                **same,
                "tax_year": year,
                "amount": amount,
                "missing_reason": "no_table" if amount is None else None,
                "is_provisional": is_open and until.year in (year, placed_on.year),
            }
            for year, amount in _deductions(basis, placed_on, years, convention, row["disposed_on"])
            if year <= until.year
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def _deductions(
    basis: Decimal, placed_on: date, years: int, convention: str, disposed_on: date | None
) -> list[tuple[int, Decimal | None]]:
    try:
        return [*tax_years(basis, placed_on, years, convention, disposed_on)]
    except ConfigurationError:
        return [(placed_on.year, None)]
