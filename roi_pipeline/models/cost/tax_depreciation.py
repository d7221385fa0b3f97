"""What a tax return may deduct for each asset by year (MACRS)."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from roi_pipeline.marts import taxes
from roi_pipeline.models.table import Read, table


@table(
    grain=("asset_id", "tax_year"),
    columns=taxes.SCHEMA,
    reads=("run_month", "tax_property"),
)
def tax_depreciation(read: Read, months: Sequence[date]) -> pl.DataFrame:
    """What a tax return may deduct for each asset by year (MACRS)."""
    return taxes.tax_depreciation(read)
