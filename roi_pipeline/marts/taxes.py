"""The register as US tax returns depreciate it: a view of its own, in no total."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from roi_pipeline.domain.macrs import is_mid_quarter, tax_years
from roi_pipeline.errors import ConfigurationError

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
# A purchase, or an improvement, which the law takes for a property of its own.
_PROPERTIES = """
select d.asset_id,
    case d.kind when 'purchase' then a.in_service_on else d.document_on end as placed_on,
    a.macrs_years, case when a.disposed_on <= last_day(r.month) then a.disposed_on end,
    sum(d.amount), last_day(r.month)
from asset_document as d
inner join asset as a using (asset_id)
cross join (select max(month) as month from run_month) as r
where a.macrs_years is not null and d.kind in ('purchase', 'improvement')
    and placed_on <= last_day(r.month)
group by all order by all
"""


def tax_depreciation(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """MACRS deductions by asset and tax year, up to the year of the run (method §1.4).

    Only assets whose `macrs_years` the register states. The convention of a year is decided by all
    of them that it put in service, so a year that has not ended is provisional. A class and
    convention without a published table here has no amount, for the reason `no_table`.
    """
    found = con.execute(_PROPERTIES).fetchall()
    placed: defaultdict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    for _, placed_on, _, _, basis, _ in found:
        placed[placed_on.year].append((placed_on, basis))
    rows: list[dict[str, Any]] = []
    for asset_id, placed_on, years, disposed_on, basis, until in found:
        convention = "half_year"
        if is_mid_quarter(placed[placed_on.year]):
            convention = f"mid_quarter_{(placed_on.month + 2) // 3}"
        same = {
            "asset_id": asset_id,
            "placed_in_service_on": placed_on,
            "recovery_years": years,
            "convention": convention,
            "basis": basis,
        }
        is_open = (until.month, until.day) != (12, 31)
        rows.extend(
            {
                **same,
                "tax_year": year,
                "amount": amount,
                "missing_reason": "no_table" if amount is None else None,
                "is_provisional": is_open and until.year in (year, placed_on.year),
            }
            for year, amount in _deductions(basis, placed_on, years, convention, disposed_on)
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
